import OData

/// Removes a member from a group.
struct RemoveMember: GroupOperation {
  let group: GroupID
  let member: UserID
  let stamp: WriteStamp
  var people: [UserID] { [member] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    _ = try GroupRules.existing(state, by: stamp.caller, .none)
    guard state.members.contains(member) else { throw .userNotFound }
    return .removeMember(stamp.membership(.deleted, of: member, in: group))
  }
}
