/// Strings and member names (RFC 8259 section 7).
extension JSONReader {
  /// Reads a string from its opening to its closing quote. Text without escapes is not copied.
  mutating func scanString() throws(JSONError) -> Text {
    offset += 1
    let start = offset
    offset = Self.endOfPlainText(in: bytes, from: offset)
    var isASCII = true
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<offset])
        guard isASCII || UTF8Validation.isValid(slice) else { throw JSONError(.invalidUTF8, at: start) }
        offset += 1
        return Text(bytes: slice, decoded: nil, offset: start)
      }
      if byte == UInt8(ascii: "\\") { return try scanEscapedString(from: start) }
      guard byte >= 0x20 else { throw JSONError(.controlCharacter, at: offset) }
      if byte >= 0x80 { isASCII = false }
      offset += 1
    }
    throw JSONError(.unexpectedEnd, at: offset)
  }

  private mutating func scanEscapedString(from start: Int) throws(JSONError) -> Text {
    var decoded = Array(bytes[start..<offset])
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\"") {
        let isValid = decoded.withUnsafeBufferPointer { UTF8Validation.isValid($0) }
        guard isValid else { throw JSONError(.invalidUTF8, at: start) }
        offset += 1
        let slice = UnsafeBufferPointer(rebasing: bytes[start..<start])
        return Text(bytes: slice, decoded: decoded, offset: start)
      }
      guard byte >= 0x20 else { throw JSONError(.controlCharacter, at: offset) }
      if byte == UInt8(ascii: "\\") {
        try readEscape(into: &decoded)
      } else {
        decoded.append(byte)
        offset += 1
      }
    }
    throw JSONError(.unexpectedEnd, at: offset)
  }

  private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONError) {
    let start = offset
    offset += 1
    guard let escape = current else { throw JSONError(.unexpectedEnd, at: offset) }
    offset += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escape)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"): try readUnicodeEscape(startingAt: start, into: &decoded)
    default: throw JSONError(.invalidEscape, at: start)
    }
  }

  /// Reads `\uXXXX`. A character outside the Basic Multilingual Plane is two of them, a surrogate pair (RFC 8259
  /// section 7).
  private mutating func readUnicodeEscape(startingAt start: Int, into decoded: inout [UInt8]) throws(JSONError) {
    var scalar = try readHexQuad()
    if (0xDC00...0xDFFF).contains(scalar) { throw JSONError(.loneSurrogate, at: start) }
    if (0xD800...0xDBFF).contains(scalar) {
      guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
      else { throw JSONError(.loneSurrogate, at: start) }
      offset += 2
      let low = try readHexQuad()
      guard (0xDC00...0xDFFF).contains(low) else { throw JSONError(.loneSurrogate, at: start) }
      scalar = 0x10000 + ((scalar - 0xD800) << 10) + (low - 0xDC00)
    }
    guard let unicode = Unicode.Scalar(scalar) else { throw JSONError(.invalidEscape, at: start) }
    decoded.append(contentsOf: UTF8.encode(unicode).map { Array($0) } ?? [])
  }

  private mutating func readHexQuad() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current else { throw JSONError(.unexpectedEnd, at: offset) }
      guard let digit = Hexadecimal.value(of: byte) else { throw JSONError(.invalidEscape, at: offset) }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  /// The end of a run of plain text: ASCII without quotes, backslashes and control characters, looked at eight bytes at
  /// a time. It may stop early, but never late.
  private static func endOfPlainText(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let text = UnsafeRawBufferPointer(bytes)
    let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    var offset = start
    while offset + 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
      let slashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
      // Subtraction borrows into the highest bit of a smaller byte, and perhaps into the next byte. So only the lowest
      // hit is exact, but whether there is any hit is certain, and that is all that is needed.
      let controls = word &- ones &* 0x20
      guard (word | (quotes &- ones) | (slashes &- ones) | controls) & highs == 0 else { break }
      offset += 8
    }
    return offset
  }
}
