import OData

/// Deletes a group with every membership in it.
struct DeleteGroup: GroupOperation {
  let group: GroupID
  let preconditions: Preconditions
  let stamp: WriteStamp
  var people: [UserID] { [] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    _ = try GroupRules.existing(state, by: stamp.caller, preconditions)
    return .remove { [stamp, group] user in stamp.membership(.deleted, of: user, in: group) }
  }
}
