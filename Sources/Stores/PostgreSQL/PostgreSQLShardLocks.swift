/// The locks by which shards stay where they are until a transaction ends that reads rows of another node before it writes
/// them.
///
/// Citus 12 remembers by the id of a placement over which connection a transaction has read it, and on every node but the
/// coordinator a move leaves the placement its id (`citus_internal_update_placement_metadata`). When a shard moves between a
/// read and a write, the write goes to its former node over the connection of the read, and is lost. A move takes an
/// exclusive lock of the metadata of its shards on every node that has the metadata before it copies the last writes
/// (`BlockWritesToShardList`). A shared one, taken before the first read on whatever node the transaction runs, keeps it
/// waiting. The owner of the tables may take it.
///
/// Rows of the own node are read without a connection. Writes of their shard, once it has moved away, find its new node. Tables
/// that every node has are not moved either: a node that is added gets placements of their own.
struct PostgreSQLShardLocks {
  /// The distribution columns whose rows writes read first. One of people stands for all tables whose rows lie with them,
  /// because Citus locks shards that lie together as one.
  enum Column: String, CaseIterable {
    case person = "person"
    case principalName = "principal_name"
    case mailAddress = "mail_address"
    case receipt = "receipt"
    case groupMember = "group_member"
  }

  /// Which parameter of a statement, counted from 0, names the rows that it reads.
  struct Place {
    let column: Column
    let parameter: Int
  }

  private struct Rows: Hashable {
    let column: Column
    let value: PostgreSQLValue
  }

  private var locked: Set<Rows> = []

  /// Notes that the rows of people need no lock.
  mutating func exempt(_ people: [String]) {
    locked.formUnion(people.map { Rows(column: .person, value: .text($0)) })
  }

  /// The queries that lock what others read, as far as that was not locked before: one for each distribution column.
  mutating func queries(before reads: [PostgreSQLQuery]) -> [PostgreSQLQuery] {
    var values: [Column: [PostgreSQLValue]] = [:]
    for read in reads {
      guard let place = Self.places[read.statement] else { continue }
      let rows = Rows(column: place.column, value: read.values[place.parameter])
      if locked.insert(rows).inserted { values[place.column, default: []].append(rows.value) }
    }
    // Always in the same order, so that fewer transactions wait for each other.
    return Column.allCases.compactMap { column in
      values[column].map { PostgreSQLQuery(Self.lock(column), .column($0, column.type)) }
    }
  }

  /// Locks the metadata of the shards of some rows in shared mode (`ShareLock` is 5), in the order of their ids.
  static func lock(_ column: Column) -> PostgreSQLStatement {
    let table = column.rawValue
    return PostgreSQLStatement(
      "lock_shards_of_\(table)",
      """
      select pg_catalog.lock_shard_metadata(5, array(
      select distinct pg_catalog.get_shard_id_for_distribution_column('\(table)', value)
      from unnest($1::\(column.type)[]) as k (value) order by 1))
      """)
  }

  /// The statements by which writes read rows of distributed tables. Those of reads alone are not among them.
  static let places: [PostgreSQLStatement: Place] = {
    var places: [PostgreSQLStatement: Place] = [:]
    for statement in ofPeople { places[statement] = Place(column: .person, parameter: 0) }
    for statement in [PostgreSQLMemberTable.hold, PostgreSQLMemberTable.take, PostgreSQLMemberTable.selectPeople] {
      places[statement] = Place(column: .groupMember, parameter: 0)
    }
    places[PostgreSQLTables.selectHolder] = Place(column: .principalName, parameter: 1)
    places[PostgreSQLMailTable.selectHolder] = Place(column: .mailAddress, parameter: 1)
    places[PostgreSQLTables.selectReceipt] = Place(column: .receipt, parameter: 0)
    return places
  }()

  private static let ofPeople = [
    PostgreSQLTables.lockChains, PostgreSQLTables.lockChain, PostgreSQLTables.selectItem,
    PostgreSQLTables.selectUsage, PostgreSQLTables.selectVersions, PostgreSQLTables.selectPerson,
    PostgreSQLTables.selectTenantOfPerson, PostgreSQLOwnerRelations.selectPlain, PostgreSQLManagerTable.select,
    PostgreSQLMemberTable.select, PostgreSQLMemberTable.count, PostgreSQLMemberTable.selectGroups,
    PostgreSQLOwnerLookup.selectListed, PostgreSQLOwnerRelations.selectForeign,
  ]
}

extension PostgreSQLShardLocks.Column {
  /// The type of the column.
  var type: PostgreSQLType {
    switch self {
    case .person, .groupMember: .text
    case .principalName, .mailAddress, .receipt: .bytea
    }
  }
}
