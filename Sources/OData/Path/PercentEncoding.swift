/// Percent-encoding (RFC 3986 section 2.1).
public enum PercentEncoding {
  /// Decodes a path segment, once. Nil for a broken escape, for malformed UTF-8, and for a control character, which no
  /// key and no name of the model holds.
  public static func decode(_ raw: some Collection<UInt8>) -> String? {
    decode(raw) { $0 < 0x20 || $0 == 0x7F }
  }

  /// Decodes a part of a query, once. Control characters are allowed: a client may query for what it may store. Nil
  /// for a broken escape, malformed UTF-8 or NUL.
  public static func decodeText(_ raw: some Collection<UInt8>) -> String? { decode(raw) { $0 == 0 } }

  private static func decode(_ raw: some Collection<UInt8>, refusing isRefused: (UInt8) -> Bool) -> String? {
    if let plain = raw.withContiguousStorageIfAvailable(plainText) ?? nil { return plain }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(raw.count)
    var iterator = raw.makeIterator()
    while let byte = iterator.next() {
      if byte == UInt8(ascii: "%") {
        guard let high = iterator.next().flatMap(Hexadecimal.value),
          let low = iterator.next().flatMap(Hexadecimal.value)
        else { return nil }
        bytes.append(high << 4 | low)
      } else {
        bytes.append(byte)
      }
    }
    guard !bytes.contains(where: isRefused) else { return nil }
    let isValid = bytes.withUnsafeBufferPointer { UTF8Validation.isValid($0) }
    return isValid ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// The text of bytes that need no decoding, which is the common case; nil for others.
  private static func plainText(_ raw: UnsafeBufferPointer<UInt8>) -> String? {
    raw.isPrintableASCII(without: UInt8(ascii: "%")) ? String(decoding: raw, as: UTF8.self) : nil
  }

  /// Decodes the value of a query option, once, with a plus sign as a space (the convention of HTML forms, which
  /// clients follow). Nil as for `decodeText`.
  public static func decodeQuery(_ raw: some Collection<UInt8>) -> String? {
    decodeText(raw.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 })
  }

  /// Encodes every byte but the unreserved characters (RFC 3986 section 2.3), so that the result is one path segment.
  public static func encodeSegment(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes.append(UInt8(ascii: "%"))
        bytes.append(Hexadecimal.digit(byte >> 4))
        bytes.append(Hexadecimal.digit(byte & 15))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
