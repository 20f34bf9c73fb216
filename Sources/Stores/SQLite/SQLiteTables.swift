import OData
import Profiles

/// The statements of the writer, prepared once. They decide nothing, and run in the transaction of the caller.
final class SQLiteTables: WriteTables {
  let connection: SQLiteConnection
  private let selectItem, updateSameSize, updateItem, insertItem, deleteItem, deleteVersion: SQLiteStatement
  private let selectUsage: SQLiteStatement
  /// How requesters relate to owners, inside the open transaction.
  let relations: SQLiteOwnerRelations
  /// The audit log.
  let auditLog: SQLiteAuditTable
  /// Tenants, groups and memberships.
  let directory: SQLiteDirectoryTables
  /// Mail addresses.
  let mail: SQLiteMailTable
  private let selectUserVersion, selectUser, selectOtherHolder, insertUser, updateUser, deleteUser: SQLiteStatement
  private let selectVersions: SQLiteStatement
  private let selectReceipt, insertReceipt, forgetReceipts: SQLiteStatement
  /// The chains at the savepoint.
  private var savepoint: SQLiteAuditTable.Savepoint?

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ auditKey: AuditKey, _ options: SQLiteOptions) throws(SQLiteFailure) {
    self.connection = connection
    relations = try SQLiteOwnerRelations(connection, options.policyDefaults)
    auditLog = try SQLiteAuditTable(connection, auditKey, isKept: options.keepsAuditLog)
    directory = try SQLiteDirectoryTables(connection)
    mail = try SQLiteMailTable(connection)
    let key = "user = ? and collection = ? and id = ?"
    selectItem = try connection.prepare("select \(SQLiteColumns.item) from item where \(key)")
    // It leaves `created` and the listed person alone, and with them their indexes, and runs only where no limit can be
    // exceeded.
    updateSameSize = try connection.prepare(
      """
      update item set version = ?, audience = ?, collapse_start = ?, collapse_end = ?, json = ?
      where \(key) and version = ? and created = ? and length(json) >= ? and listed is null
      """)
    updateItem = try connection.prepare(
      """
      update item set version = ?, audience = ?, created = ?, collapse_start = ?, collapse_end = ?, json = ?,
      listed = ?, listed_as = ? where \(key)
      """)
    insertItem = try connection.prepare(
      """
      insert into item (user, collection, id, \(SQLiteColumns.item), \(SQLiteColumns.listed))
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    deleteItem = try connection.prepare("delete from item where \(key)")
    deleteVersion = try connection.prepare("delete from item where \(key) and version = ?")
    selectUsage = try connection.prepare(
      "select collection, count(*), sum(length(json)) from item where user = ? group by collection")
    selectUserVersion = try connection.prepare("select version from user where id = ?")
    selectUser = try connection.prepare("select \(SQLiteColumns.user) from user where id = ?")
    deleteUser = try connection.prepare("delete from user where id = ?")
    selectVersions = try connection.prepare(
      """
      select collection, id, version, audience from item where user = ? order by collection, id
      """)
    selectReceipt = try connection.prepare("select body, item from receipt where key = ? and expires > ?")
    insertReceipt = try connection.prepare(
      "insert or replace into receipt (key, body, item, expires) values (?, ?, ?, ?)")
    forgetReceipts = try connection.prepare(
      """
      delete from receipt where key in
      (select key from receipt where expires <= ? order by expires limit \(Limits.receiptsForgottenMax))
      """)
    selectOtherHolder = try connection.prepare("select 1 from user where \(SQLiteColumns.isNamed) and id <> ?4 limit 1")
    insertUser = try connection.prepare(
      """
      insert into user
      (tenant, principal_name, principal_name_folded, display_name, display_name_folded, version, json, id)
      values (?, ?, ?, ?, ?, ?, ?, ?)
      """)
    updateUser = try connection.prepare(
      """
      update user set tenant = ?, principal_name = ?, principal_name_folded = ?, display_name = ?,
      display_name_folded = ?, version = ?, json = ? where id = ?
      """)
  }

  // MARK: Items

  /// The item and its owner as they are now.
  func state(of key: ItemKey, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemState {
    guard let owner = try relations.owner(key.user, for: authorization) else { return ItemState(owner: nil, item: nil) }
    try selectItem.bind(key.user.text, key.collection, key.id.text)
    let item = try selectItem.first { row throws(SQLiteFailure) in try row.item(key, from: 0) }
    return ItemState(owner: owner, item: item)
  }

  /// See `WriteTables`.
  func update(_ item: StoredItem, ifStill base: Version) throws(SQLiteFailure) -> Bool {
    guard item.listed == nil else { return false }
    let key = item.key
    try updateSameSize.bind(
      item.version.number, item.audience.rawValue, item.collapsible?.lowerBound, item.collapsible?.upperBound,
      item.json, key.user.text, key.collection, key.id.text, base.number, item.created.ticks, item.json.count)
    try updateSameSize.run()
    return connection.changes == 1
  }

  /// Replaces an item that exists.
  func update(_ item: StoredItem) throws(SQLiteFailure) {
    let key = item.key
    try updateItem.bind(
      item.version.number, item.audience.rawValue, item.created.ticks, item.collapsible?.lowerBound,
      item.collapsible?.upperBound, item.json, item.listed?.user.text, item.listed?.audience.rawValue, key.user.text,
      key.collection, key.id.text)
    try updateItem.run()
  }

  /// Adds an item that does not exist.
  func insert(_ item: StoredItem) throws(SQLiteFailure) {
    let key = item.key
    try insertItem.bind(
      key.user.text, key.collection, key.id.text, item.version.number, item.audience.rawValue, item.created.ticks,
      item.collapsible?.lowerBound, item.collapsible?.upperBound, item.json, item.listed?.user.text,
      item.listed?.audience.rawValue)
    try insertItem.run()
  }

  /// Deletes an item.
  func delete(_ key: ItemKey) throws(SQLiteFailure) {
    try deleteItem.bind(key.user.text, key.collection, key.id.text)
    try deleteItem.run()
  }

  /// See `WriteTables`.
  func delete(_ key: ItemKey, ifStill base: Version) throws(SQLiteFailure) -> Bool {
    try deleteVersion.bind(key.user.text, key.collection, key.id.text, base.number)
    try deleteVersion.run()
    return connection.changes == 1
  }

  /// How much a person holds.
  func usage(of user: UserID) throws(SQLiteFailure) -> PersonQuota {
    try selectUsage.bind(user.text)
    let rows = try selectUsage.all { row throws(SQLiteFailure) in
      (collection: row.text(0), count: Int(row.int64(1)), bytes: Int(row.int64(2)))
    }
    var usage = PersonQuota()
    for row in rows {
      usage.counts[row.collection] = row.count
      usage.bytes += row.bytes
    }
    return usage
  }

  // MARK: People

  /// The version of a person; nil when there is none.
  func version(of user: UserID) throws(SQLiteFailure) -> Version? {
    try selectUserVersion.bind(user.text)
    return try selectUserVersion.first { row throws(SQLiteFailure) in Version(number: row.int64(0)) }
  }

  /// Nothing to do: a writing transaction of SQLite is alone from its beginning.
  func lock(_ user: UserID, of tenant: TenantID) throws(SQLiteFailure) {}

  /// A person; nil when there is none.
  func user(_ id: UserID) throws(SQLiteFailure) -> StoredUser? {
    try selectUser.bind(id.text)
    return try selectUser.first { row throws(SQLiteFailure) in try row.user() }
  }

  /// Deletes a person and their mail address. Their items are deleted apart.
  func delete(_ user: StoredUser) throws(SQLiteFailure) {
    try mail.forget(user.id)
    try deleteUser.bind(user.id.text)
    try deleteUser.run()
  }

  /// The keys of the items of a person, with versions and audiences.
  func versions(of user: UserID) throws(SQLiteFailure) -> [(ItemKey, Version, Audience)] {
    try selectVersions.bind(user.text)
    return try selectVersions.all { row throws(SQLiteFailure) in
      let key = ItemKey(user: user, collection: row.text(0), id: try row.itemID(1))
      return (key, Version(number: row.int64(2)), Audience(rawValue: row.int64(3)))
    }
  }

  /// Whether another person of the tenant has a principal name with the same key as that of `user`.
  func isPrincipalNameTaken(of user: StoredUser) throws(SQLiteFailure) -> Bool {
    guard let key = user.principalNameKey else { return false }
    try selectOtherHolder.bind(user.tenant.text, SQLiteColumns.beginning(of: key), key, user.id.text)
    return try selectOtherHolder.first { row throws(SQLiteFailure) in row.int64(0) } != nil
  }

  /// Adds a person who does not exist.
  func insert(_ user: StoredUser) throws(SQLiteFailure) { try write(user, with: insertUser) }

  /// Replaces a person who exists.
  func update(_ user: StoredUser, replacing old: StoredUser) throws(SQLiteFailure) {
    try write(user, with: updateUser)
  }

  private func write(_ user: StoredUser, with statement: SQLiteStatement) throws(SQLiteFailure) {
    try statement.bind(
      user.tenant.text, user.principalName, UserColumn.userPrincipalName.text(of: user), user.displayName,
      UserColumn.displayName.text(of: user), user.version.number, user.json, user.id.text)
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

  func setSavepoint() throws(SQLiteFailure) {
    savepoint = auditLog.savepoint
    try connection.execute("savepoint part")
  }

  func undoToSavepoint() throws(SQLiteFailure) {
    if let savepoint { auditLog.undo(to: savepoint) }
    try connection.execute("rollback to part")
    try releaseSavepoint()
  }

  func releaseSavepoint() throws(SQLiteFailure) { try connection.execute("release part") }

  /// Empties every table except that of tenants, and the audit log.
  func deleteEverything() throws(SQLiteFailure) {
    for table in ["item", "user", "receipt", "directory_group", "membership", "mail_address"] {
      try connection.execute("delete from \(table)")
    }
    try auditLog.deleteEverything()
  }
}

// MARK: What other objects write

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

  func isMember(_ user: UserID, of group: GroupID) throws(SQLiteFailure) -> Bool {
    try directory.isMember(user, of: group)
  }

  func membershipCount(of user: UserID) throws(SQLiteFailure) -> Int { try directory.membershipCount(of: user) }

  func add(_ user: UserID, to group: GroupID) throws(SQLiteFailure) { try directory.add(user, to: group) }

  func remove(_ user: UserID, from group: GroupID) throws(SQLiteFailure) { try directory.remove(user, from: group) }

  func removeMemberships(of user: UserID) throws(SQLiteFailure) -> [GroupID] {
    try directory.removeMemberships(of: user)
  }

  func put(_ settings: TenantSettings) throws(SQLiteFailure) { try directory.put(settings) }

  func add(_ tenant: TenantID) throws(SQLiteFailure) { try directory.add(tenant) }

  func append(_ change: Change) throws(SQLiteFailure) { try auditLog.append(change) }
}
