public import OData

/// A property of people that a store keeps beside the JSON, in the form in which it is compared, to select and sort by
/// it.
public enum UserColumn: String, CaseIterable, Sendable {
  /// The id, unchanged.
  case id
  /// The display name, folded as all texts of the directory that are not ids (`StructuredType.ignoresCase`).
  case displayName
  /// The principal name, folded.
  case userPrincipalName

  /// The column's text for a person, in the form in which it is compared; nil when it is not set.
  public func text(of user: StoredUser) -> String? {
    switch self {
    case .id: user.id.text
    case .displayName: user.displayName?.folded
    case .userPrincipalName: user.principalNameKey
    }
  }

  /// Whether the text is kept folded.
  private var ignoresCase: Bool { self != .id }

  /// The column that an expression reads in the form in which it is kept; nil when there is none. Every caller who may
  /// list people sees these columns.
  init?(_ expression: Expression) {
    var (member, ignoresCase) = (expression, false)
    if case .folded(let inner) = expression { (member, ignoresCase) = (inner, true) }
    guard case .member(.variable(0), let index) = member,
      let column = UserColumn(rawValue: ProfileModel.user.properties[index].name), column.ignoresCase == ignoresCase
    else { return nil }
    self = column
  }
}

/// A condition on columns, with texts in the form in which columns are kept. Texts are compared by their bytes. A
/// column that is not set satisfies no condition except `differs` and `isSet`.
public indirect enum UserCondition: Equatable, Sendable {
  /// How a column's text is compared.
  public enum Comparison: Sendable {
    /// By the order of the bytes.
    case equal, less, lessOrEqual, greater, greaterOrEqual
    /// By a part of the text.
    case startsWith, endsWith, contains
  }

  /// The column's text compares so with this one.
  case compare(UserColumn, Comparison, String)
  /// The column has another text, or none.
  case differs(UserColumn, String)
  /// The column is set, or is not.
  case isSet(UserColumn, Bool)
  /// Every one of the conditions holds.
  case all([UserCondition])
  /// At least one of the conditions holds.
  case some([UserCondition])
}

/// The people that a query selects, and their order, as far as a store's columns tell. The query is evaluated once more
/// on what is selected, so that a store may select too many people, never too few; the order is exact.
public struct UserSelection: Equatable, Sendable {
  /// One column to sort by: by the first `Limits.orderTextBytesMax` bytes of its text, people without a text first.
  public struct Key: Equatable, Sendable {
    /// The column.
    public let column: UserColumn
    /// Whether the order is reversed.
    public let isDescending: Bool

    /// Sorts by a column.
    public init(_ column: UserColumn, isDescending: Bool) {
      self.column = column
      self.isDescending = isDescending
    }
  }

  /// The condition that people must satisfy; nil selects everybody.
  public let condition: UserCondition?
  /// What to sort by. Ties, and everything when there is no key, are sorted by the id.
  public let keys: [Key]

  /// The people who satisfy a condition, sorted.
  public init(condition: UserCondition? = nil, keys: [Key] = []) {
    self.condition = condition
    self.keys = keys
  }

  /// Whether one position comes before another in the order.
  public func precedes(_ left: KeysetPosition, _ right: KeysetPosition) -> Bool {
    KeysetPosition.precedes(left, right, isDescending: keys.map(\.isDescending))
  }

  /// The position of a person in the order.
  public func place(of user: StoredUser) -> KeysetPosition {
    KeysetPosition(
      values: keys.map { OrderValue(text: $0.column.text(of: user)) }, id: Array(user.id.text.utf8))
  }
}

extension UserSelection {
  /// The part of a query that columns can answer. A store does not sort a selective query: its matches are few, and
  /// sorting before evaluating would sort everything again for each piece.
  init(_ query: ListQuery) {
    let keys = (query.isSelective ? [] : query.ordering?.keys ?? []).map { key in
      UserColumn(key.expression).map { Key($0, isDescending: key.isDescending) }
    }
    self.init(
      condition: query.filter.flatMap(UserCondition.init(impliedBy:)),
      keys: keys.contains(where: { $0 == nil }) ? [] : keys.compactMap { $0 })
  }

