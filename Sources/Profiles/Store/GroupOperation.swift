/// A write of one group or of one membership, as a pure function of what is stored.
public protocol GroupOperation: Sendable {
  /// The group that is written.
  var group: GroupID { get }
  /// The people of whom `change` needs to know whether they exist, and whether they are members.
  var people: [UserID] { get }
  /// The groups of which `change` needs to know whether they can be members of the group. Only a write with a
  /// `linkedTenant` names any.
  var nested: [GroupID] { get }
  /// The tenant of the group, for a write that needs or changes links of groups: those of a tenant come one after the
  /// other, whichever servers they come from. nil for every other write.
  var linkedTenant: TenantID? { get }
  /// Whether `change` needs to know the photo of the group.
  var needsPhoto: Bool { get }
  /// Decides what to write. It may run more than once, on any thread; it does no I/O and keeps nothing. Throws the
  /// `ProfileError` with which the write is refused.
  func change(_ state: GroupState) throws(ProfileError) -> GroupChange
}

extension GroupOperation {
  /// None.
  public var nested: [GroupID] { [] }
  /// None, as for a write that is about people alone.
  public var linkedTenant: TenantID? { nil }
  /// Few operations do.
  public var needsPhoto: Bool { false }
}

/// What a store finds before an operation on a group decides.
public struct GroupState: Sendable {
  /// nil when there is no such group.
  public let group: StoredGroup?
  /// The tenants of those people of the operation who exist; with a `linkedTenant`, of the owners too.
  public let people: [UserID: TenantID]
  /// Those of them who are members.
  public let members: Set<UserID>
  /// The links of the group; none for an operation without a `linkedTenant`.
  public let links: GroupLinks
  /// Those groups that the operation names as members and that exist.
  public let nested: [GroupID: NestedGroup]
  /// The photo of the group; nil when there is none, or when the operation does not need it.
  public let photo: StoredGroupPhoto?

  /// The state of one group.
  public init(
    group: StoredGroup?, people: [UserID: TenantID] = [:], members: Set<UserID> = [], links: GroupLinks = GroupLinks(),
    nested: [GroupID: NestedGroup] = [:], photo: StoredGroupPhoto? = nil
  ) {
    self.group = group
    self.people = people
    self.members = members
    self.links = links
    self.nested = nested
    self.photo = photo
  }
}

/// What an operation on a group decided.
public enum GroupChange: Sendable {
  /// Write nothing.
  case unchanged(StoredGroup)
  /// Store the group as given, and make the people of these rows of the audit log members. The store refuses with
  /// `tooManyGroups` beyond `Limits.groupsPerPersonMax`.
  case put(StoredGroup, adding: [Change])
  /// Delete the group with its photo and its memberships. `log` makes the row of the audit log for each of them.
  case remove(log: @Sendable (UserID) -> Change)
  /// Make the people of these rows of the audit log members, under the same bound.
  case add([Change])
  /// End the membership of the person of this row of the audit log.
  case removeMember(Change)
  /// Store the photo of the group in place of the one that is there.
  case putPhoto(StoredGroupPhoto)
  /// Delete the photo of the group.
  case removePhoto
  /// Do the first thing, if there is one, and change the links of the group. For an operation with a `linkedTenant`
  /// only.
  indirect case linking(GroupLinkChange, after: GroupChange?)
}

/// The outcome of a write of a group.
public enum GroupOutcome: Equatable, Sendable {
  /// The group as it is now.
  case group(StoredGroup)
  /// The group was deleted, or a membership or the photo was written.
  case done
}
