import OData
import Profiles

/// A read-only connection with its statements. Belongs to one thread.
final class SQLiteReadStatements {
  private let connection: SQLiteConnection
  private let selectItem, selectVisibleItem, selectFirstItems, selectNextItems, selectUser,
    selectPrincipalName, selectReferred: SQLiteStatement
  private let countItems, selectFederated, selectEveryone, selectUsers, selectScanEnd, countUsers, begin,
    commit: SQLiteStatement
  /// How requesters relate to owners.
  let relations: SQLiteOwnerRelations
  /// Groups and the audit log.
  let directory: SQLiteDirectoryStatements

  /// The tenant of the last owner, which is probably that of the next one, too.
  private var lastTenant: TenantID?

  /// Opens the database at `path` and prepares every statement.
  init(_ path: String, _ policyDefaults: [TenantID: TenantPolicy]) throws(SQLiteFailure) {
    connection = try SQLiteConnection(path, .read)
    let columns = SQLiteColumns.item
    relations = try SQLiteOwnerRelations(connection, policyDefaults)
    directory = try SQLiteDirectoryStatements(connection)
    begin = try connection.prepare("begin")
    commit = try connection.prepare("commit")
    selectItem = try connection.prepare(
      """
      select i.\(columns.replacing(", ", with: ", i.")), u.tenant, u.display_name
      from item i join user u on u.id = i.user where i.user = ? and i.collection = ? and i.id = ?
      """)
    // Items that are not visible are not read, so that they take no longer than items that do not exist.
    selectVisibleItem = try connection.prepare(
      """
      select \(columns) from item where user = ?1 and collection = ?2 and id = ?3
      and (?4 is null or audience & ?4 != 0)
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
    // Each condition on the audience is the condition of an index.
    selectFederated = try connection.prepare(
      "select 1 from item where user = ? and collection = ? and \(SQLiteSchema.isFor(.federatedOrganizations)) limit 1")
    selectEveryone = try connection.prepare(
      "select 1 from item where user = ? and collection = ? and \(SQLiteSchema.isFor(.everyone)) limit 1")
    selectUsers = try connection.prepare(
      "select \(SQLiteColumns.user) from user where tenant = ? and id > ? order by id limit ?")
    selectScanEnd = try connection.prepare(
      "select id from user where tenant = ? and id > ? order by id limit 1 offset \(Limits.scanRowsMax - 1)")
    countUsers = try connection.prepare("select count(*) from user where tenant = ?")
    selectUser = try connection.prepare("select \(SQLiteColumns.user) from user where id = ?")
    let named = "select \(SQLiteColumns.user) from user where \(SQLiteColumns.isNamed)"
    selectPrincipalName = try connection.prepare("\(named) order by id limit 1")
    selectReferred = try connection.prepare(
      """
      select \(SQLiteColumns.user) from user where tenant = ?1 and id = ?4
      union all select * from (\(named) order by id limit 1) limit 1
      """)
  }

  /// Drops the page cache, so that pages are read again.
  func forgetPages() { connection.forgetPages() }

  /// A visible item and its owner; nil when there is none.
  func item(_ key: ItemKey, for authorization: AuthorizationContext) throws(SQLiteFailure) -> OwnedItem? {
    guard authorization.needsOwnerRelation(to: key.user) else { return try item(key) }
    return try inSnapshot { () throws(SQLiteFailure) in
      let owner = try relations.owner(key.user, for: authorization)
      // The item of a person who does not exist is looked for all the same, as one that is not visible.
      let audiences = owner.map { authorization.audiences(of: key.user, $0, in: key.collection) } ?? Audience.me
      try selectVisibleItem.bind(key.user.text, key.collection, key.id.text, audiences?.rawValue)
      return try selectVisibleItem.first { row throws(SQLiteFailure) in
        guard let owner else { return nil as OwnedItem? }
        return OwnedItem(item: try row.item(key, from: 0), owner: owner)
      } ?? nil
    }
  }

  /// An owner, and as much of the relation to them as `authorization` needs; nil when there is no such person.
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemOwner? {
    guard authorization.needsOwnerRelation(to: user) else { return try relations.owner(user, for: authorization) }
    return try inSnapshot { () throws(SQLiteFailure) in try relations.owner(user, for: authorization) }
  }

  /// Whether a snapshot is open, which the reads share.
  private var isInSnapshot = false

  /// Runs many reads on one snapshot, which spares each of them the locks of the file.
  func withSnapshot(_ body: () -> Void) {
    guard !isInSnapshot, (try? begin.run()) != nil else { return body() }
    isInSnapshot = true
    body()
    isInSnapshot = false
    try? commit.run()
  }

  /// Runs reads on one snapshot.
  private func inSnapshot<Answer>(_ body: () throws(SQLiteFailure) -> Answer) throws(SQLiteFailure) -> Answer {
    guard !isInSnapshot else { return try body() }
    try begin.run()
    // Nothing was written, so there is nothing to keep or to undo.
    defer { try? commit.run() }
    return try body()
  }

  private func item(_ key: ItemKey) throws(SQLiteFailure) -> OwnedItem? {
    try selectItem.bind(key.user.text, key.collection, key.id.text)
    let found = try selectItem.first { row throws(SQLiteFailure) in
      OwnedItem(item: try row.item(key, from: 0), owner: try row.owner(from: 6, likely: lastTenant))
    }
    if let found { lastTenant = found.owner.tenant }
    return found
  }

  /// One page of the visible items of a collection, in the default order.
  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, after position: ItemPosition?,
    limit: Int
  ) throws(SQLiteFailure) -> OwnedPage {
    try inSnapshot { () throws(SQLiteFailure) in
      guard let owner = try relations.owner(user, for: authorization) else {
        return OwnedPage(owner: nil, page: StoredPage([], isLast: true))
      }
      let audiences = authorization.audiences(of: user, owner, in: collection)
      return OwnedPage(
        owner: owner,
        page: try items(of: user, in: collection, audiences: audiences, after: position, limit: limit))
    }
  }

  private func items(
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
    return try select.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in
      let key = ItemKey(user: user, collection: collection, id: try row.itemID(0))
      return try row.item(key, from: 1)
    }
  }

  /// Whether a person has a visible item for an audience that reaches beyond their tenant. Every collection is looked
  /// into twice, whatever it holds and whether or not the person exists, so that the time tells nothing but the answer.
  func hasItemsBeyondTenant(of user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> Bool {
    try inSnapshot { () throws(SQLiteFailure) in
      let owner = try relations.owner(user, for: authorization)
      var isFound = false
      for collection in ProfileModel.collections {
        let visible = owner.map { authorization.audiences(of: user, $0, in: collection.name) ?? .all } ?? .me
        for (audience, select) in [(Audience.federatedOrganizations, selectFederated), (.everyone, selectEveryone)] {
          try select.bind(user.text, collection.name)
          let isThere = try select.first { _ throws(SQLiteFailure) in true } ?? false
          isFound = isFound || isThere && visible.contains(audience)
        }
      }
      return isFound
    }
  }

  /// The number of visible items.
  func count(of user: UserID, in collection: String, for authorization: AuthorizationContext) throws(SQLiteFailure)
    -> Int
  {
    try inSnapshot { () throws(SQLiteFailure) in
      guard let owner = try relations.owner(user, for: authorization) else { return 0 }
      try countItems.bind(user.text, collection, authorization.audiences(of: user, owner, in: collection)?.rawValue)
      return try countItems.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
    }
  }

  /// One page of a tenant's people, by id.
  func users(
    in tenant: TenantID, after place: KeysetPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    try selectUsers.bind(tenant.text, place.map { String(decoding: $0.id, as: UTF8.self) } ?? "", limit + 1)
    return try selectUsers.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in try row.user() }
  }

  /// One page of the people that are selected, in the order of the selection.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    let end = try selection.keys.isEmpty && selection.mayReadEverybody ? scanEnd(in: tenant, after: place) : nil
    let query = SQLiteUserQuery(selection, after: place, upTo: end)
    let select = try connection.prepare(query.text)
    try select.bind(all: [tenant.text] + query.parameters + [limit + 1])
    let page = try select.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in try row.user() }
    guard let end, page.isLast else { return page }
    return StoredPage(page.elements, isLast: false, end: KeysetPosition(values: [], id: Array(end.utf8)))
  }

  /// The id of the last person that one piece of a search looks at; nil when it may look at all that are left.
  private func scanEnd(in tenant: TenantID, after place: KeysetPosition?) throws(SQLiteFailure) -> String? {
    try selectScanEnd.bind(tenant.text, place.map { String(decoding: $0.id, as: UTF8.self) } ?? "")
    return try selectScanEnd.first { row throws(SQLiteFailure) in row.text(0) }
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

  /// The person of a tenant with this principal name; with `orID`, the one with this id comes first.
  func user(principalName: String, orID: Bool, in tenant: TenantID) throws(SQLiteFailure) -> StoredUser? {
    let key = PrincipalName.key(of: principalName)
    let select = orID ? selectReferred : selectPrincipalName
    if orID {
      try select.bind(tenant.text, SQLiteColumns.beginning(of: key), key, principalName)
    } else {
      try select.bind(tenant.text, SQLiteColumns.beginning(of: key), key)
    }
    return try select.first { row throws(SQLiteFailure) in try row.user() }
  }
}
