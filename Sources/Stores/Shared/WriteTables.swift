import OData
import Profiles

/// The statements of a database that writes need, inside an open transaction. Nothing here decides. What is written is
/// seen by what is read afterwards.
protocol WriteTables: AnyObject {
  /// What can go wrong with the database; it spoils the transaction.
  associatedtype Failure: Error

  // MARK: Items

  /// The item and its owner as they are now.
  func state(of key: ItemKey, for authorization: AuthorizationContext) throws(Failure) -> ItemState
  /// Compare and swap, where neither the size grows nor the place in the default order changes; false when the item is
  /// not so, or when this database does not do it.
  func update(_ item: StoredItem, ifStill base: Version) throws(Failure) -> Bool
  /// Replaces an item that is there.
  func update(_ item: StoredItem) throws(Failure)
  /// Adds an item that is not there.
  func insert(_ item: StoredItem) throws(Failure)
  /// Takes an item away.
  func delete(_ key: ItemKey) throws(Failure)
  /// Compare and delete; false when the item has another version or is not there, or when this database does not do it.
  func delete(_ key: ItemKey, ifStill base: Version) throws(Failure) -> Bool
  /// How much a person holds.
  func usage(of user: UserID) throws(Failure) -> PersonQuota

  // MARK: People

  /// A person; nil when there is none.
  func user(_ id: UserID) throws(Failure) -> StoredUser?
  /// What must be known of a person; nil when there is none.
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(Failure) -> ItemOwner?
  /// Waits for the writes of others of a person, so that what is read of them from now on stays so until the end.
  func lock(_ user: UserID, of tenant: TenantID) throws(Failure)
  /// Whether somebody else of the tenant has a principal name of the same key as that of `user`.
  func isPrincipalNameTaken(of user: StoredUser) throws(Failure) -> Bool
  /// Whether somebody else of the tenant has this mail address, in the form by which it is compared.
  func isMailTaken(_ folded: String, of user: StoredUser) throws(Failure) -> Bool
  /// Notes the mail address of a person in the place of the one that they had; nil when they have none now.
  func noteMail(_ folded: String?, of user: StoredUser) throws(Failure)
  /// Adds a person who is not there.
  func insert(_ user: StoredUser) throws(Failure)
  /// Replaces a person who is there.
  func update(_ user: StoredUser, replacing old: StoredUser) throws(Failure)
  /// Takes a person away, with what is noted of their names; their items are another matter.
  func delete(_ user: StoredUser) throws(Failure)
  /// The keys of the items of a person, with versions and audiences, in the order of collection and id.
  func versions(of user: UserID) throws(Failure) -> [(ItemKey, Version, Audience)]

  // MARK: Groups

  /// A group; nil when there is none.
  func group(_ id: GroupID) throws(Failure) -> StoredGroup?
  /// Adds a group, or replaces the one that is there.
  func put(_ group: StoredGroup, replacing old: StoredGroup?) throws(Failure)
  /// Takes a group and its memberships away, and returns who was a member.
  func deleteGroup(_ group: GroupID) throws(Failure) -> [UserID]
  /// Those people who exist, with their tenants.
  func tenants(of people: [UserID]) throws(Failure) -> [UserID: TenantID]
  /// Whether somebody is a member of a group.
  func isMember(_ user: UserID, of group: GroupID) throws(Failure) -> Bool
  /// How many groups a person is a member of.
  func membershipCount(of user: UserID) throws(Failure) -> Int
  /// Adds a member who is none yet.
  func add(_ user: UserID, to group: GroupID) throws(Failure)
  /// Takes a member out.
  func remove(_ user: UserID, from group: GroupID) throws(Failure)
  /// Takes somebody out of every group, and returns which those were.
  func removeMemberships(of user: UserID) throws(Failure) -> [GroupID]

  // MARK: Tenants, receipts, the audit log

  /// Adds a tenant, or replaces what it decided.
  func put(_ settings: TenantSettings) throws(Failure)
  /// Adds a tenant that decided nothing, unless it is there.
  func add(_ tenant: TenantID) throws(Failure)
  /// What a receipt that still counts stands for: the digest of its body, and the id of what it made.
  func known(_ receipt: IdempotencyReceipt) throws(Failure) -> (body: [UInt8], id: String)?
  /// Keeps a receipt, and forgets some that have expired.
  func keep(_ receipt: IdempotencyReceipt, of id: String) throws(Failure)
  /// Appends a row to the audit log.
  func append(_ change: Change) throws(Failure)

  // MARK: The transaction

  /// Marks where a part begins that may be undone.
  func setSavepoint() throws(Failure)
  /// Undoes everything since the savepoint.
  func undoToSavepoint() throws(Failure)
  /// Keeps everything since the savepoint.
  func releaseSavepoint() throws(Failure)
  /// Empties every table but that of tenants, the audit log too.
  func deleteEverything() throws(Failure)
}

extension WriteTables {
  /// Those people who are members of a group.
  func members(among people: [UserID], of group: GroupID) throws(Failure) -> Set<UserID> {
    var members: Set<UserID> = []
    for user in people where try isMember(user, of: group) { members.insert(user) }
    return members
  }

  /// Whether a person may become a member of one more group.
  func hasRoom(for user: UserID) throws(Failure) -> Bool { try membershipCount(of: user) < Limits.groupsPerPersonMax }
}
