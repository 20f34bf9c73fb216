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
  private var owners: [PostgreSQLOwnerLookup: PostgreSQLOwnerLookup.Answer] = [:]
  private var ends: [AuditChainOwner: (chain: AuditChain, isNew: Bool)] = [:]
  /// The ends of chains at the savepoint.
  private var savedEnds: [AuditChainOwner: (chain: AuditChain, isNew: Bool)] = [:]

  /// The people who were written, by their chains, as the chains are to tell of them; nil when they left the tenant.
  private var chainOwners: [AuditChainOwner: PostgreSQLChainOwners.Owner?] = [:]
  private var savedChainOwners: [AuditChainOwner: PostgreSQLChainOwners.Owner?] = [:]
  /// Whether the accounts of the callers are disabled, as far as that was read ahead.
  var accounts: [TenantUser: Bool] = [:]
  /// The groups that nobody deletes before the transaction ends.
  var heldGroups: Set<GroupID> = []
  /// The memberships that the transaction ends.
  var endedMemberships = PostgreSQLEndedMemberships()

  /// Viewers about whom another node would have to be asked, for which the transaction must not wait.
  private var farViewers: Set<String> = []
  /// The time of the last receipt that was stored; nil when there was none since it was taken.
  var lastReceiptTime: DateTimeOffset?
  /// Whether the tables are spread over nodes.
  let isDistributed: Bool
  private var shardLocks = PostgreSQLShardLocks()
  /// The locks at the savepoint; undoing to it releases those that came later.
  private var savedShardLocks = PostgreSQLShardLocks()

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
    (heldGroups, endedMemberships) = ([], PostgreSQLEndedMemberships())
    shardLocks = PostgreSQLShardLocks()
    let users = writeSet.users.sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
    let prefetch = PostgreSQLPrefetch(
      users: users, keys: Array(writeSet.keys), lookups: Array(writeSet.ownerLookups), isDistributed: isDistributed)
    var queries = [PostgreSQLQuery(Self.begin), PostgreSQLQuery(Self.identify)]
    queries += writeSet.settings.map { PostgreSQLQuery($0) }
    if writeSet.isOfOwnNode { shardLocks.exempt(users.map(\.text)) }
    queries += locks(before: prefetch.queries)
    let shards = writeSet.localShards
    // Behind the locks, so that what it finds of locked shards holds until the commit.
    if !shards.isEmpty { queries.append(PostgreSQLShardMap.countLocal(shards)) }
    farViewers = writeSet.farViewers
    let accountQueries = PostgreSQLDisabledAccounts.queries(writeSet.accounts)
    let answers = try connection.run(queries + prefetch.queries + accountQueries)
    guard let identity = answers.dropFirst().first?.first else { throw .disconnected }
    transaction = identity.text(0)
    guard identity.int64(1) == PostgreSQLSchema.version else {
      try rollback()
      throw .schema("The database has the form of another version of Facet. Update this server.")
    }
    let local = answers[queries.count - 1].first?.int64(0)
    guard shards.isEmpty || local == Int64(shards.count) else { throw .misplaced }
    let state = try prefetch.state(Array(answers.dropFirst(queries.count).dropLast(accountQueries.count)))
    accounts = try PostgreSQLDisabledAccounts.answer(accountQueries.isEmpty ? nil : answers.last, writeSet.accounts)
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
    for (chain, owner) in chainOwners { unsent.append(PostgreSQLChainOwners.query(chain, owner)) }
    let isOfMany = touched.count > 1
    let queries =
      switch (isOfMany, isDistributed) {
      case (true, true): PostgreSQLBulk.gathered(unsent)
      case (true, false): PostgreSQLBulk.folded(unsent)
      case (false, _): unsent
      }
    unsent = []
    touched = [:]
    chainOwners = [:]
    _ = try connection.run(queries + [PostgreSQLQuery(Self.commit)])
  }

  /// Rolls back.
  func rollback() throws(PostgreSQLFailure) {
    unsent = []
    touched = [:]
    chainOwners = [:]
    relations.forget()
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
    guard let last = try read([query]).last else { throw .disconnected }
    return last
  }

  /// Reads, with the locks that a write of the rows needs, but for those of `unwritten`, which the transaction only reads.
  private func read(
    _ queries: [PostgreSQLQuery], unwritten: PostgreSQLQuery? = nil
  ) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
    let all = unsent + locks(before: queries.filter { $0 != unwritten }) + queries
    unsent = []
    return try connection.run(all).suffix(queries.count)
  }

  /// The queries that keep the shards where they are of which others read rows.
  private func locks(before queries: [PostgreSQLQuery]) -> [PostgreSQLQuery] {
    isDistributed ? shardLocks.queries(before: queries) : []
  }

  func setSavepoint() {
    write(Self.savepoint)
    (savedEnds, savedTouched, savedChainOwners) = (ends, touched, chainOwners)
    savedShardLocks = shardLocks
  }

  func undoToSavepoint() throws(PostgreSQLFailure) {
    (ends, touched, chainOwners) = (savedEnds, savedTouched, savedChainOwners)
    shardLocks = savedShardLocks
    fetched = [:]
    usages = [:]
    owners = [:]
    accounts = [:]
    heldGroups = []
    relations.forget()
    _ = try read(Self.undoToSavepoint)
    releaseSavepoint()
  }

  func releaseSavepoint() { write(Self.releaseSavepoint) }

  func deleteEverything() throws(PostgreSQLFailure) {
    for table in [
      "item", "person", "disabled_account", "principal_name", "mail_address", "receipt", "directory_group",
      "group_photo", "membership", "group_member", "record", "chain", "person_index", "manager",
    ] {
      unsent.append(PostgreSQLQuery(PostgreSQLStatement("clear_\(table)", "delete from \(table)")))
    }
    ends = [:]
    touched = [:]
    chainOwners = [:]
    fetched = [:]
    owners = [:]
    usages = [:]
  }

  // MARK: Items

  func state(of key: ItemKey, for authorization: AuthorizationContext) throws(PostgreSQLFailure) -> ItemState {
    if let state = try stateWithinTenant(of: key, for: authorization) { return state }
    guard let owner = try owner(key.user, for: authorization) else { return ItemState(owner: nil, item: nil) }
    return ItemState(owner: owner, item: try item(key))
  }

  /// The state of an item that the whole tenant may see; nil when more must be known of the viewer, who may lie on another
  /// node.
  private func stateWithinTenant(
    of key: ItemKey, for authorization: AuthorizationContext
  ) throws(PostgreSQLFailure) -> ItemState? {
    guard case .ofTenant(let row)? = owners[PostgreSQLOwnerLookup(key.user, authorization)], let item = try item(key)
    else { return nil }
    let owner = try owner(row, key.user, authorization)
    let audiences = authorization.audiences(of: key.user, owner, in: key.collection)
    let isVisible = audiences.map { !item.audience.isDisjoint(with: $0) } ?? true
    return isVisible ? ItemState(owner: owner, item: item) : nil
  }

  private func item(_ key: ItemKey) throws(PostgreSQLFailure) -> StoredItem? {
    if let known = fetched[key] { return known }
    let rows = try read(Self.selectItem, .text(key.user.text), .text(key.collection), .text(key.id.text))
    let item = try rows.map { row throws(PostgreSQLFailure) in try row.item(key, from: 0) }.first
    fetched[key] = .some(item)
    return item
  }

  /// On a distributed database a statement with fewer columns takes a fifth less. The person whom the old item listed is not
  /// known here.
  func update(_ item: StoredItem, replacing old: StoredItem) {
    guard isDistributed, item.key.collection != Relationship.collection, item.differsInContentAlone(from: old) else {
      return write(item, Self.updateItem)
    }
    fetched[item.key] = .some(item)
    usages[item.key.user] = nil
    write(
      Self.updateContent, .text(item.key.user.text), .text(item.key.collection), .text(item.key.id.text),
      .int(item.version.number), .bytes(item.json))
  }

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
    return try row(lookup).map { row throws(PostgreSQLFailure) in try owner(row, user, authorization) }
  }

  private func owner(
    _ row: PostgreSQLOwnerRelations.OwnerRow, _ user: UserID, _ authorization: AuthorizationContext
  ) throws(PostgreSQLFailure) -> ItemOwner {
    try relations.owner(row, user, authorization) { tenant throws(PostgreSQLFailure) in
      try read(PostgreSQLOwnerRelations.selectTenant, .text(tenant.text)).first
    }
  }

  private func row(_ lookup: PostgreSQLOwnerLookup) throws(PostgreSQLFailure) -> PostgreSQLOwnerRelations.OwnerRow? {
    let answer: PostgreSQLOwnerLookup.Answer
    if let known = owners[lookup] {
      answer = known
    } else {
      answer = try lookup.answer(read(lookup, lookup.queries(isSplit: isDistributed)), isSplit: isDistributed)
    }
    let row = try lookup.row(answer) { queries throws(PostgreSQLFailure) in try read(lookup, queries) }
    owners[lookup] = .row(row)
    return row
  }

  /// Reads about an owner and a viewer. Throws `elsewhere` when that would ask another node, for which the transaction must
  /// not wait.
  private func read(
    _ lookup: PostgreSQLOwnerLookup, _ queries: [PostgreSQLQuery]
  ) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
    guard !farViewers.contains(lookup.viewer) || !queries.contains(lookup.viewerQuery) else { throw .elsewhere }
    return try read(queries, unwritten: lookup.viewerQuery)
  }

  /// Forgets the owners that were looked up, when something is written that their rows depend on.
  func forgetOwners() { owners = [:] }

  func insert(_ user: StoredUser) {
    write(user, Self.insertPerson)
    index(user, replacing: nil)
    noteOwner(user)
    reserveName(of: user)
  }

  func update(_ user: StoredUser, replacing old: StoredUser) {
    write(user, Self.updatePerson)
    index(user, replacing: old)
    if old.tenant != user.tenant { chainOwners[AuditChainOwner(user: old.id, tenant: old.tenant)] = .some(nil) }
    noteOwner(user)
    guard !user.hasSameName(as: old) else { return }
    releaseName(of: old)
    reserveName(of: user)
  }

  func delete(_ user: StoredUser) {
    owners = [:]
    forgetMail(user.foldedMail, of: user)
    write(Self.deletePerson, .text(user.id.text))
    write(PostgreSQLPersonIndex.delete, .text(user.id.text))
    chainOwners[AuditChainOwner(user: user.id, tenant: user.tenant)] = .some(nil)
    releaseName(of: user)
  }

  private func noteOwner(_ user: StoredUser) {
    chainOwners[AuditChainOwner(user: user.id, tenant: user.tenant)] = PostgreSQLChainOwners.Owner(
      displayName: user.displayName)
  }

  private func write(_ user: StoredUser, _ statement: PostgreSQLStatement) {
    owners = [:]
    write(
      statement, .text(user.id.text), .text(user.tenant.text), .bytes(of: user.principalName),
      .bytes(of: user.displayName), .int(user.version.number), .bytes(user.json),
      .bytes(of: user.principalNameKey), .bytes(of: user.displayNameKey))
  }

  func versions(of user: UserID) throws(PostgreSQLFailure) -> [(ItemKey, Version, Audience)] {
    try read(Self.selectVersions, .text(user.text)).map { row throws(PostgreSQLFailure) in
      let key = ItemKey(user: user, collection: row.text(0), id: try row.itemID(1))
      return (key, Version(number: row.int64(2)), Audience(rawValue: row.int64(3)))
    }
  }

  // MARK: The audit log

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
