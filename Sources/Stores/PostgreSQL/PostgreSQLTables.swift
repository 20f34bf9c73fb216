import OData
import Profiles

/// The statements of one writing connection. Writes are gathered and go out with the next read or with the commit, in
/// one round trip; what a group of writes reads first is prefetched in another.
final class PostgreSQLTables: WriteTables {
  typealias Failure = PostgreSQLFailure

  private let connection: PostgreSQLConnection
  private let auditKey: AuditKey
  let relations: PostgreSQLOwnerRelations
  /// The id of the transaction, to look up its outcome.
  private var transaction: String?
  private var unsent: [PostgreSQLQuery] = []
  private var fetched: [ItemKey: StoredItem?] = [:]
  /// The people whom the group of writes touches, and how much they hold.
  private var touchedUsers: [UserID] = []
  private var usages: [UserID: PersonQuota] = [:]
  /// The owners that were looked up, until something is written that their rows depend on.
  private var owners: [PostgreSQLOwnerLookup: PostgreSQLOwnerRelations.OwnerRow?] = [:]
  private var ends: [AuditChainOwner: (chain: AuditChain, isNew: Bool)] = [:]
  /// The ends of chains at the savepoint.
  private var savedEnds: [AuditChainOwner: (chain: AuditChain, isNew: Bool)] = [:]

  private var lastReceiptTime: DateTimeOffset?
  /// Whether the tables are spread over nodes.
  private let isDistributed: Bool

  /// The tables of a connection. `isDistributed` tells whether they are spread over nodes.
  init(
    _ connection: PostgreSQLConnection, _ auditKey: AuditKey, _ policyDefaults: [TenantID: TenantPolicy],
    isDistributed: Bool
  ) {
    self.isDistributed = isDistributed
    self.connection = connection
    self.auditKey = auditKey
    relations = PostgreSQLOwnerRelations(policyDefaults)
  }

  /// Whether these tables use a connection.
  func isOn(_ connection: PostgreSQLConnection) -> Bool { self.connection === connection }

  // MARK: The transaction

  /// Begins a transaction, locks the chains of people in their order, so that writes of several servers come one after
  /// the other, and reads ahead what the writes will need. One round trip. Throws `misplaced` when a shard is not where the
  /// write set wants it.
  func begin(_ writeSet: PostgreSQLWriteSet) throws(PostgreSQLFailure) {
    unsent = []
    fetched = [:]
    owners = [:]
    ends = [:]
    let users = writeSet.users.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    let prefetch = PostgreSQLPrefetch(
      users: users, keys: Array(writeSet.keys), lookups: Array(writeSet.ownerLookups), isDistributed: isDistributed)
    var queries = [PostgreSQLQuery(Self.begin), PostgreSQLQuery(Self.identify)]
    let shards = writeSet.localShards
    if !shards.isEmpty {
      queries.append(PostgreSQLQuery(PostgreSQLShardMap.countLocal, .column(shards.map(PostgreSQLValue.int), .bigint)))
    }
    queries += writeSet.settings.map { PostgreSQLQuery($0) }
    let answers = try connection.run(queries + prefetch.queries)
    guard let identity = answers.dropFirst().first?.first else { throw .disconnected }
    transaction = identity.text(0)
    guard identity.int64(1) == PostgreSQLSchema.version else {
      try rollback()
      throw .schema("The database has the form of another version of Facet. Update this server.")
    }
    guard shards.isEmpty || answers[2].first?.int64(0) == Int64(shards.count) else { throw .misplaced }
    let state = try prefetch.state(Array(answers.dropFirst(queries.count)))
    (touchedUsers, usages) = (users, [:])
    (ends, fetched, owners) = (state.ends.mapValues { ($0, false) }, state.items, state.owners)
  }

  /// The evidence of the open transaction; nil when it appends nothing to the audit log.
  var commitProof: PostgreSQLCommitProof? {
    guard let transaction, let (owner, end) = touched.first else { return nil }
    return PostgreSQLCommitProof(transaction: transaction, owner: owner, chain: end.chain)
  }

