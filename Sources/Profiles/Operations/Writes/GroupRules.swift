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
    for (name, reason) in withoutEffect {
      guard let property = ProfileModel.group.property(named: name), changed.contains(property.index) else { continue }
      switch value.members[property.index] {
      case .null, .bool(false): continue
      default: throw .body(.invalidValue(property: name, reason: reason))
      }
    }
  }

  /// Properties that would promise what this server does not do.
  private static let withoutEffect: KeyValuePairs<String, String> = [
    "membershipRule": "is not offered: members are added one by one",
    "membershipRuleProcessingState": "is not offered: members are added one by one",
    "isAssignableToRole": "cannot be true: no role is assigned to groups",
  ]

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

  /// What a write adds to the links of a group. Throws `alreadyMember`, `groupNotFound`, or the error of an obstacle.
  static func link(
    _ added: GroupAdditions, _ state: GroupState, to group: GroupID, of tenant: TenantID, _ stamp: WriteStamp
  ) throws(ProfileError) -> GroupLinkChange? {
    guard added.changesLinks else { return nil }
    guard Set(added.groups).count == added.groups.count else { throw .alreadyMember }
    for nested in added.groups {
      guard let found = state.nested[nested], found.tenant == tenant else { throw .groupNotFound }
      guard !state.links.groups.contains(nested) else { throw .alreadyMember }
      if let obstacle = found.obstacle { throw .nesting(obstacle) }
    }
    guard state.links.groups.count + added.groups.count <= Limits.groupsPerGroupMax else { throw .nesting(.tooMany) }
    var change = GroupLinkChange(added: added.groups)
    try add(added.owners, state, to: group, of: tenant, stamp, &change)
    return change
  }

  private static func add(
    _ owners: [UserID], _ state: GroupState, to group: GroupID, of tenant: TenantID, _ stamp: WriteStamp,
    _ change: inout GroupLinkChange
  ) throws(ProfileError) {
    guard !owners.isEmpty else { return }
    let existing = self.owners(state, of: tenant)
    guard Set(existing + owners).count == existing.count + owners.count else { throw .alreadyOwner }
    for owner in owners where state.people[owner] != tenant { throw .userNotFound }
    guard existing.count + owners.count <= Limits.ownersPerGroupMax else { throw .tooManyOwners }
    change.owners = existing + owners
    change.log = owners.map { stamp.ownership(.created, of: $0, in: group) }
  }

  /// The owners who exist.
  static func owners(_ state: GroupState, of tenant: TenantID) -> [UserID] {
    state.links.owners.filter { state.people[$0] == tenant }
  }
}

/// Whom and what a write adds to a group.
struct GroupAdditions: Sendable {
  /// People who become members.
  var people: [UserID] = []
  /// Groups that become members.
  var groups: [GroupID] = []
  /// People who become owners.
  var owners: [UserID] = []

  /// Whether the links of the group change.
  var changesLinks: Bool { !groups.isEmpty || !owners.isEmpty }
}

extension GroupChange {
  /// The change with what it changes of links; the same when that is nothing.
  func linking(_ change: GroupLinkChange?) -> GroupChange { change.map { .linking($0, after: self) } ?? self }
}
