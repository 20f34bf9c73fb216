import Authentication
import OData

/// The parameters of a form or a query (WHATWG URL, application/x-www-form-urlencoded).
struct FormParameters: Sendable {
  private let values: [BytewiseString: String]

  /// The parameters; nil when the text is longer than `Limits.formBytesMax`, has too many parameters, contains a
  /// broken escape or invalid UTF-8, or repeats a parameter, which RFC 6749 section 3.2 forbids.
  init?(_ text: some Collection<UInt8>) {
    guard text.count <= Limits.formBytesMax else { return nil }
    let pairs = text.split(separator: UInt8(ascii: "&"))
    guard pairs.count <= Limits.formParametersMax else { return nil }
    var values: [BytewiseString: String] = [:]
    for pair in pairs {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(parts[0]), let value = parts.count > 1 ? Self.decode(parts[1]) : "" else {
        return nil
      }
      guard values.updateValue(value, forKey: BytewiseString(name)) == nil else { return nil }
    }
    self.values = values
  }

  /// The value of a parameter; an empty one counts as absent (RFC 6749 section 3.2).
  subscript(name: String) -> String? {
    guard let value = values[BytewiseString(name)], !value.isEmpty else { return nil }
    return value
  }

  /// A name or value, decoded; nil for a broken escape or invalid UTF-8.
  static func decode(_ text: some Collection<UInt8>) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text.makeIterator()
    while let byte = rest.next() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = rest.next().flatMap(Hexadecimal.value(of:)),
          let low = rest.next().flatMap(Hexadecimal.value(of:))
        else { return nil }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    guard bytes.withUnsafeBufferPointer({ UTF8Validation.isValid($0) }) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
