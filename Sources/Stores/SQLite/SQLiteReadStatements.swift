import OData
import Profiles

/// A read-only connection with its statements. Belongs to one thread.
final class SQLiteReadStatements {
  /// The connection that they run on.
  let connection: SQLiteConnection
  private let selectItem, selectVisibleItem, selectState, selectUser, selectPrincipalName,
    selectReferred: SQLiteStatement
  private let selectUsers, countUsers, begin, commit: SQLiteStatement
  /// For each audience that reaches beyond a tenant, whether a collection has an item for it.
  private let selectBeyondTenant: [(audience: Audience, statement: SQLiteStatement)]
  private let visible: SQLiteVisibleItems
  /// The numbers of tenants, collections and properties.
  let names: SQLiteNames
  /// How requesters relate to owners.
  let relations: SQLiteOwnerRelations
  /// Groups and the audit log.
  let directory: SQLiteDirectoryStatements
  private let people: SQLitePeopleSearch

  /// Opens the database at `path` and prepares every statement.
  init(_ path: String, _ policyDefaults: [TenantID: TenantPolicy]) throws(SQLiteFailure) {
    connection = try SQLiteConnection(path, .read)
    names = try SQLiteNames(connection)
    relations = try SQLiteOwnerRelations(connection, names, policyDefaults)
    directory = try SQLiteDirectoryStatements(connection, names)
    visible = try SQLiteVisibleItems(connection)
    people = try SQLitePeopleSearch(connection, names)
    begin = try connection.prepare("begin")
    commit = try connection.prepare("commit")
    let user = SQLiteColumns.user
    selectItem = try connection.prepare(
      """
      select \(SQLiteColumns.of("i", SQLiteColumns.item)), o.tenant, o.display_name from person o
      cross join profile i on \(SQLiteProfileKey.place("i", of: "o.number", "?2")) and i.id = ?3
      where o.id = ?1 and o.tenant is not null
      """)
    // The index decides, so that an item that is not visible takes no longer than one that does not exist.
    selectVisibleItem = try connection.prepare(
      """
      select \(SQLiteColumns.item) from profile where \(SQLiteProfileKey.place) = ?1 and id = ?2
      and (?3 is null or key & ?3 != 0)
      """)
    selectState = try connection.prepare("select json from profile where key = ?")
    var selectBeyondTenant: [(Audience, SQLiteStatement)] = []
    for audience in [Audience.federatedOrganizations, .everyone] {
      let statement = try connection.prepare(
        "select 1 from profile where \(SQLiteProfileKey.place) = ? and \(SQLiteProfileKey.isFor(audience)) limit 1")
      selectBeyondTenant.append((audience, statement))
    }
    self.selectBeyondTenant = selectBeyondTenant
    selectUsers = try connection.prepare(
      "select \(user) from person where tenant = ? and id > ? order by id limit ?")
    countUsers = try connection.prepare("select people from person_count where tenant = ?")
    selectUser = try connection.prepare("select \(user) from person where id = ? and tenant is not null")
    let named = "select \(user) from person where \(SQLiteColumns.isNamed)"
    selectPrincipalName = try connection.prepare("\(named) order by id limit 1")
    selectReferred = try connection.prepare(
      """
      select \(user) from person where tenant = ?1 and id = ?4
      union all select * from (\(named) order by id limit 1) limit 1
      """)
  }

  /// Drops the page cache, so that pages are read again.
  func forgetPages() { connection.forgetPages() }

  /// A visible item and its owner; nil when there is none.
  func item(_ key: ItemKey, for authorization: AuthorizationContext) throws(SQLiteFailure) -> OwnedItem? {
    guard authorization.needsOwnerRelation(to: key.user) else { return try item(key) }
    return try inSnapshot { () throws(SQLiteFailure) in
      let (number, owner) = try relations.owner(key.user, for: authorization)
      // If the person does not exist, the item is looked up all the same, like one that is not visible.
      let audiences = owner.map { authorization.audiences(of: key.user, $0, in: key.collection) } ?? Audience.me
      try selectVisibleItem.bind(
        SQLiteProfileKey.place(number, try names.number(ofCollection: key.collection)), SQLiteIdentifier(key.id.text),
        audiences.map(SQLiteProfileKey.bits(of:)))
      return try selectVisibleItem.first { row throws(SQLiteFailure) in
        guard let owner else { return nil as OwnedItem? }
        return OwnedItem(item: try row.item(key, from: 0), owner: owner)
      } ?? nil
    }
  }

  /// An owner, and as much of the relation to them as `authorization` needs; nil when there is no such person.
  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> ItemOwner? {
    guard authorization.needsOwnerRelation(to: user) else { return try relations.owner(user, for: authorization).owner }
    return try inSnapshot { () throws(SQLiteFailure) in try relations.owner(user, for: authorization).owner }
  }

  /// Whether a snapshot is open that the reads share.
  @exclusivity(unchecked) private var isInSnapshot = false
  /// Whether a snapshot could not be ended, so that whatever is read from now on may be old.
  @exclusivity(unchecked) private(set) var isStuck = false

  /// Runs many reads on one snapshot, which spares each of them the locks of the file.
  func withSnapshot(_ body: () -> Void) {
    guard beginSnapshot() else { return body() }
    body()
    endSnapshot()
  }

  /// Begins a snapshot that lasts until `endSnapshot`. Returns false when one is open already, or cannot be begun.
  func beginSnapshot() -> Bool {
    guard !isInSnapshot, (try? begin.run()) != nil else { return false }
    isInSnapshot = true
    return true
  }

