public import OData

/// A range of keys in the index of a property.
public struct KeyRange: Equatable, Sendable {
  /// The first key.
  public let lower: [UInt8]
  /// The key behind the last one; nil when the range has no end.
  public let upper: [UInt8]?

  /// The keys from `lower` on, and before `upper`.
  public init(from lower: [UInt8], to upper: [UInt8]?) {
    self.lower = lower
    self.upper = upper
  }

  /// One key alone.
  public init(only key: [UInt8]) { self.init(from: key, to: key + [0]) }

  /// The one key that the range holds; nil when it may hold several.
  public var onlyKey: [UInt8]? { upper == lower + [0] ? lower : nil }

  /// Whether the range holds a key.
  public func contains(_ key: [UInt8]) -> Bool {
    !key.lexicographicallyPrecedes(lower) && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
  }
}

/// A condition that indexes of people can answer. It holds at least wherever the query does.
public indirect enum UserCondition: Equatable, Sendable {
  /// The person has this id.
  case id(String)
  /// The person's key in the index of a property lies in a range.
  case key(IndexedProperty, KeyRange)
  /// The person has each of these tokens (`PersonIndexEntry.tokens`).
  case tokens([Int32])
  /// Every one of the conditions holds.
  case all([UserCondition])
  /// At least one of the conditions holds.
  case some([UserCondition])

  /// Whether the condition holds for the person of whom a store keeps an entry.
  public func holds(for user: StoredUser, _ entry: PersonIndexEntry) -> Bool {
    switch self {
    case .id(let id): user.id.text.hasSameBytes(as: id)
    case .key(let property, let range): entry.key(of: property).map(range.contains) ?? false
    case .tokens(let wanted): wanted.allSatisfy(entry.tokens.contains)
    case .all(let parts): parts.allSatisfy { $0.holds(for: user, entry) }
    case .some(let parts): parts.contains { $0.holds(for: user, entry) }
    }
  }

  /// Whether the condition names the few people for whom it can hold.
  fileprivate var isNarrow: Bool {
    switch self {
    case .id: true
    case .key(_, let range): range.onlyKey != nil
    case .tokens: false
    case .all(let parts): parts.contains(where: \.isNarrow)
    case .some(let parts): parts.allSatisfy(\.isNarrow)
    }
  }
}

/// The people that a query selects, and their order, as far as indexes tell. The query is evaluated once more on what is
/// selected, so that a store may select too many people, never too few; the order is exact.
public struct UserSelection: Equatable, Sendable {
  /// What to sort by: the key in the index of a property, people without a text first.
  public struct Key: Equatable, Sendable {
    /// The property; one by which people are sorted (`IndexedProperty.isSorted`).
    public let property: IndexedProperty
    /// Whether the order is reversed.
    public let isDescending: Bool

    /// Sorts by a property.
    public init(_ property: IndexedProperty, isDescending: Bool) {
      self.property = property
      self.isDescending = isDescending
    }
  }

  /// The condition that people must satisfy; nil selects everybody.
  public let condition: UserCondition?
  /// What to sort by; nil for the id, by which ties are sorted too.
  public let key: Key?

  /// The people who satisfy a condition, sorted.
  public init(condition: UserCondition? = nil, key: Key? = nil) {
    self.condition = condition
    self.key = key
  }

  /// Whether one position comes before another in the order.
  public func precedes(_ left: KeysetPosition, _ right: KeysetPosition) -> Bool {
    KeysetPosition.precedes(left, right, isDescending: key.map { [$0.isDescending] } ?? [])
  }

  /// The position of a person in the order.
  public func place(of user: StoredUser) -> KeysetPosition {
    let sorted = key.map { IndexedProperty.orderValue(of: PersonIndexEntry(of: user).key(of: $0.property) ?? []) }
    return KeysetPosition(values: sorted.map { [$0] } ?? [], id: Array(user.id.text.utf8))
  }

  /// Whether a few rows of an index answer, so that nobody waits for others.
  public var isNarrow: Bool {
    guard key == nil else { return false }
    switch condition {
    case .id: return true
    case .key(_, let range): return range.onlyKey != nil
    case .tokens, .all, .some, nil: return false
    }
  }

  /// Whether a store may have to look at many people to find a few.
  var isHeavy: Bool { condition.map { !$0.isNarrow } ?? false }
}

extension UserSelection {
  /// The part of a query that indexes can answer, by a caller from whom the tenant's policy withholds nothing.
  public init(_ query: ListQuery, for caller: Caller) { self.init(query, for: caller, withholding: .none) }

