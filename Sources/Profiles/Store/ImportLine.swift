/// One object of a directory, as import and export pass it on.
public enum ImportLine: Equatable, Sendable {
  /// The settings of a tenant.
  case tenant(TenantSettings)
  /// A group.
  case group(StoredGroup)
  /// The photo of a group.
  case groupPhoto(StoredGroupPhoto)
  /// A person.
  case user(StoredUser)
  /// A membership.
  case member(UserID, of: GroupID)
  /// A group that is a member of another one.
  case nestedGroup(GroupID, in: GroupID)
  /// A person who owns a group.
  case owner(UserID, of: GroupID)
  /// An item of a person, or their photo.
  case item(StoredItem)
}
