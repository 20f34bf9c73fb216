import OData

/// Adds a member to a group.
struct AddMember: GroupOperation {
  let group: GroupID
  let member: UserID
  let stamp: WriteStamp
  var people: [UserID] { [member] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let existing = try GroupRules.existing(state, by: stamp.caller, .none)
    return .add(try GroupRules.additions(people, state, to: group, of: existing.tenant, stamp))
  }
}
