import OData

/// Deletes a group with every membership in it, and takes it out of the groups that it is a member of.
struct DeleteGroup: GroupOperation {
  let group: GroupID
  let preconditions: Preconditions
  let stamp: WriteStamp
  var people: [UserID] { [] }
  var linkedTenant: TenantID? { stamp.caller.tenant }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let existing = try GroupRules.existing(state, by: stamp.caller, preconditions)
    let removal = GroupChange.remove { [stamp, group] user in stamp.membership(.deleted, of: user, in: group) }
    guard state.links != GroupLinks() else { return removal }
    let log = GroupRules.owners(state, of: existing.tenant).map { stamp.ownership(.deleted, of: $0, in: group) }
    return removal.linking(
      GroupLinkChange(owners: [], removed: state.links.groups, leavesParents: true, log: log))
  }
}
