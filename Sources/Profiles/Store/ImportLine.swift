/// One object of a directory, as import and export pass it on.
public enum ImportLine: Equatable, Sendable {
  /// The settings of a tenant.
  case tenant(TenantSettings)
  /// A group.
  case group(StoredGroup)
  /// A person.
  case user(StoredUser)
  /// A membership.
  case member(UserID, of: GroupID)
  /// The manager of a person.
  case manager(UserID, of: UserID)
  /// An item of a person.
  case item(StoredItem)
}
