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
    self.init(value, DirectoryIndex.properties, .all)
  }

  private init(keys: [Key], tokens: [Int32]) {
    self.keys = keys
    self.tokens = tokens
  }

  private init(_ value: StructuredValue, _ properties: [IndexedProperty], _ parts: SearchToken.Parts) {
    keys = properties.compactMap { property in
      property.key(of: value.members[property.index].text).map { Key(property: property.number, bytes: $0) }
    }
    tokens = SearchToken.all(of: value, parts)
  }

  /// What a write takes from what is kept of a person, and what it adds. A write changes few properties, and only the texts
  /// of these are taken apart.
  public static func difference(
    from old: StoredUser, to new: StoredUser
  ) -> (removed: PersonIndexEntry, added: PersonIndexEntry) {
    let (before, after) = changed(old, new) ?? (PersonIndexEntry(of: old), PersonIndexEntry(of: new))
    return (before.without(after), after.without(before))
  }

  /// What is kept of two forms of a person, without most of what is kept of both; nil when the JSON of one is damaged.
  private static func changed(_ old: StoredUser, _ new: StoredUser) -> (PersonIndexEntry, PersonIndexEntry)? {
    guard let before = old.entity, let after = new.entity else { return nil }
    let changed = after.differences(from: before)
    let properties = DirectoryIndex.properties.filter { changed.contains($0.index) }
    let parts = SearchToken.Parts(of: changed.map { ProfileModel.user.properties[$0] })
    let read = properties.map(\.index) + parts.properties
    guard let before = try? before.values(at: read), let after = try? after.values(at: read) else { return nil }
    return (PersonIndexEntry(before, properties, parts), PersonIndexEntry(after, properties, parts))
  }

  private func without(_ other: PersonIndexEntry) -> PersonIndexEntry {
    let known = Set(other.tokens)
    return PersonIndexEntry(
      keys: keys.filter { !other.keys.contains($0) }, tokens: tokens.filter { !known.contains($0) })
  }

  /// Whether nothing is kept.
  public var isEmpty: Bool { keys.isEmpty && tokens.isEmpty }

  private static func value(of user: StoredUser) -> StructuredValue? {
    StructuredValue(stored: user.completeJSON, of: ProfileModel.user)
  }

  /// The key in the index of a property; nil when the index does not hold the person.
  public func key(of property: IndexedProperty) -> [UInt8]? { keys.first { $0.property == property.number }?.bytes }
}

extension Value {
  /// The text; nil for any other value.
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
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
  /// Parts of the tokens of a person that have no token in common.
  struct Parts {
    fileprivate let groups: [SearchGroup]
    /// Whether elements of collections belong to them. All do or none, because two may have the same token.
    fileprivate let hasElements: Bool

    /// Every token.
    static let all = Parts(groups: SearchGroup.allCases, hasElements: true)

    private init(groups: [SearchGroup], hasElements: Bool) {
      self.groups = groups
      self.hasElements = hasElements
    }

    /// The parts that some properties add tokens to.
    init(of properties: [Property]) {
      let found = properties.compactMap { DirectoryIndex.group(of: $0) }
      groups = SearchGroup.allCases.filter(found.contains)
      hasElements = properties.contains(where: \.givesElements)
    }

    /// The indices of the properties that add tokens to them.
    var properties: [Int] {
      ProfileModel.user.properties.filter { property in
        hasElements && property.givesElements || DirectoryIndex.group(of: property).map(groups.contains) ?? false
      }.map(\.index)
    }
  }

  /// The tokens of a person that belong to some parts, ascending.
  static func all(of value: StructuredValue, _ parts: Parts = .all) -> [Int32] {
    var tokens: [Int32] = []
    for property in ProfileModel.user.properties {
      guard !value.members[property.index].isNull, let group = DirectoryIndex.group(of: property) else { continue }
      let (isInGroups, givesElements) = (
        parts.groups.contains(group), parts.hasElements && property.givesElements
      )
      guard isInGroups || givesElements else { continue }
      var texts: [String] = []
      gather(value.members[property.index], property.type, &texts)
      if givesElements { tokens += texts.map { element($0, of: property) } }
      guard isInGroups else { continue }
      let bytes = texts.reduce(0) { $0 + $1.utf8.count }
      if bytes > Limits.searchedTextBytesMax {
        tokens.append(mark(of: group))
      } else {
        for text in texts { append(text, group, to: &tokens) }
      }
    }
    return ascending(tokens)
  }

  /// Tokens in their order, each once.
  private static func ascending(_ tokens: [Int32]) -> [Int32] {
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
