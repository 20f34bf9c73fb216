import OData
import Profiles

/// What other objects do for the tables.
extension SQLiteTables {
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemOwner? {
    try relations.owner(user, for: authorization)
  }

  func isMailTaken(_ folded: String, of user: StoredUser) throws(SQLiteFailure) -> Bool {
    try mail.isTaken(folded, of: user)
  }

  func noteMail(_ folded: String?, of user: StoredUser) throws(SQLiteFailure) { try mail.note(folded, of: user) }

  func group(_ id: GroupID) throws(SQLiteFailure) -> StoredGroup? { try directory.group(id) }

  func put(_ group: StoredGroup, replacing old: StoredGroup?) throws(SQLiteFailure) {
    try directory.put(group, replacing: old)
  }

  func deleteGroup(_ group: GroupID) throws(SQLiteFailure) -> [UserID] { try directory.delete(group) }

  func tenants(of people: [UserID]) throws(SQLiteFailure) -> [UserID: TenantID] { try directory.tenants(of: people) }

  func members(among people: [UserID], of group: GroupID) throws(SQLiteFailure) -> Set<UserID> {
    try directory.members(among: people, of: group)
  }

  func isMember(_ user: UserID, of group: GroupID) throws(SQLiteFailure) -> Bool {
    try directory.isMember(user, of: group)
  }

  func hasRoom(for user: UserID) throws(SQLiteFailure) -> Bool { try directory.hasRoom(for: user) }

  func add(_ user: UserID, to group: GroupID) throws(SQLiteFailure) { try directory.add(user, to: group) }

  func remove(_ user: UserID, from group: GroupID) throws(SQLiteFailure) { try directory.remove(user, from: group) }

  func removeMemberships(of user: UserID) throws(SQLiteFailure) -> [GroupID] {
    try directory.removeMemberships(of: user)
  }

  func put(_ settings: TenantSettings) throws(SQLiteFailure) { try directory.put(settings) }

  func add(_ tenant: TenantID) throws(SQLiteFailure) { try directory.add(tenant) }

  func append(_ change: Change) throws(SQLiteFailure) { try line.append(change) }
}
