import OData
import Profiles

/// The statements of the writer, prepared once. They decide nothing, and run in the transaction of the caller.
final class SQLiteTables: WriteTables {
  let connection: SQLiteConnection
  /// The numbers of tenants, collections and properties.
  let names: SQLiteNames
  /// How requesters relate to owners, inside the open transaction.
  let relations: SQLiteOwnerRelations
  /// The states of the people that the open transaction touches.
  let people: SQLitePersonStates
  /// The audit log.
  let auditLog: SQLiteAuditTable
  /// Tenants, groups and memberships.
  let directory: SQLiteDirectoryTables
  /// Mail addresses.
  let mail: SQLiteMailTable
  /// Told of the accounts that are disabled, before the commit; nil where no server reads.
  var disabledAccounts: DisabledAccounts?
  /// The indexes of people.
  let index: SQLitePersonIndexTable
  private let auditTotal: SQLiteAuditTotal
  private let items: SQLiteItemTable
  private let selectUser, selectOtherHolder, selectLastNumber, insertUser, updateUser, deleteUser: SQLiteStatement
  private let selectReceipt, insertReceipt, forgetReceipts: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ auditKey: AuditKey, _ options: SQLiteOptions) throws(SQLiteFailure) {
    self.connection = connection
    names = try SQLiteNames(connection)
    relations = try SQLiteOwnerRelations(connection, names, options.policyDefaults)
    auditTotal = try SQLiteAuditTotal(connection, auditKey)
    people = try SQLitePersonStates(connection, names, auditTotal)
    auditLog = try SQLiteAuditTable(connection, auditKey, names, people, isKept: options.keepsAuditLog)
    directory = try SQLiteDirectoryTables(connection, names)
    mail = try SQLiteMailTable(connection)
    index = try SQLitePersonIndexTable(connection)
    items = try SQLiteItemTable(connection, names, people)
    selectUser = try connection.prepare(
      "select \(SQLiteColumns.user) from person where id = ? and tenant is not null")
    selectLastNumber = try connection.prepare("select coalesce(max(number), 0) from person")
    // What names the person in the audit log stays.
    deleteUser = try connection.prepare(
      """
      update person set tenant = null, principal_name = null, principal_name_folded = null, display_name = null,
      display_name_folded = null, version = null, json = null where number = ?
      """)
    selectReceipt = try connection.prepare("select body, item from idempotency_receipt where key = ? and expires > ?")
    insertReceipt = try connection.prepare(
      "insert or replace into idempotency_receipt (key, body, item, expires) values (?, ?, ?, ?)")
    forgetReceipts = try connection.prepare(
      """
      delete from idempotency_receipt where key in (select key from idempotency_receipt
      where expires <= ? order by expires limit \(Limits.receiptsForgottenMax))
      """)
    selectOtherHolder = try connection.prepare(
      "select 1 from person where \(SQLiteColumns.isNamed) and id <> ?4 limit 1")
    insertUser = try connection.prepare(
      """
      insert into person
      (tenant, principal_name, principal_name_folded, display_name, display_name_folded, version, json, number, id)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    updateUser = try connection.prepare(
      """
      update person set tenant = ?, principal_name = ?, principal_name_folded = ?, display_name = ?,
      display_name_folded = ?, version = ?, json = ? where number = ?
      """)
  }

  // MARK: Items

  /// The item and its owner as they are now. An item that is not visible is not read, and if the person does not exist,
  /// the item is looked up all the same, so that the time reveals nothing.
  func state(of key: ItemKey, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemState {
    let (number, owner) = try relations.owner(key.user, for: authorization)
    var audiences: Audience?
    if authorization.needsOwnerRelation(to: key.user) {
      audiences = owner.map { authorization.audiences(of: key.user, $0, in: key.collection) } ?? .me
    }
    return ItemState(owner: owner, item: try items.item(key, of: number, for: audiences))
  }

  /// Replaces `old`, an item as it is in the database.
  func update(_ item: StoredItem, replacing old: StoredItem) throws(SQLiteFailure) {
    try items.update(item, replacing: old)
  }

  /// Adds an item that does not exist.
  func insert(_ item: StoredItem) throws(SQLiteFailure) { try items.insert(item) }

  /// Deletes an item.
  func delete(_ key: ItemKey) throws(SQLiteFailure) { try items.delete(key) }

  /// How much a person holds.
  func usage(of user: UserID) throws(SQLiteFailure) -> PersonQuota {
    var usage = PersonQuota()
    guard let number = try people.number(of: user) else { return usage }
    let state = try people.state(of: user, number)
    usage.bytes = state.bytes
    for (collection, count) in state.counts { usage.counts[try names.collection(Int64(collection))] = count }
    return usage
  }

  /// The keys of the items of a person, with versions and audiences.
  func versions(of user: UserID) throws(SQLiteFailure) -> [(ItemKey, Version, Audience)] {
    try items.versions(of: user)
  }

  // MARK: People

  /// Nothing to do: a writing transaction of SQLite is alone from its beginning.
  func lock(_ user: UserID, of tenant: TenantID) throws(SQLiteFailure) {}

  /// A person; nil when there is none.
  func user(_ id: UserID) throws(SQLiteFailure) -> StoredUser? {
    try selectUser.bind(id.text)
    return try selectUser.first { row throws(SQLiteFailure) in try row.user(names) }
  }

  /// Deletes a person and their mail address. Their items are deleted apart; their number and id stay, for the audit
  /// log.
  func delete(_ user: StoredUser) throws(SQLiteFailure) {
    try mail.forget(user.id)
    guard let number = try people.number(of: user.id) else { throw .row(DamagedRow.user) }
    try index.note(number, user.id, try indexed(user), nil)
    try deleteUser.bind(number)
    try deleteUser.run()
  }

  /// Whether another person of the tenant has a principal name with the same key as that of `user`.
  func isPrincipalNameTaken(of user: StoredUser) throws(SQLiteFailure) -> Bool {
    guard let key = user.principalNameKey, let tenant = try names.number(of: user.tenant) else { return false }
    try selectOtherHolder.bind(tenant, SQLiteColumns.beginning(of: key), key, user.id.text)
    return try selectOtherHolder.first { row throws(SQLiteFailure) in row.int64(0) } != nil
  }

  /// Adds a person who does not exist. One who existed before gets their number again, and goes on with their audit
  /// log.
  func insert(_ user: StoredUser) throws(SQLiteFailure) {
    if let number = try people.number(of: user.id) {
      try write(user, number, with: updateUser)
      return try index.note(number, user.id, nil, try indexed(user))
    }
    let number = try newNumber()
    try write(user, number, with: insertUser)
    people.keep(number, of: user.id)
    try index.note(number, user.id, nil, try indexed(user))
    // Its row leads those of the items.
    _ = try people.state(of: user.id, number)
  }

  private func newNumber() throws(SQLiteFailure) -> Int64 {
    let last = try selectLastNumber.first { row throws(SQLiteFailure) in row.int64(0) } ?? 0
    guard last < SQLiteProfileKey.peopleMax else { throw .row(DamagedRow.user) }
    return last + 1
  }

  /// Gives a number to an id that no person has, for the audit log of what a tenant decided. Its row is like that of somebody
  /// who was deleted.
  fileprivate func giveNumber(to id: UserID) throws(SQLiteFailure) {
    guard try people.number(of: id) == nil else { return }
    let number = try newNumber()
    let none: String? = nil
    try insertUser.bind(none, none, none, none, none, none, none, number, id.text)
    try insertUser.run()
    people.keep(number, of: id)
  }

  /// Replaces a person who exists.
  func update(_ user: StoredUser, replacing old: StoredUser) throws(SQLiteFailure) {
    guard let number = try people.number(of: user.id) else { throw .row(DamagedRow.user) }
    try write(user, number, with: updateUser)
    try index.note(number, user.id, try indexed(old), try indexed(user))
  }

  private func indexed(_ user: StoredUser) throws(SQLiteFailure) -> SQLiteIndexedPerson {
    SQLiteIndexedPerson(tenant: try names.give(user.tenant), user: user)
  }

  private func write(_ user: StoredUser, _ number: Int64, with statement: SQLiteStatement) throws(SQLiteFailure) {
    let id: String? = statement === insertUser ? user.id.text : nil
    let json = SQLiteEntityJSON.stored(user.json, SQLiteIdentifier(user.id.text), user.id.text)
    let tenant = try names.give(user.tenant)
    let (name, display) = (user.principalNameKey, user.displayNameKey)
    if let id {
      try statement.bind(
        tenant, user.principalName, name, user.displayName, display, user.version.number, json, number, id)
    } else {
      try statement.bind(
        tenant, user.principalName, name, user.displayName, display, user.version.number, json, number)
    }
    try statement.run()
  }

  // MARK: Receipts

  /// See `WriteTables`.
  func known(_ receipt: IdempotencyReceipt) throws(SQLiteFailure) -> (body: [UInt8], id: String)? {
    try selectReceipt.bind(receipt.key, receipt.time.ticks)
    return try selectReceipt.first { row throws(SQLiteFailure) in (row.bytes(0), row.text(1)) }
  }

  /// Stores a receipt, and deletes some that have expired.
  func keep(_ receipt: IdempotencyReceipt, of id: String) throws(SQLiteFailure) {
    try insertReceipt.bind(receipt.key, receipt.body, id, receipt.expires.ticks)
    try insertReceipt.run()
    try forgetReceipts.bind(receipt.time.ticks)
    try forgetReceipts.run()
  }

  // MARK: The transaction

  /// Writes what the transaction has changed so far first, so that the database agrees with memory at the savepoint.
  func setSavepoint() throws(SQLiteFailure) {
    try finish()
    try connection.execute("savepoint part")
  }

  func undoToSavepoint() throws(SQLiteFailure) {
    forget()
    try connection.execute("rollback to part")
    try releaseSavepoint()
  }

  func releaseSavepoint() throws(SQLiteFailure) { try connection.execute("release part") }

  /// Completes what was written. To be called before every commit.
  func finish() throws(SQLiteFailure) {
    try people.finish()
    try index.finish()
  }

  /// Forgets what the open transaction has changed, which is rolled back.
  func forget() {
    people.forget()
    index.forget()
    relations.forget()
  }

  /// Empties every table except those of tenants, collections and properties, and begins the audit log anew.
  func deleteEverything() throws(SQLiteFailure) {
    for table in [
      "profile", "person", "idempotency_receipt", "directory_group", "group_photo", "membership", "mail_address",
      "manager",
    ] {
      try connection.execute("delete from \(table)")
    }
    try index.deleteEverything()
    try auditLog.deleteEverything()
    people.forget()
    try auditTotal.reset()
  }
}

// MARK: What other objects write

extension SQLiteTables {
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemOwner? {
    try relations.owner(user, for: authorization).owner
  }

  func isDisabled(_ account: TenantUser) throws(SQLiteFailure) -> Bool {
    guard disabledAccounts?.mayHold(account.user) ?? true, let user = try self.user(account.user) else { return false }
    return user.tenant == account.tenant && user.isDisabled
  }

  /// An index of people finds the disabled ones after the next start.
  func note(_ user: StoredUser, isDisabled: Bool) throws(SQLiteFailure) {
    if isDisabled { disabledAccounts?.note(user.id) }
  }

  func isMailTaken(_ folded: String, of user: StoredUser) throws(SQLiteFailure) -> Bool {
    try mail.isTaken(folded, of: user)
  }

  func noteMail(_ folded: String?, of user: StoredUser, replacing old: String?) throws(SQLiteFailure) {
    try mail.note(folded, of: user)
  }

  func group(_ id: GroupID) throws(SQLiteFailure) -> StoredGroup? { try directory.group(id) }

  func photo(of group: GroupID) throws(SQLiteFailure) -> StoredGroupPhoto? { try directory.photo(of: group) }

  func put(_ photo: StoredGroupPhoto) throws(SQLiteFailure) { try directory.put(photo) }

  func deletePhoto(of group: GroupID) throws(SQLiteFailure) { try directory.deletePhoto(of: group) }

  func put(_ group: StoredGroup, replacing old: StoredGroup?) throws(SQLiteFailure) {
    try directory.put(group, replacing: old)
  }

  func deleteGroup(_ group: GroupID) throws(SQLiteFailure) -> [UserID] { try directory.delete(group) }

  /// Only one writer changes a database.
  func lockLinks(of tenant: TenantID) throws(SQLiteFailure) {}

  func links(of groups: [GroupID]) throws(SQLiteFailure) -> [GroupID: LinkedGroup] { try directory.links(of: groups) }

  func links(
    ofGroupsOwnedBy owner: UserID, in tenant: TenantID
  ) throws(SQLiteFailure) -> [GroupID: LinkedGroup] { try directory.links(ofGroupsOwnedBy: owner, in: tenant) }

  func put(_ links: GroupLinks, of group: GroupID) throws(SQLiteFailure) { try directory.put(links, of: group) }

  func tenants(of people: [UserID]) throws(SQLiteFailure) -> [UserID: TenantID] { try directory.tenants(of: people) }

  func isMember(_ user: UserID, of group: GroupID) throws(SQLiteFailure) -> Bool {
    try directory.isMember(user, of: group)
  }

  func membershipCount(of user: UserID) throws(SQLiteFailure) -> Int { try directory.membershipCount(of: user) }

  func add(_ user: UserID, to group: GroupID) throws(SQLiteFailure) { try directory.add(user, to: group) }

  func remove(_ user: UserID, from group: GroupID) throws(SQLiteFailure) { try directory.remove(user, from: group) }

  func removeMemberships(of user: UserID) throws(SQLiteFailure) -> [GroupID] {
    try directory.removeMemberships(of: user)
  }

  func lockedTenant(_ id: TenantID) throws(SQLiteFailure) -> TenantSettings? { try relations.decided(id) }
  func manager(of user: UserID) throws(SQLiteFailure) -> UserID? { try directory.manager(of: user) }

  func setManager(_ manager: UserID?, of user: UserID) throws(SQLiteFailure) {
    try directory.setManager(manager, of: user)
  }

  /// Nothing to do: a writing transaction of SQLite is alone from its beginning.
  func lockManagers(in tenant: TenantID) throws(SQLiteFailure) {}

  func put(_ settings: TenantSettings) throws(SQLiteFailure) { try directory.put(settings) }

  func add(_ tenant: TenantID) throws(SQLiteFailure) { try directory.add(tenant) }

  func append(_ change: Change) throws(SQLiteFailure) {
    if change.isOfTenant { try giveNumber(to: change.user) }
    try auditLog.append(change)
  }
}
