import OData

/// What every write of a group checks beyond the declared type.
enum GroupRules {
  /// The group, if it belongs to the caller's tenant and the preconditions hold. Throws `groupNotFound` or
  /// `preconditionFailed`.
  static func existing(
    _ state: GroupState, by caller: Caller, _ preconditions: Preconditions
  ) throws(ProfileError) -> StoredGroup {
    guard let group = state.group, group.tenant == caller.tenant else { throw .groupNotFound }
    guard preconditions.hold(for: group.version) else { throw .preconditionFailed }
    return group
  }

  /// Checks that a group is created with a display name, which no update takes away. Only what changes is checked: a
  /// group that was imported without a name can still be updated.
  static func check(_ value: StructuredValue, changed: some Sequence<Int>) throws(ProfileError) {
    try DirectoryRules.check(value, of: ProfileModel.group, changed: changed)
  }

  /// The rows of the audit log for new members, who must belong to the group's tenant and not be members yet.
  static func additions(
    _ people: [UserID], _ state: GroupState, to group: GroupID, of tenant: TenantID, _ stamp: WriteStamp
  ) throws(ProfileError) -> [Change] {
    guard Set(people).count == people.count else { throw .alreadyMember }
    var additions: [Change] = []
    for user in people {
      guard state.people[user] == tenant else { throw .userNotFound }
      guard !state.members.contains(user) else { throw .alreadyMember }
      additions.append(stamp.membership(.created, of: user, in: group))
    }
    return additions
  }
}