  /// The part of a query by a caller that indexes can answer. Properties that the caller does not see of everybody are left
  /// to the evaluation, so that neither order nor time depends on them.
  init(_ query: ListQuery, for caller: Caller, withholding withheld: WithheldProperties) {
    let view = IndexView(caller, withheld)
    let parts = [
      query.filter.flatMap { view.condition(impliedBy: $0) }, query.search.flatMap { view.condition(matching: $0) },
    ].compactMap(\.self)
    let condition = parts.count > 1 ? .all(parts) : parts.first
    guard let sorted = query.ordering?.keys.first, let property = view.indexed(sorted.expression), property.isSorted
    else {
      self.init(condition: condition)
      return
    }
    self.init(condition: condition, key: Key(property, isDescending: sorted.isDescending))
  }

  /// Whether what is selected comes in the query's order; otherwise by the first of several sort keys, or by id.
  func isInOrder(of query: ListQuery) -> Bool { (key == nil ? 0 : 1) == (query.ordering?.keys.count ?? 0) }

  /// Where a list begins: behind the last entity of the page before or, where only the first of several sort keys orders what
  /// is selected, with the first of those that have its value.
  func start(of query: ListQuery) -> KeysetPosition? {
    guard !isInOrder(of: query) else { return query.after }
    guard key != nil, let first = query.after?.values.first else { return nil }
    return KeysetPosition(values: [first], id: [])
  }
}

/// What a caller may ask of the indexes of people.
private struct IndexView {
  /// The properties that the caller does not see of everybody in the tenant, by their indices.
  private let hidden: Set<Int>
  /// The caller, of whom they see more.
  private let own: String?

  init(_ caller: Caller, _ withheld: WithheldProperties) {
    hidden = AccessDecision.hidden(from: caller, withheld)
    own = hidden.isEmpty ? nil : caller.userID?.text
  }

  private func sees(_ property: Property) -> Bool { !hidden.contains(property.index) }

  /// The property that an expression reads in the form in which it is compared.
  private func property(_ expression: Expression) -> Property? {
    var (member, isFolded) = (expression, false)
    if case .folded(let inner) = expression { (member, isFolded) = (inner, true) }
    guard case .member(.variable(0), let index) = member else { return nil }
    let property = ProfileModel.user.properties[index]
    let isCompared = property.isText && !property.isCollection && isFolded != property.traits.contains(.key)
    return isCompared && sees(property) ? property : nil
  }

  /// The indexed property that an expression reads; nil when there is none, or the caller does not see it of everybody.
  func indexed(_ expression: Expression) -> IndexedProperty? {
    property(expression).flatMap { DirectoryIndex.property(named: $0.name) }
  }

  // MARK: Filters

  /// A condition that holds wherever the expression does; nil when indexes tell nothing about it.
  func condition(impliedBy expression: Expression) -> UserCondition? { condition(expression, depth: 0) }

  private func condition(_ expression: Expression, depth: Int) -> UserCondition? {
    guard depth <= Limits.selectionDepthMax else { return nil }
    switch expression {
    case .logical(.and, let operands):
      return Self.all(operands.prefix(Limits.selectionPartsMax).map { condition($0, depth: depth + 1) })
    case .logical(.or, let operands): return Self.some(operands.map { condition($0, depth: depth + 1) })
    case .comparison(let word, let left, let right): return comparison(word, left, right)
    case .contained(let element, in: .list(let candidates)):
      return Self.some(candidates.map { comparison(.eq, element, $0) })
    case .contained(.literal(.string(let text)), in: .folded(let collection)):
      return collectionOfTexts(collection).map { .tokens([SearchToken.element(text, of: $0)]) }
    case .call(let function, let arguments):
      guard arguments.count == 2, let property = property(arguments[0]) else { return nil }
      return call(function, property, arguments[1])
    case .lambda(.any, let collection, let body?): return element(of: collection, body)
    default: return nil
    }
  }

  private static func all(_ parts: [UserCondition?]) -> UserCondition? {
    let known = parts.compactMap(\.self)
    return known.count > 1 ? .all(known) : known.first
  }

  private static func some(_ parts: [UserCondition?]) -> UserCondition? {
    let known = parts.compactMap(\.self)
    guard known.count == parts.count, !known.isEmpty, known.count <= Limits.selectionPartsMax else { return nil }
    return known.count > 1 ? .some(known) : known.first
  }

  private func comparison(_ word: BinaryOperator, _ left: Expression, _ right: Expression) -> UserCondition? {
    if let property = property(left), case .literal(.string(let text)) = right {
      return compare(property, word, text)
    }
    if let property = property(right), case .literal(.string(let text)) = left {
      return compare(property, word.exchanged, text)
    }
    return nil
  }