  /// Ends the snapshot that `beginSnapshot` began.
  func endSnapshot() {
    isInSnapshot = false
    end()
  }

  /// Ends the transaction. Nothing was written, so there is nothing to keep or to undo.
  private func end() {
    do throws(SQLiteFailure) { try commit.run() } catch { isStuck = true }
  }

  /// Runs reads on one snapshot.
  private func inSnapshot<Answer>(_ body: () throws(SQLiteFailure) -> Answer) throws(SQLiteFailure) -> Answer {
    guard !isInSnapshot else { return try body() }
    try begin.run()
    defer { end() }
    return try body()
  }

  private func item(_ key: ItemKey) throws(SQLiteFailure) -> OwnedItem? {
    try selectItem.bind(
      key.user.text, try names.number(ofCollection: key.collection), SQLiteIdentifier(key.id.text))
    let names = names
    return try selectItem.first { row throws(SQLiteFailure) in
      let owner = ItemOwner(tenant: try names.tenant(row.int64(6)), displayName: row.optionalText(7))
      return OwnedItem(item: try row.item(key, from: 0), owner: owner)
    }
  }

  /// One page of the visible items of a collection, in the default order.
  func items(
    of user: UserID, in collection: String, for authorization: AuthorizationContext, after position: ItemPosition?,
    limit: Int
  ) throws(SQLiteFailure) -> OwnedPage {
    try inSnapshot { () throws(SQLiteFailure) in
      let (number, owner) = try relations.owner(user, for: authorization)
      guard let owner else { return OwnedPage(owner: nil, page: StoredPage([], isLast: true)) }
      let page = try visible.page(
        of: user, collection, at: SQLiteProfileKey.place(number, try names.number(ofCollection: collection)),
        audiences: authorization.audiences(of: user, owner, in: collection), after: position, limit: limit)
      return OwnedPage(owner: owner, page: page)
    }
  }

  /// Whether a person has a visible item for an audience that reaches beyond their tenant. Every collection is looked
  /// into twice, whatever it holds and whether or not the person exists, so that the time tells nothing but the answer.
  func hasItemsBeyondTenant(of user: UserID, for authorization: AuthorizationContext) throws(SQLiteFailure) -> Bool {
    try inSnapshot { () throws(SQLiteFailure) in
      let (number, owner) = try relations.owner(user, for: authorization)
      let decided = authorization.audiences(of: user, owner ?? .nobody, in: ProfileModel.collections)
      var isFound = false
      for (collection, audiences) in zip(ProfileModel.collections, decided) {
        let visible = owner == nil ? .me : audiences ?? .all
        let place = SQLiteProfileKey.place(number, try names.number(ofCollection: collection.name))
        for (audience, select) in selectBeyondTenant {
          try select.bind(place)
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
      let (number, owner) = try relations.owner(user, for: authorization)
      guard let owner else { return 0 }
      let collectionNumber = try names.number(ofCollection: collection)
      guard let audiences = authorization.audiences(of: user, owner, in: collection) else {
        try selectState.bind(SQLiteProfileKey(stateOf: number).number)
        let state = try selectState.first { row throws(SQLiteFailure) in try row.personState(0) }
        return state?.count(of: collectionNumber) ?? 0
      }
      return try visible.count(at: SQLiteProfileKey.place(number, collectionNumber), audiences: audiences)
    }
  }

  /// One page of a tenant's people, by id.
  func users(
    in tenant: TenantID, after place: KeysetPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    try selectUsers.bind(try number(of: tenant), place.map { String(decoding: $0.id, as: UTF8.self) } ?? "", limit + 1)
    return try selectUsers.page(limit: limit, size: { $0.json.count }) { row throws(SQLiteFailure) in
      try row.user(names)
    }
  }

  /// One page of the people that are selected, in the order of the selection.
  func users(
    in tenant: TenantID, _ selection: UserSelection, after place: KeysetPosition?, limit: Int
  ) throws(SQLiteFailure) -> StoredPage<StoredUser> {
    guard let number = try names.number(of: tenant) else { return StoredPage([], isLast: true) }
    return try inSnapshot { () throws(SQLiteFailure) in
      try people.page(in: number, selection, after: place, limit: limit)
    }
  }

  /// The number of a tenant; that of nobody when there is no such tenant.
  private func number(of tenant: TenantID) throws(SQLiteFailure) -> Int64 {
    try names.number(of: tenant) ?? SQLiteProfileKey.nobody
  }

  /// How many people a tenant has.
  func countUsers(in tenant: TenantID) throws(SQLiteFailure) -> Int {
    try countUsers.bind(try number(of: tenant))
    return try countUsers.first { row throws(SQLiteFailure) in Int(row.int64(0)) } ?? 0
  }

  /// The person with this id.
  func user(_ id: UserID) throws(SQLiteFailure) -> StoredUser? {
    try selectUser.bind(id.text)
    return try selectUser.first { row throws(SQLiteFailure) in try row.user(names) }
  }

  /// The person of a tenant with this principal name; with `orID`, the one with this id comes first.
  func user(principalName: String, orID: Bool, in tenant: TenantID) throws(SQLiteFailure) -> StoredUser? {
    let key = PrincipalName.key(of: principalName)
    let select = orID ? selectReferred : selectPrincipalName
    if orID {
      try select.bind(try number(of: tenant), SQLiteColumns.beginning(of: key), key, principalName)
    } else {
      try select.bind(try number(of: tenant), SQLiteColumns.beginning(of: key), key)
    }
    return try select.first { row throws(SQLiteFailure) in try row.user(names) }
  }
}
