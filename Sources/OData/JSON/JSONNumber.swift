/// A number as it stands in a JSON text.
public struct JSONNumber: Equatable, Sendable {
  /// The characters of the number.
  public let text: String
  /// Whether it was written without fraction and exponent.
  public let isInteger: Bool

  /// The value when it was written as an integer and fits 64 bits.
  public var int64: Int64? { isInteger ? Int64(text) : nil }

  /// The nearest double, or nil when the number is beyond the range of a double.
  public var double: Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }
}
