import OData
import Profiles

/// The statements that writes need in one database, inside an open transaction. They decide nothing. Reads see what was
/// written before.
protocol WriteTables: AnyObject {
  /// A failure of the database, which spoils the transaction.
  associatedtype Failure: Error

  // MARK: Items

  /// The item and its owner as they are now. An item that is not visible under `authorization` may be left
  /// out.
  func state(of key: ItemKey, for authorization: AuthorizationContext) throws(Failure) -> ItemState
  /// Replaces `old`, an item as it is in the database.
  func update(_ item: StoredItem, replacing old: StoredItem) throws(Failure)
  /// Adds an item that does not exist.
  func insert(_ item: StoredItem) throws(Failure)
  /// Deletes an item.
  func delete(_ key: ItemKey) throws(Failure)
  /// How much a person holds.
  func usage(of user: UserID) throws(Failure) -> PersonQuota

  // MARK: People

  /// A person; nil when there is none.
  func user(_ id: UserID) throws(Failure) -> StoredUser?
  /// An owner, and as much of the relation to them as `authorization` needs; nil when there is no such person.
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(Failure) -> ItemOwner?
  /// Whether an account is disabled.
  func isDisabled(_ account: TenantUser) throws(Failure) -> Bool
  /// Records that an account was disabled, or that it is not any more.
  func note(_ user: StoredUser, isDisabled: Bool) throws(Failure)
  /// Waits for the writes of other servers to a person, and keeps further ones out until the transaction ends.
  func lock(_ user: UserID, of tenant: TenantID) throws(Failure)
  /// Whether another person of the tenant has a principal name with the same key as that of `user`.
  func isPrincipalNameTaken(of user: StoredUser) throws(Failure) -> Bool
  /// Whether another person of the tenant has this mail address, in the form by which addresses are compared.
  func isMailTaken(_ folded: String, of user: StoredUser) throws(Failure) -> Bool
  /// Records the mail address of a person in place of `old`, the one that they had; nil stands for none.
  func noteMail(_ folded: String?, of user: StoredUser, replacing old: String?) throws(Failure)
  /// Adds a person who does not exist.
  func insert(_ user: StoredUser) throws(Failure)
  /// Replaces a person who exists.
  func update(_ user: StoredUser, replacing old: StoredUser) throws(Failure)
  /// Deletes a person and their names. Their items are deleted apart.
  func delete(_ user: StoredUser) throws(Failure)
  /// The keys of the items of a person with versions and audiences, in the order of collection and id.
  func versions(of user: UserID) throws(Failure) -> [(ItemKey, Version, Audience)]

  // MARK: Managers

  /// Who is the manager of a person; nil when nobody is. They may have been deleted.
  func manager(of user: UserID) throws(Failure) -> UserID?
  /// Makes somebody the manager of a person in place of whoever was; nil stands for nobody.
  func setManager(_ manager: UserID?, of user: UserID) throws(Failure)
  /// Keeps out other writes of managers in a tenant until the transaction ends, so that no two of them make a circle.
  func lockManagers(in tenant: TenantID) throws(Failure)

  // MARK: Groups

  /// A group; nil when there is none.
  func group(_ id: GroupID) throws(Failure) -> StoredGroup?
  /// Adds a group, or replaces the one that exists.
  func put(_ group: StoredGroup, replacing old: StoredGroup?) throws(Failure)
  /// Deletes a group with its photo and its memberships, and returns who was a member.
  func deleteGroup(_ group: GroupID) throws(Failure) -> [UserID]
  /// Keeps other servers from changing links of the groups of a tenant until the transaction ends.
  func lockLinks(of tenant: TenantID) throws(Failure)
  /// The links of those groups that exist.
  func links(of groups: [GroupID]) throws(Failure) -> [GroupID: LinkedGroup]
  /// The links of the groups of a tenant that a person owns. It looks through all groups.
  func links(ofGroupsOwnedBy owner: UserID, in tenant: TenantID) throws(Failure) -> [GroupID: LinkedGroup]
  /// Replaces the links of a group; nothing happens when there is no such group.
  func put(_ links: GroupLinks, of group: GroupID) throws(Failure)
  /// The photo of a group; nil when there is none.
  func photo(of group: GroupID) throws(Failure) -> StoredGroupPhoto?
  /// Stores the photo of a group in place of the one that is there.
  func put(_ photo: StoredGroupPhoto) throws(Failure)
  /// Deletes the photo of a group, if there is one.
  func deletePhoto(of group: GroupID) throws(Failure)
  /// Those people who exist, with their tenants.
  func tenants(of people: [UserID]) throws(Failure) -> [UserID: TenantID]
  /// Whether a person is a member of a group.
  func isMember(_ user: UserID, of group: GroupID) throws(Failure) -> Bool
  /// How many groups a person is a member of.
  func membershipCount(of user: UserID) throws(Failure) -> Int
  /// Adds a member who is not one yet.
  func add(_ user: UserID, to group: GroupID) throws(Failure)
  /// Removes a member.
  func remove(_ user: UserID, from group: GroupID) throws(Failure)
  /// Removes a person from every group, and returns which those were.
  func removeMemberships(of user: UserID) throws(Failure) -> [GroupID]

  // MARK: Tenants, receipts, the audit log

  /// What a tenant decided, which nobody else writes before the transaction ends; nil when there is no such tenant.
  func lockedTenant(_ id: TenantID) throws(Failure) -> TenantSettings?
  /// Adds a tenant, or replaces what it decided.
  func put(_ settings: TenantSettings) throws(Failure)
  /// Adds a tenant that decided nothing, unless it is there.
  func add(_ tenant: TenantID) throws(Failure)
  /// What a receipt that has not expired stands for: the digest of the body that was sent, and the id of what was
  /// created.
  func known(_ receipt: IdempotencyReceipt) throws(Failure) -> (body: [UInt8], id: String)?
  /// Stores a receipt, and deletes some that have expired.
  func keep(_ receipt: IdempotencyReceipt, of id: String) throws(Failure)
  /// Appends a row to the audit log.
  func append(_ change: Change) throws(Failure)

  // MARK: The transaction

  /// Sets a savepoint.
  func setSavepoint() throws(Failure)
  /// Undoes everything since the savepoint.
  func undoToSavepoint() throws(Failure)
  /// Releases the savepoint, which keeps everything since.
  func releaseSavepoint() throws(Failure)
  /// Empties every table except that of tenants, and the audit log.
  func deleteEverything() throws(Failure)
}

extension WriteTables {
  /// Those people who are members of a group.
  func members(among people: [UserID], of group: GroupID) throws(Failure) -> Set<UserID> {
    var members: Set<UserID> = []
    for user in people where try isMember(user, of: group) { members.insert(user) }
    return members
  }

  /// Why somebody cannot be the manager of a person of a tenant; nil when they can.
  func refusal(ofManager manager: UserID, of user: UserID, in tenant: TenantID) throws(Failure) -> ProfileError? {
    guard try tenants(of: [manager])[manager] == tenant else { return .userNotFound }
    try lockManagers(in: tenant)
    var above = manager
    for _ in 0..<Limits.managersAboveMax {
      guard above != user else { return .managerCircle }
      guard let next = try self.manager(of: above) else { return nil }
      above = next
    }
    return .tooManyManagers
  }

  /// Whether a person may become a member of one more group.
  func hasRoom(for user: UserID) throws(Failure) -> Bool { try membershipCount(of: user) < Limits.groupsPerPersonMax }
}
