import OData

/// Who writes and when, as it is put into items and into the audit log, and the version of what is written.
struct WriteStamp: Sendable {
  let caller: Caller
  /// The time of the write, by the server's clock.
  let time: DateTimeOffset
  /// The version of the entity after the write. A stamp is used for one write, so that no two writes have the same
  /// version.
  let version: Version

  /// The identity set of the caller: only the member that acted is set, as in published answers.
  func identitySet(ownerName: String?) -> Value {
    let type = Self.identitySetType
    var set = StructuredValue(of: type)
    switch caller.actor {
    case .user(let id):
      set.members[Self.userIndex] = Self.identity(id: id.text, displayName: caller.displayName ?? ownerName)
    case .application:
      set.members[Self.applicationIndex] = Self.identity(
        id: caller.applicationID, displayName: caller.applicationName)
    }
    return .complex(set)
  }

  /// `lastModifiedDateTime` after this write: never before the item was created or last changed, even when the clock
  /// was set back since. Times that clients wrote count like others. The audit log keeps the clock's time.
  func modification(after created: Value, _ modified: Value = .null) -> Value {
    var latest = time
    if case .dateTime(let created) = created { latest = max(latest, created) }
    if case .dateTime(let modified) = modified { latest = max(latest, modified) }
    return .dateTime(latest)
  }

  /// A row of the audit log for an item. Nobody writes across tenants, so the caller's tenant is the person's.
  func change(
    _ kind: Change.Kind, of key: ItemKey, properties: [String], from before: Version?, to after: Version?
  ) -> Change {
    Change(
      time: time, kind: kind, user: key.user, tenant: caller.tenant, collection: key.collection, item: key.id,
      properties: properties,
      versionBefore: before, versionAfter: after, actingUser: caller.userID,
      actingApplication: caller.applicationID)
  }

  /// A row of the audit log for a person, or for one of their collections as a whole; with an item, for one that has no
  /// versions.
  func change(
    _ kind: Change.Kind, of user: UserID, collection: String? = nil, item: ItemID? = nil, properties: [String] = [],
    from before: Version?, to after: Version?
  ) -> Change {
    Change(
      time: time, kind: kind, user: user, tenant: caller.tenant, collection: collection, item: item,
      properties: properties,
      versionBefore: before, versionAfter: after, actingUser: caller.userID,
      actingApplication: caller.applicationID)
  }

  /// A row of the audit log for a membership of a person.
  func membership(_ kind: Change.Kind, of user: UserID, in group: GroupID) -> Change {
    relation(kind, Change.memberships, of: user, group)
  }

  /// A row of the audit log for a person who owns a group.
  func ownership(_ kind: Change.Kind, of user: UserID, in group: GroupID) -> Change {
    relation(kind, Change.ownerships, of: user, group)
  }

  private func relation(_ kind: Change.Kind, _ collection: String, of user: UserID, _ group: GroupID) -> Change {
    Change(
      time: time, kind: kind, user: user, tenant: caller.tenant, collection: collection,
      item: ItemID(group.text), properties: [],
      versionBefore: nil, versionAfter: nil, actingUser: caller.userID, actingApplication: caller.applicationID)
  }

  /// A row of the audit log for the manager of a person.
  func manager(_ kind: Change.Kind, _ manager: UserID, of user: UserID) -> Change {
    Change(
      time: time, kind: kind, user: user, tenant: caller.tenant, collection: Change.managers,
      item: ItemID(manager.text), properties: [],
      versionBefore: nil, versionAfter: nil, actingUser: caller.userID, actingApplication: caller.applicationID)
  }

  private static func identity(id: String?, displayName: String?) -> Value {
    var identity = StructuredValue(of: identityType)
    identity.members[idIndex] = id.map(Value.string) ?? .null
    identity.members[displayNameIndex] = displayName.map(Value.string) ?? .null
    return .complex(identity)
  }

  private static let identitySetType = type("identitySet")
  private static let identityType = type("identity")
  private static let userIndex = index("user", of: identitySetType)
  private static let applicationIndex = index("application", of: identitySetType)
  private static let idIndex = index("id", of: identityType)
  private static let displayNameIndex = index("displayName", of: identityType)

  private static func type(_ name: String) -> StructuredType {
    guard let type = ProfileModel.model.type(named: name) else { preconditionFailure("The model declares no \(name)") }
    return type
  }

  private static func index(_ name: String, of type: StructuredType) -> Int {
    guard let property = type.property(named: name) else {
      preconditionFailure("\(type.name) declares no \(name)")
    }
    return property.index
  }
}
