/// A write of one group or of one membership, as a pure function of what is stored.
public protocol GroupOperation: Sendable {
  /// The group that is written.
  var group: GroupID { get }
  /// The people of whom `change` needs to know whether they exist, and whether they are members.
  var people: [UserID] { get }
  /// Whether `change` needs to know the photo of the group.
  var needsPhoto: Bool { get }
  /// Decides what to write. It may run more than once, on any thread; it does no I/O and keeps nothing. Throws the
  /// `ProfileError` with which the write is refused.
  func change(_ state: GroupState) throws(ProfileError) -> GroupChange
}

extension GroupOperation {
  /// Few operations do.
  public var needsPhoto: Bool { false }
}

/// What a store finds before an operation on a group decides.
public struct GroupState: Sendable {
  /// nil when there is no such group.
  public let group: StoredGroup?
  /// The tenants of those people of the operation who exist.
  public let people: [UserID: TenantID]
  /// Those of them who are members.
  public let members: Set<UserID>
  /// The photo of the group; nil when there is none, or when the operation does not need it.
  public let photo: StoredGroupPhoto?

  /// The state of one group.
  public init(
    group: StoredGroup?, people: [UserID: TenantID] = [:], members: Set<UserID> = [], photo: StoredGroupPhoto? = nil
  ) {
    self.group = group
    self.people = people
    self.members = members
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
}

/// The outcome of a write of a group.
public enum GroupOutcome: Equatable, Sendable {
  /// The group as it is now.
  case group(StoredGroup)
  /// The group was deleted, or a membership or the photo was written.
  case done
}