  /// Sends the rest and commits. One round trip. When it throws an outage, the transaction may have been committed.
  func commit() throws(PostgreSQLFailure) {
    for (owner, end) in touched {
      unsent.append(
        PostgreSQLQuery(
          end.isNew ? Self.insertChain : Self.updateChain, .text(owner.user.text), .text(owner.tenant.text),
          .int(end.chain.length), .bytes(end.chain.tip), .bytes(end.chain.seal(of: owner, auditKey))))
    }
    let isOfMany = touched.count > 1 && !isDistributed
    let queries = (isOfMany ? PostgreSQLBulk.folded(unsent) : unsent) + [PostgreSQLQuery(Self.commit)]
    unsent = []
    touched = [:]
    _ = try connection.run(queries)
  }

  /// Rolls back.
  func rollback() throws(PostgreSQLFailure) {
    unsent = []
    touched = [:]
    _ = try connection.run([PostgreSQLQuery(Self.rollback)])
  }

  private var touched: [AuditChainOwner: (chain: AuditChain, isNew: Bool)] = [:]
  private var savedTouched: [AuditChainOwner: (chain: AuditChain, isNew: Bool)] = [:]

  /// Queues a statement for the next read or the commit.
  func write(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) {
    unsent.append(PostgreSQLQuery(statement, values: values))
  }

  /// Reads, after everything that was written so far.
  func read(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) throws(PostgreSQLFailure)
    -> PostgreSQLRows
  { try read(PostgreSQLQuery(statement, values: values)) }

  private func read(_ query: PostgreSQLQuery) throws(PostgreSQLFailure) -> PostgreSQLRows {
    let queries = unsent + [query]
    unsent = []
    let answers = try connection.run(queries)
    guard let last = answers.last else { throw .disconnected }
    return last
  }

  func setSavepoint() {
    write(Self.savepoint)
    (savedEnds, savedTouched) = (ends, touched)
  }

  func undoToSavepoint() throws(PostgreSQLFailure) {
    (ends, touched) = (savedEnds, savedTouched)
    fetched = [:]
    usages = [:]
    owners = [:]
    relations.forget()
    _ = try read(Self.undoToSavepoint)
    releaseSavepoint()
  }

  func releaseSavepoint() { write(Self.releaseSavepoint) }

  func deleteEverything() throws(PostgreSQLFailure) {
    for table in [
      "item", "person", "principal_name", "mail_address", "receipt", "directory_group", "membership", "record", "chain",
    ] {
      unsent.append(PostgreSQLQuery(PostgreSQLStatement("clear_\(table)", "delete from \(table)")))
    }
    ends = [:]
    touched = [:]
    fetched = [:]
    owners = [:]
    usages = [:]
  }

  // MARK: Items

  func state(of key: ItemKey, for authorization: AuthorizationContext) throws(PostgreSQLFailure) -> ItemState {
    guard let owner = try owner(key.user, for: authorization) else { return ItemState(owner: nil, item: nil) }
    return ItemState(owner: owner, item: try item(key))
  }

  private func item(_ key: ItemKey) throws(PostgreSQLFailure) -> StoredItem? {
    if let known = fetched[key] { return known }
    let rows = try read(Self.selectItem, .text(key.user.text), .text(key.collection), .text(key.id.text))
    let item = try rows.map { row throws(PostgreSQLFailure) in try row.item(key, from: 0) }.first
    fetched[key] = .some(item)
    return item
  }

  func update(_ item: StoredItem, replacing old: StoredItem) { write(item, Self.updateItem) }
  func insert(_ item: StoredItem) { write(item, Self.insertItem) }

  private func write(_ item: StoredItem, _ statement: PostgreSQLStatement) {
    // The person whom the old item listed is not known here.
    if item.listed != nil || item.key.collection == Relationship.collection { owners = [:] }
    fetched[item.key] = .some(item)
    usages[item.key.user] = nil
    write(
      statement, .text(item.key.user.text), .text(item.key.collection), .text(item.key.id.text),
      .int(item.version.number), .int(item.audience.rawValue), .int(item.created.ticks),
      PostgreSQLValue(item.collapsible.map { Int64($0.lowerBound) }),
      PostgreSQLValue(item.collapsible.map { Int64($0.upperBound) }), .bytes(item.json),
      PostgreSQLValue(item.listed?.user.text), PostgreSQLValue(item.listed?.audience.rawValue))
  }

  func delete(_ key: ItemKey) {
    if key.collection == Relationship.collection { owners = [:] }
    fetched[key] = .some(nil)
    usages[key.user] = nil
    write(Self.deleteItem, .text(key.user.text), .text(key.collection), .text(key.id.text))
  }

