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

  /// What was read: the ends of chains, and each item and owner, or nil where there is none.
  struct State {
    var ends: [AuditChainOwner: AuditChain] = [:]
    var items: [ItemKey: StoredItem?] = [:]
    var owners: [Lookup: Lookup.Answer] = [:]

    /// Adds a chain, whose columns begin at `column`, and answers the lookups of the person when it tells of them.
    fileprivate mutating func add(
      _ row: PostgreSQLRow, of user: UserID, from column: Int, _ lookups: [UserID: [Lookup]]
    ) throws(PostgreSQLFailure) {
      let tenant = try row.tenantID(column)
      ends[AuditChainOwner(user: user, tenant: tenant)] = AuditChain(
        length: row.int64(column + 1), tip: row.bytes(column + 2))
      guard let owner = PostgreSQLChainOwners.owner(row, from: column + 3) else { return }
      for lookup in lookups[user] ?? [] { owners[lookup] = .row(OwnerRow(owner, of: tenant)) }
    }
  }

  /// Whether the rows of several people may lie on several nodes.
  let isDistributed: Bool

  private var isOfMany: Bool { users.count > 1 && !isDistributed }

  /// The reads, whose rows `state` takes.
  var queries: [PostgreSQLQuery] {
    guard isOfMany else {
      return users.map { PostgreSQLQuery(PostgreSQLTables.lockChains, .text($0.text)) }
        + keys.map {
          PostgreSQLQuery(PostgreSQLTables.selectItem, .text($0.user.text), .text($0.collection), .text($0.id.text))
        } + relationLookups.flatMap { $0.queries(isSplit: isDistributed, isOfTenant: true) }
    }
    return [
      PostgreSQLQuery(Self.lockChains, .texts(users.map(\.text))),
      PostgreSQLQuery(
        Self.selectItems, .texts(keys.map(\.user.text)), .texts(keys.map(\.collection)), .texts(keys.map(\.id.text))),
    ] + (relationLookups.isEmpty ? [] : [relationQuery])
  }

  /// The lookups that take more than the chains tell.
  private var relationLookups: [Lookup] { lookups.filter(\.needsOwnerRelation) }

  private var relationQuery: PostgreSQLQuery {
    let lookups = relationLookups
    return PostgreSQLQuery(
      Self.selectOwnerRelations, .column(lookups.indices.map { .int(Int64($0)) }, .bigint),
      .texts(lookups.map(\.user.text)), .texts(lookups.map(\.viewer)))
  }

  /// Reads the answers to `queries`.
  func state(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    guard answers.count == queries.count else { throw .disconnected }
    return isOfMany ? try stateOfMany(answers) : try stateOfOne(answers)
  }

  private func stateOfOne(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    var state = State()
    for lookup in plainLookups.values.joined() { state.owners[lookup] = .row(nil) }
    for (user, rows) in zip(users, answers) {
      for row in rows.rows.map(PostgreSQLRow.init) { try state.add(row, of: user, from: 0, plainLookups) }
    }
    for (key, rows) in zip(keys, answers.dropFirst(users.count)) {
      state.items[key] = .some(try rows.first.map { row throws(PostgreSQLFailure) in try row.item(key, from: 0) })
    }
    var rest = answers.dropFirst(users.count + keys.count)
    for lookup in relationLookups {
      let count = lookup.queries(isSplit: isDistributed, isOfTenant: true).count
      state.owners[lookup] = try lookup.answer(Array(rest.prefix(count)), isSplit: isDistributed)
      rest = rest.dropFirst(count)
    }
    return state
  }

  private func stateOfMany(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    var state = State()
    for key in keys { state.items[key] = .some(nil) }
    for lookup in lookups { state.owners[lookup] = .row(nil) }
    for row in answers[0].rows.map(PostgreSQLRow.init) {
      try state.add(row, of: try row.userID(0), from: 1, plainLookups)
    }
    for row in answers[1].rows.map(PostgreSQLRow.init) {
      let key = ItemKey(user: try row.userID(0), collection: row.text(1), id: try row.itemID(2))
      state.items[key] = .some(try row.item(key, from: 3))
    }
    guard answers.count > 2 else { return state }
    let lookups = relationLookups
    for row in answers[2].rows.map(PostgreSQLRow.init) {
      let owner = try OwnerRow(row, from: 1)
      guard lookups.indices.contains(Int(row.int64(0))) else { throw .row("A row answers what was not asked.") }
      state.owners[lookups[Int(row.int64(0))]] = .row(owner)
    }
    return state
  }

  /// The lookups that the chains answer, by the person who is looked up.
  private var plainLookups: [UserID: [Lookup]] {
    Dictionary(grouping: lookups.filter { !$0.needsOwnerRelation }, by: \.user)
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
