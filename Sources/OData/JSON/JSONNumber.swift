/// A number as it is written in JSON (RFC 8259 section 6).
public struct JSONNumber: Equatable, Sendable {
  /// The number as it is written.
  public let text: String
  /// Whether it is written without a fraction and an exponent.
  public let isInteger: Bool

  /// The value; nil when it is not written as an integer, or does not fit 64 bits.
  public var int64: Int64? { isInteger ? Int64(text) : nil }

  /// The nearest double; nil beyond the range of a double.
  public var double: Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }
}
