/// The order of a list (`$orderby`, OData URL Conventions 4.01 section 5.1.5): by these keys, and by the entity's own
/// key where they tie.
public struct Ordering: Sendable {
  /// One sort key.
  public struct Key: Sendable {
    /// The expression whose value is compared.
    public let expression: Expression
    /// Whether the largest value comes first (`desc`).
    public let isDescending: Bool

    /// A sort key, ascending unless said otherwise.
    public init(_ expression: Expression, isDescending: Bool = false) {
      self.expression = expression
      self.isDescending = isDescending
    }
  }

  /// The sort keys, the most significant first.
  public let keys: [Key]

  /// An order by these keys, the most significant first.
  public init(_ keys: [Key]) { self.keys = keys }

  /// The position of an entity in this order. `id` is its key; `now` is the time of the request.
  ///
  /// - Throws: `EvaluationError` when a sort key has no value for this entity.
  public func position(
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

  /// Whether the first sort key alone puts the left position before the right one.
  public func precedesByFirstKey(_ left: KeysetPosition, _ right: KeysetPosition) -> Bool {
    func first(_ position: KeysetPosition) -> KeysetPosition {
      KeysetPosition(values: Array(position.values.prefix(1)), id: [])
    }
    return KeysetPosition.precedes(first(left), first(right), isDescending: keys.prefix(1).map(\.isDescending))
  }

  /// Whether the left position comes before the right one, both of this order.
  public func precedes(_ left: KeysetPosition, _ right: KeysetPosition) -> Bool {
    KeysetPosition.precedes(left, right, isDescending: keys.map(\.isDescending))
  }
}

/// The position of an entity in an order: the values of its sort keys, then its own key. A link to the next page holds
/// one (keyset pagination).
public struct KeysetPosition: Equatable, Sendable {
  /// The values of the sort keys, the most significant first.
  public let values: [OrderValue]
  /// The entity's key, in UTF-8.
  public let id: [UInt8]

  /// Whether the left position comes before the right one. `isDescending` has one entry for each sort key; ties are
  /// broken by the entity's key, ascending.
  public static func precedes(_ left: KeysetPosition, _ right: KeysetPosition, isDescending: [Bool]) -> Bool {
    for (index, descends) in isDescending.enumerated() where index < min(left.values.count, right.values.count) {
      let (a, b) = (left.values[index], right.values[index])
      // Compare with `<` both ways: an integer and a double can tie without being equal as values.
      if a < b { return !descends }
      if b < a { return descends }
    }
    return left.id.lexicographicallyPrecedes(right.id)
  }

  /// The position of the entity with this key and these values of the sort keys.
  public init(values: [OrderValue], id: [UInt8]) {
    self.values = values
    self.id = id
  }
}

/// The value of a sort key. Ascending, null comes first (OData URL Conventions 4.01 section 5.1.5) and false before
/// true. Strings are ordered by their first `Limits.orderTextBytesMax` bytes, so that a position fits into a link to
/// the next page.
public enum OrderValue: Equatable, Comparable, Sendable {
  /// Null, and values that have no order.
  case null
  /// A boolean, an integer, an enumeration member, a day, a time or a duration, as a number.
  case int(Int64)
  /// A double other than NaN.
  case double(Double)
  /// The beginning of a string, in UTF-8.
  case text([UInt8])

  /// The value of a string; nil stands for null.
  public init(text: String?) {
    self = text.map { .text(Array($0.utf8.prefix(Limits.orderTextBytesMax))) } ?? .null
  }

  init(_ value: ExpressionValue) {
    switch value {
    case .null, .complex, .collection: self = .null
    case .bool(let value): self = .int(value ? 1 : 0)
    case .int(let value), .enumeration(let value): self = .int(value)
    // NaN has no order among numbers; it sorts with null.
    case .double(let value): self = value.isNaN ? .null : .double(value)
    case .string(let value): self.init(text: value)
    case .date(let value): self = .int(Int64(value.dayNumber))
    case .timeOfDay(let value): self = .int(value.ticks)
    case .dateTime(let value): self = .int(value.ticks)
    case .duration(let value): self = .int(value.ticks)
    }
  }

  /// Whether the left value comes before the right one, ascending.
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
    // Undeclared members of open types may be of any kind: numbers come before strings.
    case (.int, .text), (.double, .text): true
    case (.text, .int), (.text, .double): false
    }
  }
}

/// One item of `$orderby`, parsed but not checked (OData ABNF `orderbyItem`).
struct OrderSyntax {
  /// The expression whose value is compared.
  let expression: ExpressionSyntax
  /// Whether `desc` follows it.
  let isDescending: Bool
}

extension OptionParser {
  /// Reads the value of `$orderby`.
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