  private func compare(_ property: Property, _ word: BinaryOperator, _ text: String) -> UserCondition? {
    if property.traits.contains(.key) { return word == .eq ? .id(text) : nil }
    let key = IndexedProperty.key(ofFolded: text)
    guard let indexed = DirectoryIndex.property(named: property.name) else {
      return word == .eq ? containing(text, in: property) : nil
    }
    // A key holds the beginning of a text alone, so that a range includes the key at its bound.
    return switch word {
    case .eq: .key(indexed, KeyRange(only: key))
    case .gt, .ge: .key(indexed, KeyRange(from: key, to: nil))
    case .lt, .le: .key(indexed, KeyRange(from: IndexedProperty.key(ofFolded: ""), to: key + [0]))
    default: nil
    }
  }

  private func call(_ function: ExpressionFunction, _ property: Property, _ argument: Expression) -> UserCondition? {
    guard !property.traits.contains(.key), case .literal(.string(let text)) = argument else { return nil }
    switch function {
    case .startswith:
      guard let indexed = DirectoryIndex.property(named: property.name) else { return containing(text, in: property) }
      return Self.prefix(text, of: indexed)
    case .endswith, .contains: return containing(text, in: property)
    default: return nil
    }
  }

  private static func prefix(_ text: String, of property: IndexedProperty) -> UserCondition? {
    guard let last = text.utf8.last else { return nil }
    let key = IndexedProperty.key(ofFolded: text)
    // No byte of UTF-8 is the greatest one.
    guard text.utf8.count <= Limits.orderTextBytesMax else { return .key(property, KeyRange(only: key)) }
    return .key(property, KeyRange(from: key, to: key.dropLast() + [last + 1]))
  }

  private func containing(_ text: String, in property: Property) -> UserCondition? {
    guard let group = DirectoryIndex.group(of: property), seesAll(of: group) else { return nil }
    return SearchToken.containing(text, in: group)
  }

  private func collectionOfTexts(_ expression: Expression) -> Property? {
    guard case .member(.variable(0), let index) = expression else { return nil }
    let property = ProfileModel.user.properties[index]
    return property.isCollection && property.isText && sees(property) ? property : nil
  }

  /// `any` of a collection of texts, whose body compares the element with a literal.
  private func element(of collection: Expression, _ body: Expression) -> UserCondition? {
    guard let property = collectionOfTexts(collection) else { return nil }
    switch body {
    case .comparison(.eq, .folded(.variable(1)), .literal(.string(let text))),
      .comparison(.eq, .literal(.string(let text)), .folded(.variable(1))):
      return .tokens([SearchToken.element(text, of: property)])
    case .call(.startswith, let arguments), .call(.endswith, let arguments), .call(.contains, let arguments):
      guard arguments.count == 2, case .folded(.variable(1)) = arguments[0],
        case .literal(.string(let text)) = arguments[1]
      else { return nil }
      return containing(text, in: property)
    default: return nil
    }
  }

  // MARK: Searches

  /// A condition that holds wherever the search does; nil when indexes tell nothing about it.
  func condition(matching search: SearchExpression, depth: Int = 0) -> UserCondition? {
    guard depth <= Limits.selectionDepthMax else { return nil }
    switch search {
    case .term(let term, let name?):
      guard let property = ProfileModel.user.property(named: name), sees(property) else { return nil }
      return withOwn(containing(term, in: property))
    case .term(let term, nil): return anywhere(term)
    case .not: return nil
    case .all(let parts):
      return Self.all(parts.prefix(Limits.selectionPartsMax).map { condition(matching: $0, depth: depth + 1) })
    case .some(let parts): return Self.some(parts.map { condition(matching: $0, depth: depth + 1) })
    }
  }

  /// The people of whom a text that the caller sees contains a term.
  private func anywhere(_ term: String) -> UserCondition? {
    var parts: [UserCondition?] = []
    for group in SearchGroup.allCases {
      let members = DirectoryIndex.members(of: group)
      if members.allSatisfy(sees) {
        if !members.isEmpty { parts.append(SearchToken.containing(term, in: group)) }
      } else if members.contains(where: sees) {
        return nil
      }
    }
    return withOwn(Self.some(parts))
  }

  private func withOwn(_ condition: UserCondition?) -> UserCondition? {
    guard let condition, let own else { return condition }
    return .some([condition, .id(own)])
  }

  private func seesAll(of group: SearchGroup) -> Bool { DirectoryIndex.members(of: group).allSatisfy(sees) }
}