  /// Whether a store may have to read everybody to find a few. Stores have an index of each folded column, in which
  /// people with one text lie together, and by which all of them can be sorted.
  public var mayReadEverybody: Bool {
    if keys.count > 1 || keys.first?.column == .id { return true }
    switch condition {
    case nil: return false
    // People with one name are read by their ids, however many there are.
    case .compare(_, .equal, _): return false
    case let condition?: return !condition.isNarrow
    }
  }

  /// Whether what is selected comes in the query's order.
  func isInOrder(of query: ListQuery) -> Bool { keys.count == (query.ordering?.keys.count ?? 0) }
}

extension UserCondition {
  /// Whether the condition names the few people for whom it can hold.
  fileprivate var isNarrow: Bool {
    switch self {
    case .compare(.id, .equal, _), .compare(.userPrincipalName, .equal, _): true
    case .compare, .differs, .isSet: false
    case .all(let parts): parts.contains(where: \.isNarrow)
    // Not every store has an index for several names at once.
    case .some(let parts): parts.allSatisfy { if case .compare(.id, .equal, _) = $0 { true } else { false } }
    }
  }
}

extension UserCondition {
  /// A condition that holds wherever the expression does; nil when the columns tell nothing about it.
  init?(impliedBy expression: Expression) { self.init(impliedBy: expression, depth: 0) }

  private init?(impliedBy expression: Expression, depth: Int) {
    guard depth <= Limits.selectionDepthMax else { return nil }
    switch expression {
    case .logical(.and, let operands):
      let known = operands.compactMap { UserCondition(impliedBy: $0, depth: depth + 1) }
      guard !known.isEmpty else { return nil }
      self = known.count == 1 ? known[0] : .all(known)
    case .logical(.or, let operands):
      let known = operands.compactMap { UserCondition(impliedBy: $0, depth: depth + 1) }
      guard known.count == operands.count else { return nil }
      self = .some(known)
    case .comparison(let word, let left, let right): self.init(word, left, right)
    case .contained(let element, in: .list(let candidates)):
      let parts = candidates.compactMap { UserCondition(.eq, element, $0) }
      guard parts.count == candidates.count, !parts.isEmpty else { return nil }
      self = .some(parts)
    case .call(let function, let arguments): self.init(function, arguments)
    default: return nil
    }
  }

  private init?(_ word: BinaryOperator, _ left: Expression, _ right: Expression) {
    if let column = UserColumn(left), case .literal(let value) = right {
      self.init(column, word, value)
    } else if let column = UserColumn(right), case .literal(let value) = left {
      self.init(column, Self.turned(word), value)
    } else {
      return nil
    }
  }

  private init?(_ column: UserColumn, _ word: BinaryOperator, _ value: ExpressionValue) {
    switch (word, value) {
    case (.eq, .null): self = .isSet(column, false)
    case (.ne, .null): self = .isSet(column, true)
    case (.eq, .string(let text)): self = .compare(column, .equal, text)
    case (.ne, .string(let text)): self = .differs(column, text)
    case (.lt, .string(let text)): self = .compare(column, .less, text)
    case (.le, .string(let text)): self = .compare(column, .lessOrEqual, text)
    case (.gt, .string(let text)): self = .compare(column, .greater, text)
    case (.ge, .string(let text)): self = .compare(column, .greaterOrEqual, text)
    default: return nil
    }
  }

  private init?(_ function: ExpressionFunction, _ arguments: [Expression]) {
    guard arguments.count == 2, let column = UserColumn(arguments[0]), case .literal(.string(let text)) = arguments[1]
    else { return nil }
    switch function {
    case .startswith: self = .compare(column, .startsWith, text)
    case .endswith: self = .compare(column, .endsWith, text)
    case .contains: self = .compare(column, .contains, text)
    default: return nil
    }
  }

  /// The operator with its sides exchanged.
  private static func turned(_ word: BinaryOperator) -> BinaryOperator {
    switch word {
    case .lt: .gt
    case .le: .ge
    case .gt: .lt
    case .ge: .le
    default: word
    }
  }
}
