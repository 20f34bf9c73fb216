import OData

/// What a store keeps of a person to find and to sort them.
public struct PersonIndexEntry: Equatable, Sendable {
  /// A key of the person in the index of a property.
  public struct Key: Hashable, Sendable {
    /// The number of the property (`IndexedProperty.number`).
    public let property: Int
    /// The bytes by which the index is sorted.
    public let bytes: [UInt8]

    /// A key in the index of a property.
    public init(property: Int, bytes: [UInt8]) {
      self.property = property
      self.bytes = bytes
    }
  }

  /// The keys, by the numbers of their properties.
  public let keys: [Key]
  /// What the person is searched by (`SearchToken`), ascending.
  public let tokens: [Int32]

  /// What is kept of a person. One whose JSON is damaged is found by nothing.
  public init(of user: StoredUser) {
    guard let value = Self.value(of: user) else {
      self.init(keys: [], tokens: [])
      return
    }
    self.init(value)
  }

  private init(keys: [Key], tokens: [Int32]) {
    self.keys = keys
    self.tokens = tokens
  }

  private init(_ value: StructuredValue) {
    keys = DirectoryIndex.properties.compactMap { $0.key(in: value.members[$0.index]) }
    tokens = SearchToken.all(of: value)
  }

  /// What a write takes from what is kept of a person, and what it adds. A write changes few properties: only these are
  /// compared, and of the others those alone that may have the same tokens.
  public static func difference(
    from old: StoredUser, to new: StoredUser
  ) -> (removed: PersonIndexEntry, added: PersonIndexEntry) {
    guard let before = old.entity, let after = new.entity,
      let difference = try? Self.difference(from: before, to: after)
    else {
      let (before, after) = (PersonIndexEntry(of: old), PersonIndexEntry(of: new))
      return (before.without(after), after.without(before))
    }
    return difference
  }

  /// Throws `BodyError` when a member that is compared is damaged.
  private static func difference(
    from old: EntityEditor, to new: EntityEditor
  ) throws(BodyError) -> (removed: PersonIndexEntry, added: PersonIndexEntry) {
    let changed = new.differences(from: old).map { ProfileModel.user.properties[$0] }
    let (before, after) = (try PersonIndexEntry(old, changed), try PersonIndexEntry(new, changed))
    let (removed, added) = (before.without(after), after.without(before))
    guard !removed.tokens.isEmpty || !added.tokens.isEmpty else { return (removed, added) }
    var kept: [Int32] = []
    for property in SearchToken.properties(with: changed) where new.holds(property) {
      if changed.contains(where: { $0 === property }) { continue }
      SearchToken.append(of: try new.value(of: property), property, to: &kept)
    }
    kept = SearchToken.ascending(kept)
    return (removed.without(kept), added.without(kept))
  }

  /// What is kept of some properties. Throws `BodyError` when a member is damaged.
  private init(_ entity: EntityEditor, _ properties: [Property]) throws(BodyError) {
    var (keys, tokens): ([Key], [Int32]) = ([], [])
    for property in properties {
      let value = try entity.value(of: property)
      if let key = DirectoryIndex.property(at: property.index)?.key(in: value) { keys.append(key) }
      SearchToken.append(of: value, property, to: &tokens)
    }
    self.init(keys: keys, tokens: SearchToken.ascending(tokens))
  }

  private func without(_ other: PersonIndexEntry) -> PersonIndexEntry {
    PersonIndexEntry(keys: keys.filter { !other.keys.contains($0) }, tokens: tokens).without(other.tokens)
  }

  /// What is left without some tokens, which ascend.
  private func without(_ others: [Int32]) -> PersonIndexEntry {
    var next = 0
    return PersonIndexEntry(
      keys: keys,
      tokens: tokens.filter { token in
        while next < others.count, others[next] < token { next += 1 }
        return next == others.count || others[next] != token
      })
  }

  /// Whether nothing is kept.
  public var isEmpty: Bool { keys.isEmpty && tokens.isEmpty }

  private static func value(of user: StoredUser) -> StructuredValue? {
    StructuredValue(stored: user.completeJSON, of: ProfileModel.user)
  }

  /// The key in the index of a property; nil when the index does not hold the person.
  public func key(of property: IndexedProperty) -> [UInt8]? { keys.first { $0.property == property.number }?.bytes }
}

extension IndexedProperty {
  /// What the index of the property holds of somebody with a value; nil when that is nothing.
  fileprivate func key(in value: Value) -> PersonIndexEntry.Key? {
    let text: String? = if case .string(let text) = value { text } else { nil }
    return key(of: text).map { PersonIndexEntry.Key(property: number, bytes: $0) }
  }
}