  /// How much a person holds. The first call reads it for all people whom the group of writes touches; it is read again
  /// for a person who was written meanwhile.
  func usage(of user: UserID) throws(PostgreSQLFailure) -> PersonQuota {
    if let known = usages[user] { return known }
    let people = isDistributed || !usages.isEmpty || !touchedUsers.contains(user) ? [user] : touchedUsers
    for person in people { usages[person] = PersonQuota() }
    let rows =
      people.count == 1
      ? try read(Self.selectUsage, .text(user.text)) : try read(Self.selectUsages, .texts(people.map(\.text)))
    for row in rows.rows.map(PostgreSQLRow.init) {
      let person = try row.userID(0)
      usages[person, default: PersonQuota()].counts[row.text(1)] = Int(row.int64(2))
      usages[person, default: PersonQuota()].bytes += Int(row.int64(3))
    }
    return usages[user] ?? PersonQuota()
  }

  // MARK: People

  func lock(_ user: UserID, of tenant: TenantID) throws(PostgreSQLFailure) {
    _ = try end(of: AuditChainOwner(user: user, tenant: tenant))
  }

  func user(_ id: UserID) throws(PostgreSQLFailure) -> StoredUser? {
    try read(Self.selectPerson, .text(id.text)).map { row throws(PostgreSQLFailure) in try row.person() }.first
  }

  func owner(_ user: UserID, for authorization: AuthorizationContext) throws(PostgreSQLFailure) -> ItemOwner? {
    let lookup = PostgreSQLOwnerLookup(user, authorization)
    let known = owners[lookup]
    let row = known == nil ? try PostgreSQLOwnerRelations.OwnerRow(try read(lookup.query)) : known ?? nil
    owners[lookup] = .some(row)
    guard let row else { return nil }
    return try relations.owner(row, user, authorization) { tenant throws(PostgreSQLFailure) in
      try read(PostgreSQLOwnerRelations.selectTenant, .text(tenant.text)).first
    }
  }

  func insert(_ user: StoredUser) {
    write(user, Self.insertPerson)
    reserveName(of: user)
  }

  func update(_ user: StoredUser, replacing old: StoredUser) {
    write(user, Self.updatePerson)
    guard !user.hasSameName(as: old) else { return }
    releaseName(of: old)
    reserveName(of: user)
  }

  func delete(_ user: StoredUser) {
    owners = [:]
    forgetMail(user.foldedMail, of: user)
    write(Self.deletePerson, .text(user.id.text))
    releaseName(of: user)
  }

  private func write(_ user: StoredUser, _ statement: PostgreSQLStatement) {
    owners = [:]
    write(
      statement, .text(user.id.text), .text(user.tenant.text), .bytes(of: user.principalName),
      .bytes(of: user.displayName), .int(user.version.number), .bytes(user.json),
      .bytes(of: UserColumn.userPrincipalName.text(of: user)), .bytes(of: UserColumn.displayName.text(of: user)))
  }

  func versions(of user: UserID) throws(PostgreSQLFailure) -> [(ItemKey, Version, Audience)] {
    try read(Self.selectVersions, .text(user.text)).map { row throws(PostgreSQLFailure) in
      let key = ItemKey(user: user, collection: row.text(0), id: try row.itemID(1))
      return (key, Version(number: row.int64(2)), Audience(rawValue: row.int64(3)))
    }
  }

  // MARK: Groups

  func group(_ id: GroupID) throws(PostgreSQLFailure) -> StoredGroup? {
    try read(Self.selectGroup, .text(id.text)).map { row throws(PostgreSQLFailure) in try row.group() }.first
  }

  func put(_ group: StoredGroup, replacing old: StoredGroup?) {
    write(
      Self.putGroup, .text(group.id.text), .text(group.tenant.text), .int(group.version.number), .bytes(group.json))
  }

  func deleteGroup(_ group: GroupID) throws(PostgreSQLFailure) -> [UserID] {
    let members = try read(Self.selectMembers, .text(group.text)).map { row throws(PostgreSQLFailure) in
      try row.userID(0)
    }
    owners = [:]
    write(Self.deleteMembers, .text(group.text))
    write(Self.deleteGroup, .text(group.text))
    return members
  }

