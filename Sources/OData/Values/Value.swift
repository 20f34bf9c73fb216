/// The value of a property, of any type that a model can declare.
public enum Value: Sendable {
  /// Null, or never set.
  case null
  /// Edm.Boolean.
  case bool(Bool)
  /// Edm.Int32 or Edm.Int64.
  case int(Int64)
  /// Edm.Double; finite.
  case double(Double)
  /// Edm.String, byte for byte as it was sent.
  case string(String)
  /// Edm.Date.
  case date(CalendarDate)
  /// Edm.DateTimeOffset.
  case dateTime(DateTimeOffset)
  /// The number of an enumeration member, or the sum of several for flags.
  case enumeration(Int64)
  /// A complex value.
  case complex(StructuredValue)
  /// A collection, in order.
  case collection([Value])

  /// Whether the value is null or was never set.
  public var isNull: Bool {
    if case .null = self { true } else { false }
  }
}

extension Value: Equatable {
  /// Whether two values are equal. Strings are compared byte by byte: what a client sent is kept so, and a change of
  /// the normalization form is a change.
  public static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
    case (.date(let a), .date(let b)): a == b
    case (.dateTime(let a), .dateTime(let b)): a == b
    case (.enumeration(let a), .enumeration(let b)): a == b
    case (.complex(let a), .complex(let b)): a == b
    case (.collection(let a), .collection(let b)): a == b
    case (.null, _), (.bool, _), (.int, _), (.double, _), (.string, _), (.date, _), (.dateTime, _),
      (.enumeration, _), (.complex, _), (.collection, _):
      false
    }
  }
}