extension Property {
  /// Whether people are found by each element.
  fileprivate var givesElements: Bool { isCollection && isText }
}

/// What the texts of people are searched by, as numbers of 31 bits: three bytes of a folded text with the group of its
/// property (`SearchGroup`), or a whole element of a collection.
///
/// Whoever has a text that contains another has all tokens of the other one. The reverse need not hold, so that the people
/// who were found are evaluated once more.
enum SearchToken {
  /// The tokens of a person, ascending.
  static func all(of value: StructuredValue) -> [Int32] {
    var tokens: [Int32] = []
    for property in ProfileModel.user.properties { append(of: value.members[property.index], property, to: &tokens) }
    return ascending(tokens)
  }

  /// Appends the tokens that a person has by the value of one property.
  static func append(of value: Value, _ property: Property, to tokens: inout [Int32]) {
    guard !value.isNull, let group = DirectoryIndex.group(of: property) else { return }
    var texts: [String] = []
    gather(value, property.type, &texts)
    if property.givesElements { tokens += texts.map { element($0, of: property) } }
    guard texts.reduce(0, { $0 + $1.utf8.count }) <= Limits.searchedTextBytesMax else {
      return tokens.append(mark(of: group))
    }
    for text in texts { append(text, group, to: &tokens) }
  }

  /// The properties that may have the same tokens as some, with these: all of their groups, and all collections of texts
  /// if one of them is such a collection.
  static func properties(with properties: [Property]) -> [Property] {
    let groups = Set(properties.compactMap { DirectoryIndex.group(of: $0) })
    let elements = properties.contains(where: \.givesElements) ? elements : []
    return groups.flatMap(DirectoryIndex.members) + elements
  }

  /// The properties by whose elements people are found.
  private static let elements = ProfileModel.user.properties.filter { property in
    property.givesElements && DirectoryIndex.group(of: property) != nil
  }

  /// Tokens in their order, each once.
  static func ascending(_ tokens: [Int32]) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(tokens.count)
    for token in tokens.sorted() where token != result.last { result.append(token) }
    return result
  }

  /// The folded texts of a value, with those of the values within it.
  private static func gather(_ value: Value, _ type: Property.ValueType, _ texts: inout [String]) {
    switch value {
    case .string(let text): texts.append(text.folded)
    case .enumeration(let number):
      if case .enumeration(let enumeration) = type { texts.append(enumeration.text(of: number).folded) }
    case .complex(let inner):
      guard case .complex(let complex) = type else { return }
      for property in complex.properties { gather(inner.members[property.index], property.type, &texts) }
    case .collection(let elements): for element in elements { gather(element, type, &texts) }
    case .null, .bool, .int, .double, .date, .dateTime: break
    }
  }

  // MARK: Parts of texts

  private static func append(_ folded: String, _ group: SearchGroup, to tokens: inout [Int32]) {
    var window: Int32 = 0
    for (index, byte) in folded.utf8.enumerated() {
      window = (window << 8 | Int32(byte)) & 0xFF_FFFF
      if index >= 2 { tokens.append(group.rawValue << 24 | window) }
    }
  }

  /// Stands for everything in a group of which a person has more text than is searched.
  private static func mark(of group: SearchGroup) -> Int32 { group.rawValue << 24 }

  /// The people of whom a text in a group contains a folded text; nil when the text is too short to be searched for.
  static func containing(_ folded: String, in group: SearchGroup) -> UserCondition? {
    var tokens: [Int32] = []
    append(folded, group, to: &tokens)
    guard !tokens.isEmpty else { return nil }
    var wanted: [Int32] = []
    for token in tokens where !wanted.contains(token) && wanted.count < Limits.searchedTokensMax {
      wanted.append(token)
    }
    return .some([.tokens(wanted), .tokens([mark(of: group)])])
  }

  // MARK: Elements of collections

  private static let elementTag: Int32 = 0x7F

  /// Stands for one element of a collection of texts: a hash, the same on every machine (FNV-1a).
  static func element(_ folded: String, of property: Property) -> Int32 {
    var hash: UInt32 = 2_166_136_261
    func add(_ byte: UInt8) { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    for byte in property.name.utf8 { add(byte) }
    add(0)
    for byte in folded.utf8 { add(byte) }
    return elementTag << 24 | Int32((hash ^ hash >> 24) & 0xFF_FFFF)
  }
}
