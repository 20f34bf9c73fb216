import OData

/// Ends the ownership of a person. The last owner stays (Graph page on removing owners).
struct RemoveOwner: GroupOperation {
  let group: GroupID
  let owner: UserID
  let stamp: WriteStamp
  var people: [UserID] { [owner] }
  var linkedTenant: TenantID? { stamp.caller.tenant }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let existing = try GroupRules.existing(state, by: stamp.caller, .none)
    let owners = GroupRules.owners(state, of: existing.tenant)
    guard owners.contains(owner) else { throw .userNotFound }
    guard owners.count > 1 else { throw .lastOwner }
    return .linking(
      GroupLinkChange(
        owners: owners.filter { $0 != owner }, log: [stamp.ownership(.deleted, of: owner, in: group)]), after: nil)
  }
}