  func tenants(of people: [UserID]) throws(PostgreSQLFailure) -> [UserID: TenantID] {
    var tenants: [UserID: TenantID] = [:]
    for user in people {
      tenants[user] = try read(Self.selectTenantOfPerson, .text(user.text)).map { row throws(PostgreSQLFailure) in
        try row.tenantID(0)
      }.first
    }
    return tenants
  }

  func isMember(_ user: UserID, of group: GroupID) throws(PostgreSQLFailure) -> Bool {
    try !read(Self.selectMember, .text(user.text), .text(group.text)).rows.isEmpty
  }

  func membershipCount(of user: UserID) throws(PostgreSQLFailure) -> Int {
    Int(try read(Self.countMemberships, .text(user.text)).first?.int64(0) ?? 0)
  }

  func add(_ user: UserID, to group: GroupID) {
    owners = [:]
    write(Self.insertMember, .text(user.text), .text(group.text))
  }

  func remove(_ user: UserID, from group: GroupID) {
    owners = [:]
    write(Self.deleteMember, .text(user.text), .text(group.text))
  }

  func removeMemberships(of user: UserID) throws(PostgreSQLFailure) -> [GroupID] {
    let groups = try read(Self.selectMemberships, .text(user.text)).map { row throws(PostgreSQLFailure) in
      try row.groupID(0)
    }
    for group in groups { remove(user, from: group) }
    return groups
  }

  // MARK: Tenants, receipts, the audit log

  /// Stores a key file, unless it is there.
  func keepFile(_ name: String, _ bytes: [UInt8]) { write(Self.keepFile, .text(name), .bytes(bytes)) }

  /// What a tenant decided, locked until the commit; nil when there is no such tenant.
  func lockedTenant(_ id: TenantID) throws(PostgreSQLFailure) -> TenantSettings? {
    try read(Self.lockTenant, .text(id.text)).first.map { row throws(PostgreSQLFailure) in
      try PostgreSQLOwnerRelations.decided(id, row.bytes(0))
    }
  }

  func put(_ settings: TenantSettings) {
    owners = [:]
    write(Self.putTenant, .text(settings.id.text), .bytes(settings.json))
  }

  func add(_ tenant: TenantID) { write(Self.addTenant, .text(tenant.text)) }

  func known(_ receipt: IdempotencyReceipt) throws(PostgreSQLFailure) -> (body: [UInt8], id: String)? {
    try read(Self.selectReceipt, .bytes(receipt.key), .int(receipt.time.ticks)).first.map { ($0.bytes(0), $0.text(1)) }
  }

  func keep(_ receipt: IdempotencyReceipt, of id: String) {
    write(Self.forgetReceipt, .bytes(receipt.key), .int(receipt.time.ticks))
    write(Self.insertReceipt, .bytes(receipt.key), .bytes(receipt.body), .text(id), .int(receipt.expires.ticks))
    lastReceiptTime = receipt.time
    // Expired receipts lie on every node.
    if !isDistributed { write(Self.forgetReceipts, .int(receipt.time.ticks)) }
  }

  /// The time of the last receipt that was stored since the last call; nil when there was none.
  func takeLastReceiptTime() -> DateTimeOffset? {
    defer { lastReceiptTime = nil }
    return lastReceiptTime
  }

  func append(_ change: Change) throws(PostgreSQLFailure) {
    let owner = AuditChainOwner(user: change.user, tenant: change.tenant)
    var end = try self.end(of: owner)
    let code = end.chain.append(change, auditKey)
    ends[owner] = end
    touched[owner] = end
    write(
      Self.insertRow, .text(change.user.text), .text(change.tenant.text), .int(change.time.ticks),
      .int(change.kind.rawValue), PostgreSQLValue(change.collection), PostgreSQLValue(change.item?.text),
      .text(change.properties.joined(separator: ",")), PostgreSQLValue(change.versionBefore?.number),
      PostgreSQLValue(change.versionAfter?.number), PostgreSQLValue(change.actingUser?.text),
      change.actingApplication.map { .bytes(Array($0.utf8)) } ?? .null, .int(end.chain.length), .bytes(code))
  }

  private func end(of owner: AuditChainOwner) throws(PostgreSQLFailure) -> (chain: AuditChain, isNew: Bool) {
    if let end = ends[owner] { return end }
    let rows = try read(Self.lockChain, .text(owner.user.text), .text(owner.tenant.text))
    guard let row = rows.first else { return (AuditChain(), true) }
    return (AuditChain(length: row.int64(0), tip: row.bytes(1)), false)
  }
}
