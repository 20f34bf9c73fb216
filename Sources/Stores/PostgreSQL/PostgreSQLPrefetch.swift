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
        } + lookups.flatMap { $0.queries(isSplit: isDistributed, isOfTenant: true) }
    }
    return [
      PostgreSQLQuery(Self.lockChains, .texts(users.map(\.text))),
      PostgreSQLQuery(
        Self.selectItems, .texts(keys.map(\.user.text)), .texts(keys.map(\.collection)), .texts(keys.map(\.id.text))),
    ] + ownerQueries
  }

  private var ownerQueries: [PostgreSQLQuery] {
    let places = PostgreSQLValue.column(lookups.indices.map { .int(Int64($0)) }, .bigint)
    let users = PostgreSQLValue.texts(lookups.map(\.user.text))
    guard lookups.contains(where: \.needsOwnerRelation) else {
      return [PostgreSQLQuery(Self.selectOwners, places, users)]
    }
    return [
      PostgreSQLQuery(Self.selectOwnerRelations, places, users, .texts(lookups.map(\.viewer)))
    ]
  }

  /// Reads the answers to `queries`.
  func state(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    guard answers.count == queries.count else { throw .disconnected }
    return isOfMany ? try stateOfMany(answers) : try stateOfOne(answers)
  }

  private func stateOfOne(_ answers: [PostgreSQLRows]) throws(PostgreSQLFailure) -> State {
    var state = State()
    for (user, rows) in zip(users, answers) {
      for row in rows.rows.map(PostgreSQLRow.init) {
        state.ends[AuditChainOwner(user: user, tenant: try row.tenantID(0))] = Self.chain(row, from: 1)
      }
    }
    for (key, rows) in zip(keys, answers.dropFirst(users.count)) {
      state.items[key] = .some(try rows.first.map { row throws(PostgreSQLFailure) in try row.item(key, from: 0) })
    }
    var rest = answers.dropFirst(users.count + keys.count)
    for lookup in lookups {
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
      state.ends[AuditChainOwner(user: try row.userID(0), tenant: try row.tenantID(1))] = Self.chain(row, from: 2)
    }
    for row in answers[1].rows.map(PostgreSQLRow.init) {
      let key = ItemKey(user: try row.userID(0), collection: row.text(1), id: try row.itemID(2))
      state.items[key] = .some(try row.item(key, from: 3))
    }
    for row in answers[2].rows.map(PostgreSQLRow.init) {
      let owner = try OwnerRow(row, from: 1)
      guard lookups.indices.contains(Int(row.int64(0))) else { throw .row("A row answers what was not asked.") }
      state.owners[lookups[Int(row.int64(0))]] = .row(owner)
    }
    return state
  }

  private static func chain(_ row: PostgreSQLRow, from column: Int) -> AuditChain {
    AuditChain(length: row.int64(column), tip: row.bytes(column + 1))
  }

  static let lockChains = PostgreSQLStatement(
    "lock_all_chains",
    """
    select user_id, tenant, length, tip from chain where user_id = any($1::text[]) order by user_id, tenant for update
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
  static let selectOwners = PostgreSQLStatement(
    "select_all_owners",
    """
    select k.place, \(PostgreSQLOwnerRelations.plainColumns)
    from unnest($1::bigint[], $2::text[]) as k (place, user_id) join person p on p.user_id = k.user_id
    """)
}
