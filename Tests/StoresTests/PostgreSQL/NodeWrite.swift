import OData
import Profiles

@testable import Stores

/// Gives a phone another number, and leaves its name in the audit log.
struct NodeWrite: ItemOperation {
  let key: ItemKey
  let name: String
  var authorization = AuthorizationContext.everything

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let old = state.item else { throw .itemNotFound }
    let json = String(decoding: old.json, as: UTF8.self).replacing(/"number":"[^"]*"/, with: #""number":"\#(name)""#)
    let new = StoredItem(
      key: key, version: old.version.next, audience: old.audience, created: old.created, json: Array(json.utf8),
      collapsible: nil)
    return .put(
      new,
      nodeChange(
        .updated, key.user, key.collection, key.id, properties: [name], before: old.version, after: new.version))
  }
}

/// Creates a person.
struct NodeCreation: PersonOperation {
  let person: StoredUser
  var user: UserID { person.id }

  func change(_ state: PersonState) -> PersonChange {
    if let existing = state.person { return .unchanged(existing) }
    return .put(person, nodeChange(.created, user, nil, nil, before: nil, after: .first))
  }
}

/// Puts a group, or its next version.
struct NodeGroup: GroupOperation {
  let group: GroupID
  var people: [UserID] { [] }

  func change(_ state: GroupState) -> GroupChange {
    let json = Array(#"{"id":"\#(group.text)","displayName":"Group"}"#.utf8)
    return .put(
      StoredGroup(id: group, tenant: .demo, version: state.group?.version.next ?? .first, json: json), adding: [])
  }
}

/// Makes a person a member, or ends that; also of a group that is not there yet.
struct NodeMembership: GroupOperation {
  let group: GroupID
  let user: UserID
  let adds: Bool
  var people: [UserID] { [user] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let row = nodeChange(
      adds ? .created : .deleted, user, Change.memberships, ItemID(group.text), before: nil, after: nil)
    guard let stored = state.group else {
      let json = Array(#"{"id":"\#(group.text)","displayName":"Group"}"#.utf8)
      let new = StoredGroup(id: group, tenant: .demo, version: .first, json: json)
      return .put(new, adding: adds ? [row] : [])
    }
    guard state.members.contains(user) != adds else { return .unchanged(stored) }
    return adds ? .add([row]) : .removeMember(row)
  }
}

private func nodeChange(
  _ kind: Change.Kind, _ user: UserID, _ collection: String?, _ item: ItemID?, properties: [String] = [],
  before: Version?, after: Version?
) -> Change {
  Change(
    time: Sample.time, kind: kind, user: user, tenant: .demo, collection: collection, item: item,
    properties: properties, versionBefore: before, versionAfter: after, actingUser: nil, actingApplication: nil)
}
