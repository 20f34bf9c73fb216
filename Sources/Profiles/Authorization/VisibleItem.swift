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

extension AccessDecision {
  /// The item if the caller may see it. What is not visible does not exist: callers treat nil as absent.
  func visible(_ item: StoredItem, of type: StructuredType) -> VisibleItem? {
    sees(item) ? VisibleItem(item, of: type) : nil
  }

  /// Whether the caller may see the item.
  func sees(_ item: StoredItem) -> Bool { sees(item.audience, in: item.key.collection) }

  /// Whether the caller may see an item of a collection with this audience.
  func sees(_ audience: Audience, in collection: String) -> Bool {
    decidingAudiences(in: collection).map { !audience.isDisjoint(with: $0) } ?? true
  }
}

extension VisibleItem {
  /// The item as a value of its type; nil when the stored JSON is damaged.
  public var value: StructuredValue? { StructuredValue(stored: json, of: type) }
}

/// A person, a group, or a row of the audit log, as a caller may see it. Only this file can make one.
public struct VisibleObject: Sendable {
  public let type: StructuredType
  public let id: String
  /// nil for what has no entity tag.
  public let version: Version?
  /// The object as JSON, without annotations.
  public let json: [UInt8]
  /// Where a list goes on after the object.
  let place: String

  /// The object as a value of its type; nil when the stored JSON is damaged.
  public var value: StructuredValue? { StructuredValue(stored: json, of: type) }

  fileprivate init(_ type: StructuredType, id: String, version: Version?, json: [UInt8], place: String? = nil) {
    self.type = type
    self.id = id
    self.version = version
    self.json = json
    self.place = place ?? id
  }
}

extension AccessDecision {
  /// The person as far as the caller's permissions go, or nil when the caller may not know of them.
  func visible(_ user: StoredUser, to caller: Caller) -> VisibleObject? {
    guard seesPerson else { return nil }
    guard !shows(Self.revealing(isOwner: isOwner), to: caller) else { return Self.person(user, user.json) }
    return user.json(restrictedTo: Self.basicMembers).map { Self.person(user, $0) }
  }

  /// The person as a member of a group: what the caller may not read of people is left out, but for the id (as on
  /// Graph).
  func visibleMember(_ user: StoredUser, to caller: Caller) -> VisibleObject? {
    guard seesPerson else { return nil }
    let reading = Self.revealing(isOwner: isOwner) + [.userReadBasicAll]
    guard !shows(reading, to: caller) else { return visible(user, to: caller) }
    // An entity tag would tell of changes to what they may not read.
    return user.json(restrictedTo: ["id"]).map {
      VisibleObject(ProfileModel.user, id: user.id.text, version: nil, json: $0)
    }
  }

  private func shows(_ permissions: [Permission], to caller: Caller) -> Bool {
    permissions.contains(where: caller.permissions.contains)
  }

  private static func person(_ user: StoredUser, _ json: [UInt8]) -> VisibleObject {
    VisibleObject(ProfileModel.user, id: user.id.text, version: user.version, json: json)
  }

  private static func revealing(isOwner: Bool) -> [Permission] {
    isOwner ? [.userRead, .userReadWrite, .userReadAll, .userReadWriteAll] : [.userReadAll, .userReadWriteAll]
  }

  /// What `User.ReadBasic.All` shows.
  private static let basicMembers: Set<String> = [
    "id", "displayName", "givenName", "surname", "mail", "userPrincipalName",
  ]
}

extension VisibleObject {
  /// A group, for callers of its tenant whose permissions were judged; nil for all others.
  init?(_ group: StoredGroup, to caller: Caller) {
    guard group.tenant == caller.tenant, !caller.isPersonalAccount else { return nil }
    self.init(ProfileModel.group, id: group.id.text, version: group.version, json: group.json)
  }

  /// A row of the audit log of a person, for the person and for applications of their tenant; nil for all others.
  init?(_ row: AuditEntry, _ decision: AccessDecision) {
    guard decision.isOwner || decision.isApplicationOfTenant else { return nil }
    // The first row is followed by none, so that its place is never asked for.
    self.init(ProfileModel.change, id: row.id, version: nil, json: row.json, place: String(row.older ?? 0))
  }
}
