import OData
import Profiles

/// A read-only connection with its statements. Belongs to one thread.
final class SQLiteReadStatements {
  private let connection: SQLiteConnection
  private let selectItem, selectFirstItems, selectNextItems, selectUser, selectPrincipalName: SQLiteStatement
  private let countItems, selectBeyondTenant, selectUsers, countUsers: SQLiteStatement

  /// Most people whom one server reads are of one tenant.
  private var lastTenant: TenantID?

  /// Opens the database at `path` and prepares every statement.
  init(_ path: String) throws(SQLiteFailure) {
    connection = try SQLiteConnection(path, .read)
    let columns = SQLiteRows.itemColumns
    selectItem = try connection.prepare(
      """
      select i.\(columns.replacing(", ", with: ", i.")), u.tenant, u.display_name
      from item i join user u on u.id = i.user where i.user = ? and i.collection = ? and i.id = ?
      """)
    selectFirstItems = try connection.prepare(
      """
      select id, \(columns) from item where user = ?1 and collection = ?2 and (?3 is null or audience & ?3 != 0)
      order by created, id limit ?4
      """)
    selectNextItems = try connection.prepare(
      """
      select id, \(columns) from item where user = ?1 and collection = ?2 and (?3 is null or audience & ?3 != 0)
      and (created, id) > (?5, ?6) order by created, id limit ?4
      """)
    countItems = try connection.prepare(
      "select count(*) from item where user = ?1 and collection = ?2 and (?3 is null or audience & ?3 != 0)")
    // The first condition on the audience is the one of the index.
    selectBeyondTenant = try connection.prepare(
      "select 1 from item where user = ? and \(SQLiteSchema.isBeyondTenant) and audience & ? != 0 limit 1")
    selectUsers = try connection.prepare(
      "select \(SQLiteRows.userColumns) from user where tenant = ? and id > ? order by id limit ?")
    countUsers = try connection.prepare("select count(*) from user where tenant = ?")
    selectUser = try connection.prepare("select \(SQLiteRows.userColumns) from user where id = ?")
    selectPrincipalName = try connection.prepare(
      "select \(SQLiteRows.userColumns) from user where tenant = ? and principal_name_folded = ?")
  }

  /// An item and its owner; nil when there is no such item.
  func item(_ key: ItemKey) throws(SQLiteFailure) -> FoundItem? {
    try selectItem.bind(key.user.text, key.collection, key.id.text)
    let found = try selectItem.first { row throws(SQLiteFailure) in
      FoundItem(item: try row.item(key, from: 0), owner: try row.owner(from: 6, likely: lastTenant))
    }
    if let found { lastTenant = found.owner.tenant }
    return found
  }

  /// One page of a collection in the default order, of those items that are for one of the audiences.
  func items(
    of user: UserID, in collection: String, audiences: Audience?, after position: ItemPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredItem> {
    let select: SQLiteStatement
    let rows = limit + 1
    if let position {
      select = selectNextItems
      try select.bind(
        user.text, collection, audiences?.rawValue, rows, position.created.ticks, position.id.text)
    } else {
      select = selectFirstItems
      try select.bind(user.text, collection, audiences?.rawValue, rows)
    }
    return try select.page(limit: limit, size: \.json.count) { row throws(SQLiteFailure) in
      let key = ItemKey(user: user, collection: collection, id: try row.itemID(0))
      return try row.item(key, from: 1)
    }
  }

  /// Whether a person has an item for one of these audiences, which reach beyond their tenant.
  func hasItems(of user: UserID, beyondTenant audiences: Audience) throws(SQLiteFailure) -> Bool {
    try selectBeyondTenant.bind(user.text, audiences.rawValue)
    return try selectBeyondTenant.first { _ throws(SQLiteFailure) in true } ?? false
  }

  /// How many items have an audience in common with `audiences`, all when that is nil.
  func count(of user: UserID, in collection: String, audiences: Audience?) throws(SQLiteFailure) -> Int {
    try countItems.bind(user.text, collection, audiences?.rawValue)
    return try countItems.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }

  /// One page of a tenant's people, by id.
  func users(
    in tenant: TenantID, after place: OrderPlace?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    try selectUsers.bind(tenant.text, place.map { String(decoding: $0.id, as: UTF8.self) } ?? "", limit + 1)
    return try selectUsers.page(limit: limit, size: \.json.count) { row throws(SQLiteFailure) in try row.user() }
  }

  /// One page of those that are selected, in the order that is asked for.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: OrderPlace?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    let query = SQLiteUserQuery(selection, after: place)
    let select = try connection.prepare(query.text)
    try select.bind(all: [tenant.text] + query.parameters + [limit + 1])
    return try select.page(limit: limit, size: \.json.count) { row throws(SQLiteFailure) in try row.user() }
  }

  /// How many people a tenant has.
  func countUsers(in tenant: TenantID) throws(SQLiteFailure) -> Int {
    try countUsers.bind(tenant.text)
    return try countUsers.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }

  /// The person with this id.
  func user(_ id: UserID) throws(SQLiteFailure) -> StoredUser? {
    try selectUser.bind(id.text)
    return try selectUser.first { row throws(SQLiteFailure) in try row.user() }
  }

  /// The person with this principal name in a tenant.
  func user(principalName: String, in tenant: TenantID) throws(SQLiteFailure) -> StoredUser? {
    try selectPrincipalName.bind(tenant.text, StoredUser.foldedPrincipalName(principalName))
    return try selectPrincipalName.first { row throws(SQLiteFailure) in try row.user() }
  }
}

/// Where one thread reads: opens its connection when it is first needed. Belongs to that thread.
final class SQLiteReadSource {
  private let path: String
  private let condition: SQLiteCondition
  private var statements: SQLiteReadStatements?

  /// Reads the database at `path`.
  init(path: String, condition: SQLiteCondition) {
    self.path = path
    self.condition = condition
  }

  /// Opens the connection ahead of the first read; whether that fails shows at the read.
  func open() { _ = try? opened() }

  /// Runs one read. Readers wait for nobody in WAL mode, except for the moment in which another connection
  /// recovers the log; that is tried again.
  func read<Answer>(
    _ body: (SQLiteReadStatements) throws(SQLiteFailure) -> Answer
  ) -> Result<Answer, StoreError> {
    guard !condition.isClosed else {
      statements = nil
      return .failure(.closed)
    }
    var attempts = 1
    while true {
      do throws(SQLiteFailure) {
        return .success(try body(try opened()))
      } catch {
        guard error.isBusy, attempts < Limits.readAttemptsMax else { return .failure(condition.readError(error)) }
        attempts += 1
        StoreThread.pause(milliseconds: 1)
      }
    }
  }

  private func opened() throws(SQLiteFailure) -> SQLiteReadStatements {
    if let statements { return statements }
    let opened = try SQLiteReadStatements(path)
    statements = opened
    return opened
  }
}
