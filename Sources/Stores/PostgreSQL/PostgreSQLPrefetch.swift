import OData
import Profiles

/// The reads that a group of writes begins with. For one person each statement names that person, so that a distributed
/// database asks only one of its nodes; for several people one statement reads all.
struct PostgreSQLPrefetch {
  typealias Lookup = PostgreSQLOwnerLookup
  typealias OwnerRow = PostgreSQLOwnerRelations.OwnerRow

  /// In the order in which their chains are locked.
  let users: [UserID]
  let keys: [ItemKey]
  let lookups: [Lookup]

  /// What was read: the ends of chains, each item, or nil where there is none, and what is known of each owner.
  struct State {
    var ends: [AuditChainOwner: AuditChain] = [:]
    var items: [ItemKey: StoredItem?] = [:]
    var owners: [Lookup: Lookup.Answer] = [:]
    /// The people of whom their chains tell.
    fileprivate var people: [UserID: OwnerRow] = [:]

    /// Adds a chain, whose columns begin at `column`.
    fileprivate mutating func add(
      _ row: PostgreSQLRow, of user: UserID, from column: Int
    ) throws(PostgreSQLFailure) {
      let tenant = try row.tenantID(column)
      ends[AuditChainOwner(user: user, tenant: tenant)] = AuditChain(
        length: row.int64(column + 1), tip: row.bytes(column + 2))
      guard let owner = PostgreSQLChainOwners.owner(row, from: column + 3) else { return }
      people[user] = OwnerRow(owner, of: tenant)
    }
  }

  /// Whether the rows of several people may lie on several nodes.
  let isDistributed: Bool

  private var isOfMany: Bool { users.count > 1 && !isDistributed }

  /// The reads, whose rows `state` takes.
  var queries: [PostgreSQLQuery] { itemQueries + versionQueries + wholeQueries }

  private var itemQueries: [PostgreSQLQuery] {
    guard isOfMany else {
      return users.map { PostgreSQLQuery(PostgreSQLTables.lockChains, .text($0.text)) }
        + keys.map {
          PostgreSQLQuery(PostgreSQLTables.selectItem, .text($0.user.text), .text($0.collection), .text($0.id.text))
        }
    }
    return [
      PostgreSQLQuery(Self.lockChains, .texts(users.map(\.text))),
      PostgreSQLQuery(
        Self.selectItems, .texts(keys.map(\.user.text)), .texts(keys.map(\.collection)), .texts(keys.map(\.id.text))),
    ]
  }

  // MARK: Owners

  /// The look-ups that need more than chains and tenants tell, where one statement tells it. On a distributed database they are
  /// completed when they are needed.
  private var wholeLookups: [Lookup] { isDistributed ? [] : lookups.filter(\.isOfTwo) }

  /// The tenants whose version the other look-ups need.
  private var tenants: [TenantID] {
    Set((isDistributed ? lookups : lookups.filter { !$0.isOfTwo }).compactMap(\.tenant)).sorted { $0.text < $1.text }
  }

  private var versionQueries: [PostgreSQLQuery] {
    tenants.map { PostgreSQLQuery(PostgreSQLOwnerLookup.selectTenantVersion, .text($0.text)) }
  }

  private var wholeQueries: [PostgreSQLQuery] {
    let lookups = wholeLookups
    guard isOfMany, !lookups.isEmpty else { return lookups.map(\.query) }
    return [
      PostgreSQLQuery(
        Self.selectOwnerRelations, .column(lookups.indices.map { .int(Int64($0)) }, .bigint),
        .texts(lookups.map(\.user.text)), .texts(lookups.map(\.viewer)))
    ]
  }

  // MARK: Answers

  /// Reads the answers to `queries`.
  func state(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    guard answers.count == queries.count else { throw .disconnected }
    var state = isOfMany ? try stateOfMany(answers) : try stateOfOne(answers)
    var rest = answers.dropFirst(itemQueries.count)
    var versions: [TenantID: Int64] = [:]
    for tenant in tenants { versions[tenant] = rest.popFirst()?.first?.int64(0) }
    for lookup in lookups {
      state.owners[lookup] = lookup.answer(
        state.people[lookup.user], tenantVersion: lookup.tenant.flatMap { versions[$0] } ?? 0)
    }
    try addWhole(Array(rest), to: &state)
    return state
  }

  private func addWhole(_ answers: [PostgreSQLRows], to state: inout State) throws(PostgreSQLFailure) {
    let lookups = wholeLookups
    guard isOfMany else {
      for (lookup, rows) in zip(lookups, answers) { state.owners[lookup] = .row(try OwnerRow(rows)) }
      return
    }
    for lookup in lookups { state.owners[lookup] = .row(nil) }
    for row in answers.first?.rows.map(PostgreSQLRow.init) ?? [] {
      let owner = try OwnerRow(row, from: 1)
      guard lookups.indices.contains(Int(row.int64(0))) else { throw .row("A row answers what was not asked.") }
      state.owners[lookups[Int(row.int64(0))]] = .row(owner)
    }
  }

  private func stateOfOne(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    var state = State()
    for (user, rows) in zip(users, answers) {
      for row in rows.rows.map(PostgreSQLRow.init) { try state.add(row, of: user, from: 0) }
    }
    for (key, rows) in zip(keys, answers.dropFirst(users.count)) {
      state.items[key] = .some(try rows.first.map { row throws(PostgreSQLFailure) in try row.item(key, from: 0) })
    }
    return state
  }

  private func stateOfMany(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    var state = State()
    for key in keys { state.items[key] = .some(nil) }
    for row in answers[0].rows.map(PostgreSQLRow.init) { try state.add(row, of: try row.userID(0), from: 1) }
    for row in answers[1].rows.map(PostgreSQLRow.init) {
      let key = ItemKey(user: try row.userID(0), collection: row.text(1), id: try row.itemID(2))
      state.items[key] = .some(try row.item(key, from: 3))
    }
    return state
  }

  static let lockChains = PostgreSQLStatement(
    "lock_all_chains",
    """
    select user_id, tenant, length, tip, \(PostgreSQLChainOwners.columns) from chain where user_id = any($1::text[])
    order by user_id, tenant for update
    """)
  static let selectItems = PostgreSQLStatement(
    "select_all_items",
    """
    select i.user_id, i.collection, i.id, \(PostgreSQLColumns.of("i", PostgreSQLColumns.item))
    from unnest($1::text[], $2::text[], $3::text[]) as k (user_id, collection, id)
    join item i on i.user_id = k.user_id and i.collection = k.collection and i.id = k.id
    """)
  static let selectOwnerRelations = PostgreSQLStatement(
    "select_all_owner_relations",
    """
    select k.place, \(PostgreSQLOwnerRelations.columns(owner: "k.user_id", viewer: "k.viewer"))
    from unnest($1::bigint[], $2::text[], $3::text[]) as k (place, user_id, viewer)
    join person p on p.user_id = k.user_id
    """)
}
