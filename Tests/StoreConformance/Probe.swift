import OData
import Profiles

/// People, items and operations that the cases use. Items are flat JSON objects of strings.
enum Probe {
  static let tenant = TenantID.demo
  static let otherTenant = TenantID.personalAccounts

  /// The id `text`.
  static func user(_ text: String) throws(ConformanceFailure) -> UserID { try unwrap(UserID(text), "An id") }

  /// A tenant with which nobody has to do.
  static let stranger = TenantID("strangers") ?? otherTenant

  /// A caller with every permission.
  static func caller(_ id: String, of tenant: TenantID = tenant) throws(ConformanceFailure) -> Caller {
    Caller(actor: .user(try user(id)), tenant: tenant, permissions: Set(Permission.allCases))
  }

  /// The key of a group.
  static func groupID(_ text: String) throws(ConformanceFailure) -> GroupID { try unwrap(GroupID(text), "An id") }

  /// A group.
  static func group(
    _ id: String, name: String = "Team", version: Version = .first, in tenant: TenantID = tenant
  ) throws(ConformanceFailure) -> StoredGroup {
    StoredGroup(
      id: try groupID(id), tenant: tenant, version: version, json: json(["id": id, "displayName": name]))
  }

  /// A row of the log for a membership.
  static func membership(_ kind: Change.Kind, of user: UserID, in group: GroupID) -> Change {
    Change(
      time: time(1), kind: kind, user: user, tenant: .demo, collection: Change.memberships, item: ItemID(group.text),
      properties: [],
      versionBefore: nil, versionAfter: nil, actingUser: nil, actingApplication: "app")
  }

  /// The key of a phone.
  static func key(_ user: UserID, _ id: String, in collection: String = "phones") throws(ConformanceFailure) -> ItemKey
  {
    ItemKey(user: user, collection: collection, id: try unwrap(ItemID(id), "An id"))
  }

  /// A time, in seconds after an arbitrary beginning.
  static func time(_ seconds: Int) -> DateTimeOffset {
    DateTimeOffset(unixSeconds: 1_600_000_000 + Int64(seconds), nanoseconds: 123_456_700)
  }

  /// A person of the declared type.
  static func person(
    _ id: String, principalName: String? = nil, displayName: String? = "Ann Ö", mail: String? = nil,
    jobTitle: String? = nil, businessPhones: [String] = [], in tenant: TenantID = tenant
  ) throws(ConformanceFailure) -> StoredUser {
    var members = ["id": id]
    members["displayName"] = displayName
    members["userPrincipalName"] = principalName
    members["mail"] = mail
    members["jobTitle"] = jobTitle
    return StoredUser(
      id: try user(id), tenant: tenant, principalName: principalName, displayName: displayName, version: .first,
      json: json(members, lists: businessPhones.isEmpty ? [:] : ["businessPhones": businessPhones]))
  }

  /// An item with these members.
  static func item(
    _ key: ItemKey, _ members: [String: String], version: Version = .first, created: DateTimeOffset = time(0),
    audience: Audience = .organization
  ) -> StoredItem {
    StoredItem(
      key: key, version: version, audience: audience, created: created, json: json(members), collapsible: nil)
  }

  /// An item whose JSON has exactly `bytes` bytes.
  static func item(_ key: ItemKey, bytes: Int, version: Version = .first) -> StoredItem {
    item(key, ["a": String(repeating: "x", count: bytes - json(["a": ""]).count)], version: version)
  }

  /// A row of the log.
  static func change(
    _ kind: Change.Kind, of key: ItemKey, from old: Version?, to new: Version?, properties: [String] = []
  ) -> Change {
    Change(
      time: time(1), kind: kind, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
      properties: properties,
      versionBefore: old, versionAfter: new, actingUser: key.user, actingApplication: "app")
  }

  /// A row of the log for a person.
  static func change(_ kind: Change.Kind, of user: StoredUser) -> Change {
    Change(
      time: time(1), kind: kind, user: user.id, tenant: user.tenant, collection: nil, item: nil, properties: [],
      versionBefore: nil,
      versionAfter: user.version, actingUser: nil, actingApplication: nil)
  }

  /// A row of the log of a tenant, about one of its settings.
  static func change(_ kind: Change.Kind, ofTenant setting: String) -> Change {
    Change(
      time: time(1), kind: kind, user: UserID(decisionsOf: tenant), tenant: tenant, collection: setting, item: nil,
      properties: [], versionBefore: nil, versionAfter: nil, actingUser: nil, actingApplication: "app")
  }

  /// The members as one JSON object, in the order of their names, then those that are lists.
  static func json(_ members: [String: String], lists: [String: [String]] = [:]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    // Every stored object begins with its key.
    writer.member("id", members["id"] ?? namelessID)
    for (name, value) in members.sorted(by: { $0.key < $1.key }) where name != "id" {
      writer.name(name)
      writer.string(value)
    }
    for (name, values) in lists.sorted(by: { $0.key < $1.key }) { writer.member(name, values) }
    writer.endObject()
    return writer.bytes
  }

