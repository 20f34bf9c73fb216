/// The primitive types that Graph's profile uses, by their qualified names (OData CSDL 4.01 section 3.3).
public enum PrimitiveKind: String, CaseIterable, Sendable {
  /// True or false.
  case boolean = "Edm.Boolean"
  /// A signed 32-bit integer.
  case int32 = "Edm.Int32"
  /// A signed 64-bit integer.
  case int64 = "Edm.Int64"
  /// An IEEE 754 double; written values are finite.
  case double = "Edm.Double"
  /// A sequence of Unicode scalars.
  case string = "Edm.String"
  /// A day without a time zone.
  case date = "Edm.Date"
  /// An instant, exact to 100 ns.
  case dateTimeOffset = "Edm.DateTimeOffset"

  /// The qualified name, such as `Edm.String`.
  public var qualifiedName: String { rawValue }
}
