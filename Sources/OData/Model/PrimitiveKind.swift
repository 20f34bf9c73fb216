/// The primitive types of OData CSDL 4.01 section 3.3 that Graph's profile uses.
public enum PrimitiveKind: String, CaseIterable, Sendable {
  case boolean = "Edm.Boolean"
  case int32 = "Edm.Int32"
  case int64 = "Edm.Int64"
  case double = "Edm.Double"
  case string = "Edm.String"
  case date = "Edm.Date"
  case dateTimeOffset = "Edm.DateTimeOffset"

  /// The name in metadata, such as `Edm.String`.
  public var qualifiedName: String { rawValue }
}
