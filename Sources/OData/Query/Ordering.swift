/// In which order entities are wanted (`$orderby`, OData URL Conventions 4.01 section 5.1.5): by these keys, and by the
/// entity's own key where they tie.
public struct Ordering: Sendable {
  /// One thing to order by.
  public struct Key: Sendable {
    public let expression: Expression
    public let isDescending: Bool

    /// Orders by the value of an expression.
    public init(_ expression: Expression, isDescending: Bool = false) {
      self.expression = expression
      self.isDescending = isDescending
    }
  }

  public let keys: [Key]

  /// Orders by these keys, the first one first.
  public init(_ keys: [Key]) { self.keys = keys }

  /// The place of an entity in this order.
  public func place(
    of entity: StructuredValue, id: String, now: DateTimeOffset
  ) throws(EvaluationError) -> KeysetPosition {
    var values: [OrderValue] = []
    values.reserveCapacity(keys.count)
    for key in keys {
      var scope = ExpressionScope(entity, now: now)
      values.append(OrderValue(try key.expression.value(in: &scope)))
    }
    return KeysetPosition(values: values, id: Array(id.utf8))
  }

  /// Whether one place comes before another.
  public func precedes(_ left: KeysetPosition, _ right: KeysetPosition) -> Bool {
    KeysetPosition.precedes(left, right, isDescending: keys.map(\.isDescending))
  }
}

/// Where an entity stands in an order: what it is ordered by, then its key.
public struct KeysetPosition: Equatable, Sendable {
  public let values: [OrderValue]
  /// The key as bytes.
  public let id: [UInt8]

  /// Whether one place comes before another, by values that ascend or descend, then by the key.
  public static func precedes(_ left: KeysetPosition, _ right: KeysetPosition, isDescending: [Bool]) -> Bool {
    for (index, descends) in isDescending.enumerated() where index < min(left.values.count, right.values.count) {
      let (a, b) = (left.values[index], right.values[index])
      // A whole number and a fraction may be the same without being equal as values.
      if a < b { return !descends }
      if b < a { return descends }
    }
    return left.id.lexicographicallyPrecedes(right.id)
  }

  /// The place of the entity `id` among others.
  public init(values: [OrderValue], id: [UInt8]) {
    self.values = values
    self.id = id
  }
}

/// A value that is ordered by. Null comes first ascending, false before true; texts are ordered by their first
/// `Limits.orderTextBytesMax` bytes, so that a place fits into a link to the next page.
public enum OrderValue: Equatable, Comparable, Sendable {
  case null
  /// Truth values, whole numbers, members of enumerations, days, times, and spans of time, all as a number.
  case int(Int64)
  case double(Double)
  case text([UInt8])

  /// The value of a text; nil stands for null.
  public init(text: String?) {
    self = text.map { .text(Array($0.utf8.prefix(Limits.orderTextBytesMax))) } ?? .null
  }

  init(_ value: ExpressionValue) {
    switch value {
    case .null, .complex, .collection: self = .null
    case .bool(let value): self = .int(value ? 1 : 0)
    case .int(let value), .enumeration(let value): self = .int(value)
    // Not a number has no place among numbers; it stands with null.
    case .double(let value): self = value.isNaN ? .null : .double(value)
    case .string(let value): self.init(text: value)
    case .date(let value): self = .int(Int64(value.dayNumber))
    case .timeOfDay(let value): self = .int(value.ticks)
    case .dateTime(let value): self = .int(value.ticks)
    case .duration(let value): self = .int(value.ticks)
    }
  }

  /// Whether the left one comes first.
  public static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.null, .null): false
    case (.null, _): true
    case (_, .null): false
    case (.int(let a), .int(let b)): a < b
    case (.double(let a), .double(let b)): a < b
    case (.int(let a), .double(let b)): ExpressionValue.int(a).compare(.double(b)).map { $0 < 0 } ?? false
    case (.double(let a), .int(let b)): ExpressionValue.double(a).compare(.int(b)).map { $0 < 0 } ?? false
    case (.text(let a), .text(let b)): a.lexicographicallyPrecedes(b)
    // Members of open types may be of any kind.
    case (.int, .text), (.double, .text): true
    case (.text, .int), (.text, .double): false
    }
  }
}

/// One item of an `$orderby` as it is written.
struct OrderSyntax {
  let expression: ExpressionSyntax
  let isDescending: Bool
}

extension OptionParser {
  /// The value of `$orderby`.
  mutating func ordering() throws(QueryError) -> [OrderSyntax] {
    var keys: [OrderSyntax] = []
    repeat {
      skipBlanks()
      guard keys.count < Limits.orderKeysMax else { throw failure("has more than \(Limits.orderKeysMax) keys") }
      let expression = try expression()
      let beforeBlanks = position
      var isDescending = false
      if skipBlanks() {
        if isAt("desc") {
          position += 4
          isDescending = true
        } else if isAt("asc") {
          position += 3
        } else {
          position = beforeBlanks
        }
      }
      keys.append(OrderSyntax(expression: expression, isDescending: isDescending))
      skipBlanks()
    } while skip(UInt8(ascii: ","))
    return keys
  }
}
