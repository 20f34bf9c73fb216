/// One value of a property, of any type that a model can declare.
public enum Value: Sendable {
  /// Nothing was set, or null was.
  case null
  case bool(Bool)
  /// Edm.Int32 and Edm.Int64.
  case int(Int64)
  case double(Double)
  case string(String)
  case date(CalendarDate)
  case dateTime(DateTimeOffset)
  /// The number of an enumeration member, or the sum of those of a flags enumeration.
  case enumeration(Int64)
  case complex(StructuredValue)
  case collection([Value])

  /// Whether nothing is set.
  public var isNull: Bool {
    if case .null = self { true } else { false }
  }
}

extension Value: Equatable {
  /// Strings are equal when their bytes are: what a client sent is kept byte for byte, so a change of
  /// normalisation form is a change.
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