  private static let namelessID = "probe"

  /// The members of an item, without its key.
  static func members(_ item: StoredItem) throws(ConformanceFailure) -> [String: String] {
    let members = item.json.withUnsafeBufferPointer { bytes -> [String: String]? in
      var reader = JSONReader(bytes, dialect: .strict)
      var members: [String: String] = [:]
      do {
        try reader.beginObject()
        while let name = try reader.nextName() { members[name.string] = try reader.readString().string }
        members["id"] = nil
        try reader.finish()
      } catch {
        return nil
      }
      return members
    }
    return try unwrap(members, "The JSON of an item")
  }
}

/// An operation on one item.
struct ProbeOperation: ItemOperation {
  let key: ItemKey
  let decide: @Sendable (ItemState) throws(ProfileError) -> ItemChange

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange { try decide(state) }

  /// Creates the item, which must not exist, of an owner who must.
  static func create(_ item: StoredItem) -> ProbeOperation {
    ProbeOperation(key: item.key) { state throws(ProfileError) in
      guard state.owner != nil else { throw .userNotFound }
      guard state.item == nil else { throw .preconditionFailed }
      return .put(item, Probe.change(.created, of: item.key, from: nil, to: item.version))
    }
  }

  /// Sets members and keeps the others; with `version`, only when the item has that version.
  static func set(_ members: [String: String], of key: ItemKey, ifMatch version: Version? = nil) -> ProbeOperation {
    ProbeOperation(key: key) { state throws(ProfileError) in
      guard let old = state.item else { throw .itemNotFound }
      if let version, version != old.version { throw .preconditionFailed }
      guard let before = try? Probe.members(old) else { throw .store(.damaged("A probe is damaged.")) }
      let after = before.merging(members) { _, new in new }
      guard after != before else { return .unchanged(old) }
      let item = Probe.item(
        key, after, version: old.version.next, created: old.created, audience: old.audience)
      return .put(
        item,
        Probe.change(.updated, of: key, from: old.version, to: item.version, properties: members.keys.sorted()))
    }
  }

  /// Replaces the item.
  static func replace(with item: StoredItem) -> ProbeOperation {
    ProbeOperation(key: item.key) { state throws(ProfileError) in
      guard let old = state.item else { throw .itemNotFound }
      let new = StoredItem(
        key: item.key, version: old.version.next, audience: item.audience, created: item.created, json: item.json,
        collapsible: item.collapsible)
      return .put(new, Probe.change(.updated, of: item.key, from: old.version, to: new.version))
    }
  }

  /// Deletes the item.
  static func remove(_ key: ItemKey) -> ProbeOperation {
    ProbeOperation(key: key) { state throws(ProfileError) in
      guard let old = state.item else { throw .itemNotFound }
      return .remove(Probe.change(.deleted, of: key, from: old.version, to: nil))
    }
  }

  /// Refuses.
  static func refuse(_ key: ItemKey, _ error: ProfileError) -> ProbeOperation {
    ProbeOperation(key: key) { _ throws(ProfileError) in throw error }
  }
}

/// Adds a person unless they exist.
struct AddPerson: PersonOperation {
  let person: StoredUser

  var user: UserID { person.id }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    if let existing = state.person { return .unchanged(existing) }
    return .put(person, Probe.change(.created, of: person))
  }
}

/// Replaces a person.
struct ReplacePerson: PersonOperation {
  let person: StoredUser

  var user: UserID { person.id }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard let old = state.person else { throw .userNotFound }
    let new = StoredUser(
      id: person.id, tenant: person.tenant, principalName: person.principalName, displayName: person.displayName,
      version: old.version.next, json: person.json)
    return .put(
      new,
      Change(
        time: Probe.time(2), kind: .updated, user: user, tenant: person.tenant, collection: nil, item: nil,
        properties: [], versionBefore: old.version, versionAfter: new.version, actingUser: nil, actingApplication: nil))
  }
}

/// Deletes a person, who must exist.
struct RemovePerson: PersonOperation {
  let user: UserID

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard let existing = state.person else { throw .userNotFound }
    return .remove(Probe.change(.deleted, of: existing)) { Probe.change(.deleted, of: $0, from: $1, to: nil) }
  }
}

/// Deletes the items that are for one of the audiences.
struct RemoveItems: PersonOperation {
  let user: UserID
  let audiences: Audience?

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard let existing = state.person else { throw .userNotFound }
    return .removeItems(Probe.change(.deleted, of: existing)) { [audiences] _, audience in
      audiences.map { !audience.isDisjoint(with: $0) } ?? true
    } log: {
      Probe.change(.deleted, of: $0, from: $1, to: nil)
    }
  }
}

extension Version {
  /// Where tests begin to count: operations decide versions, and those of tests count them.
  static let first = Version(number: 1)
  /// The next that tests count.
  var next: Version { Version(number: number + 1) }
}
