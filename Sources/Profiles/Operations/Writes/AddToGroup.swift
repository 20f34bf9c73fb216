import OData

/// An operation that adds members and owners to a group.
protocol GroupAddingOperation: GroupOperation {
  /// Whom and what it adds.
  var added: GroupAdditions { get }
  var stamp: WriteStamp { get }
}

extension GroupAddingOperation {
  var people: [UserID] { added.people + added.owners }
  var nested: [GroupID] { added.groups }
  /// Only links are written one after the other, memberships of people are not.
  var linkedTenant: TenantID? { added.changesLinks ? stamp.caller.tenant : nil }
}

/// Adds members and owners to a group. Owners gain no rights.
struct AddToGroup: GroupAddingOperation {
  let group: GroupID
  let added: GroupAdditions
  let stamp: WriteStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let existing = try GroupRules.existing(state, by: stamp.caller, .none)
    let members = try GroupRules.additions(added.people, state, to: group, of: existing.tenant, stamp)
    return .add(members).linking(try GroupRules.link(added, state, to: group, of: existing.tenant, stamp))
  }
}
