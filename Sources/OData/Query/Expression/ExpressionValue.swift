/// The value of an expression for one entity.
public enum ExpressionValue: Sendable {
  /// Null, or never set.
  case null
  /// Edm.Boolean.
  case bool(Bool)
  /// Any integer type.
  case int(Int64)
  /// Edm.Double or Edm.Decimal.
  case double(Double)
  /// Edm.String or Edm.Guid.
  case string(String)
  /// Edm.Date.
  case date(CalendarDate)
  /// Edm.TimeOfDay.
  case timeOfDay(TimeOfDay)
  /// Edm.DateTimeOffset.
  case dateTime(DateTimeOffset)
  /// Edm.Duration.
  case duration(Duration100ns)
  /// The number of an enumeration member, or the sum of several for flags.
  case enumeration(Int64)
  /// A complex value, or the entity itself.
  case complex(StructuredValue)
  /// A collection, in order.
  case collection([ExpressionValue])

  /// The value of a property.
  init(_ value: Value) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    case .date(let value): self = .date(value)
    case .dateTime(let value): self = .dateTime(value)
    case .enumeration(let value): self = .enumeration(value)
    case .complex(let value): self = .complex(value)
    case .collection(let values): self = .collection(values.map(ExpressionValue.init))
    }
  }

  init(_ literal: ExpressionLiteral) {
    switch literal {
    case .null: self = .null
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value), .guid(let value): self = .string(value)
    case .date(let value): self = .date(value)
    case .timeOfDay(let value): self = .timeOfDay(value)
    case .dateTime(let value, _): self = .dateTime(value)
    case .duration(let value): self = .duration(value)
    case .enumeration(_, let text): self = .string(text)
    }
  }

  /// The size that a function has to look at: bytes of a string, elements of a collection, 1 for anything else.
  var extent: Int {
    switch self {
    case .string(let text): text.utf8.count
    case .collection(let elements): elements.count
    case .null, .bool, .int, .double, .date, .timeOfDay, .dateTime, .duration, .enumeration, .complex: 1
    }
  }

  /// Whether the value is null.
  var isNull: Bool { if case .null = self { true } else { false } }
}

extension ExpressionValue {
  /// Two-valued equality: null equals only null (OData URL Conventions 4.01 section 5.1.1.1.1). Strings are compared
  /// byte by byte.
  func equals(_ other: ExpressionValue) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.collection(let a), .collection(let b)): a.elementsEqual(b) { $0.equals($1) }
    case (.complex(let a), .complex(let b)): a == b
    case (.null, _), (_, .null): false
    case (.bool, _), (.int, _), (.double, _), (.string, _), (.date, _), (.timeOfDay, _), (.dateTime, _), (.duration, _),
      (.enumeration, _), (.complex, _), (.collection, _):
      compare(other).map { $0 == 0 } ?? false
    }
  }

  /// Negative, zero or positive, as this value comes before, with or after the other; nil when the two have no order,
  /// as null, NaN and values of different kinds.
  func compare(_ other: ExpressionValue) -> Int? {
    switch (self, other) {
    case (.bool(let a), .bool(let b)): Self.order(a ? 1 : 0, b ? 1 : 0)
    case (.int(let a), .int(let b)): Self.order(a, b)
    case (.enumeration(let a), .enumeration(let b)): Self.order(a, b)
    case (.double(let a), .double(let b)): a.isNaN || b.isNaN ? nil : Self.order(a, b)
    case (.int(let a), .double(let b)): Self.order(a, b)
    case (.double(let a), .int(let b)): Self.order(b, a).map { -$0 }
    case (.string(let a), .string(let b)): Self.order(a, b)
    case (.date(let a), .date(let b)): Self.order(a, b)
    case (.timeOfDay(let a), .timeOfDay(let b)): Self.order(a, b)
    case (.dateTime(let a), .dateTime(let b)): Self.order(a, b)
    case (.duration(let a), .duration(let b)): Self.order(a, b)
    case (.date(let a), .dateTime(let b)): Self.order(DateTimeOffset(midnightOf: a), b)
    case (.dateTime(let a), .date(let b)): Self.order(a, DateTimeOffset(midnightOf: b))
    case (.null, _), (.bool, _), (.int, _), (.double, _), (.string, _), (.date, _), (.timeOfDay, _), (.dateTime, _),
      (.duration, _), (.enumeration, _), (.complex, _), (.collection, _):
      nil
    }
  }

  private static func order<Key: Comparable>(_ a: Key, _ b: Key) -> Int { a < b ? -1 : a > b ? 1 : 0 }

  /// Compares exactly: rounding a large integer to a double could make two different numbers equal.
  private static func order(_ a: Int64, _ b: Double) -> Int? {
    guard !b.isNaN else { return nil }
    if b >= 0x1p63 { return -1 }
    if b < -0x1p63 { return 1 }
    let whole = Int64(b.rounded(.down))
    return a == whole ? (b > b.rounded(.down) ? -1 : 0) : order(a, whole)
  }

  /// Compares by bytes, which is the order of the code points; Swift's `<` compares normalized forms.
  private static func order(_ a: String, _ b: String) -> Int {
    if a.utf8.lexicographicallyPrecedes(b.utf8) { return -1 }
    return a.hasSameBytes(as: b) ? 0 : 1
  }
}

extension DateTimeOffset {
  /// The first instant of a day, in UTC.
  public init(midnightOf date: CalendarDate) {
    self = DateTimeOffset(ticks: Int64(date.dayNumber) * 86_400 * Self.ticksPerSecond) ?? DateTimeOffset(unixSeconds: 0)
  }

  /// The time of day in UTC.
  var timeOfDay: TimeOfDay { TimeOfDay(ticks: ticks % (86_400 * Self.ticksPerSecond)) }

  /// The day in UTC.
  var date: CalendarDate? { CalendarDate(dayNumber: Int(ticks / (86_400 * Self.ticksPerSecond))) }
}

/// Why an expression has no value for an entity. The request fails.
public enum EvaluationError: Error, Equatable, Sendable {
  /// `div` or `mod` divides an integer by zero (OData URL Conventions 4.01 section 5.1.1.2).
  case divisionByZero
  /// A result is beyond the range of its type.
  case overflow
  /// The length given to `substring` is negative.
  case negativeLength
  /// Evaluation would exceed `Limits.expressionWorkMax` for one entity.
  case tooCostly

  /// The message for the client: what is wrong, and how to remedy it.
  public var message: String {
    switch self {
    case .divisionByZero: "The expression divides an integer by zero. Guard the division, or use divby."
    case .overflow: "The expression computes a value beyond the range of its type. Use smaller numbers."
    case .tooCostly:
      "The expression looks at too much text of one item: more than \(Limits.expressionWorkMax) bytes in all its "
        + "functions. Use fewer functions or shorter patterns."
    case .negativeLength: "The expression asks for a substring of negative length. Use a length of zero or more."
    }
  }
}
