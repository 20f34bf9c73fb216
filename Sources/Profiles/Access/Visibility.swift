public import OData

/// An item that a caller may see. Only this file can make one, and only such an item can be encoded.
public struct VisibleItem: Sendable {
  /// The type of the item.
  public let type: StructuredType
  public let key: ItemKey
  public let version: Version
  /// `createdDateTime`, by which lists are ordered unless another order is asked for.
  public let created: DateTimeOffset
  /// The item as one JSON object, without annotations.
  public let json: [UInt8]
  /// The part of `json` that is an array of one element and may be answered as that element.
  public let collapsible: Range<Int>?

  fileprivate init(_ item: StoredItem, of type: StructuredType) {
    self.type = type
    key = item.key
    version = item.version
    created = item.created
    json = item.json
    collapsible = item.collapsible
  }
}

extension Relation {
  /// The item if the caller may see it. What is not visible does not exist: callers treat nil as absent.
  func visible(_ item: StoredItem, of type: StructuredType) -> VisibleItem? {
    sees(item) ? VisibleItem(item, of: type) : nil
  }

  /// The audiences of which an item must have one to be seen; nil when the caller sees every item.
  var decidingAudiences: Audience? { isOwner || isApplicationOfTenant ? nil : audiences }

  /// Whether the caller may see the item.
  func sees(_ item: StoredItem) -> Bool {
    decidingAudiences.map { !item.audience.isDisjoint(with: $0) } ?? true
  }
}

extension VisibleItem {
  /// The item as a value of its type; nil when the stored JSON is damaged.
  public var value: StructuredValue? { StructuredValue(stored: json, of: type) }
}

/// A person as a caller may see them.
public struct VisibleUser: Sendable {
  public let id: UserID
  public let version: Version
  /// The person as one JSON object, without annotations.
  public let json: [UInt8]

  /// The person as a value of the declared type; nil when the stored JSON is damaged.
  public var value: StructuredValue? { StructuredValue(stored: json, of: ProfileModel.user) }

  fileprivate init(id: UserID, version: Version, json: [UInt8]) {
    self.id = id
    self.version = version
    self.json = json
  }
}

extension Relation {
  /// The person as far as the caller's permissions go, or nil when the caller may not know of them.
  func visible(_ user: StoredUser, to caller: Caller) -> VisibleUser? {
    guard knowsPerson else { return nil }
    let showsAll = caller.permissions.contains { Self.revealing(isOwner: isOwner).contains($0) }
    guard !showsAll else { return VisibleUser(id: user.id, version: user.version, json: user.json) }
    guard let basic = user.json(restrictedTo: Self.basicMembers) else { return nil }
    return VisibleUser(id: user.id, version: user.version, json: basic)
  }

  private static func revealing(isOwner: Bool) -> [Permission] {
    isOwner ? [.userRead, .userReadWrite, .userReadAll, .userReadWriteAll] : [.userReadAll, .userReadWriteAll]
  }

  /// What `User.ReadBasic.All` shows.
  private static let basicMembers: Set<String> = [
    "id", "displayName", "givenName", "surname", "mail", "userPrincipalName",
  ]
}
