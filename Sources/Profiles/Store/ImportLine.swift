/// One object of a directory, as import and export hand it over.
public enum ImportLine: Equatable, Sendable {
  case tenant(TenantSettings)
  case group(StoredGroup)
  case user(StoredUser)
  case member(UserID, of: GroupID)
  case item(StoredItem)
}
