import OData

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
