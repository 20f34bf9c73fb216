import OData

/// Adds a group to the members of another one.
struct AddNestedGroup: GroupOperation {
  let group: GroupID
  let member: GroupID
  let stamp: WriteStamp
  var people: [UserID] { [] }
  var nested: [GroupID] { [member] }
  var linkedTenant: TenantID? { stamp.caller.tenant }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let existing = try GroupRules.existing(state, by: stamp.caller, .none)
    let added = GroupAdditions(groups: nested)
    guard let change = try GroupRules.link(added, state, to: group, of: existing.tenant, stamp) else {
      return .unchanged(existing)
    }
    return .linking(change, after: nil)
  }
}

/// Takes a group out of the members of another one.
struct RemoveNestedGroup: GroupOperation {
  let group: GroupID
  let member: GroupID
  let stamp: WriteStamp
  var people: [UserID] { [] }
  var linkedTenant: TenantID? { stamp.caller.tenant }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    _ = try GroupRules.existing(state, by: stamp.caller, .none)
    guard state.links.groups.contains(member) else { throw .groupNotFound }
    return .linking(GroupLinkChange(removed: [member]), after: nil)
  }
}
