import OData
import Profiles

/// Host and port of a node of Citus, as the other nodes reach it.
struct PostgreSQLAddress: Hashable, Sendable, CustomStringConvertible {
  let host: String
  let port: Int

  var description: String { "\(host):\(port)" }
}

/// Which node holds which shard, as a node of Citus knew it when it was asked. Every node knows it.
struct PostgreSQLShardMap: Equatable, Sendable {
  /// The rows whose distribution column has a hash from `start` up to the start of the next shard.
  struct Shard: Equatable, Sendable {
    let id: Int64
    let start: Int32
    /// The node that holds the shard; nil when it cannot plan statements itself, because it lacks the metadata of Citus.
    let node: PostgreSQLAddress?
  }

  /// The shards of the table `person`, by their start. Those of the other tables that lie by person are beside them.
  let people: [Shard]
  /// The shards of the table `principal_name`, by their start.
  let names: [Shard]

  /// The nodes that hold people, by name.
  var nodes: [PostgreSQLAddress] { Set(people.compactMap(\.node)).sorted { "\($0)" < "\($1)" } }

  /// The shard of a place; nil for several nodes.
  func shard(of place: PostgreSQLPlace) -> Shard? {
    switch place {
    case .person(let user): Self.shard(of: user.text, in: people)
    case .principalName(let key): Self.shard(of: key, in: names)
    case .anyNode(let text): Self.shard(of: text, in: people)
    case .severalNodes: nil
    }
  }

  /// The last shard that does not start behind the hash of a text.
  private static func shard(of text: String, in shards: [Shard]) -> Shard? {
    let hash = PostgreSQLHash.value(of: text)
    var (low, high) = (0, shards.count)
    while low < high {
      let middle = (low + high) / 2
      if shards[middle].start <= hash { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : shards[low - 1]
  }
}

// MARK: Statements

extension PostgreSQLShardMap {
  /// Reads the map from the node that a connection leads to.
  init(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    var (people, names): ([Shard], [Shard]) = ([], [])
    for row in try connection.rows(Self.select).rows.map(PostgreSQLRow.init) {
      let node = row.optionalText(3).map { PostgreSQLAddress(host: $0, port: Int(row.int64(4))) }
      let shard = Shard(
        id: row.int64(1), start: Int32(truncatingIfNeeded: row.int64(2)), node: node)
      if row.int64(0) == 1 { people.append(shard) } else { names.append(shard) }
    }
    (self.people, self.names) = (people, names)
  }

  private static let select = PostgreSQLStatement(
    "",
    """
    select (s.logicalrelid = to_regclass('person'))::int::bigint, s.shardid, s.shardminvalue::bigint,
    case when n.hasmetadata and n.metadatasynced then n.nodename end, n.nodeport::bigint
    from pg_catalog.pg_dist_shard s join pg_catalog.pg_dist_placement p on p.shardid = s.shardid and p.shardstate = 1
    join pg_catalog.pg_dist_node n on n.groupid = p.groupid and n.noderole = 'primary'
    where s.logicalrelid in (to_regclass('person'), to_regclass('principal_name')) order by 3
    """)

  /// The query that counts how many of these shards are on the node that is asked. The ids of their placements would not do:
  /// after a move the coordinator has another one, and the other nodes the one from before.
  static func countLocal(_ shards: Set<Int64>) -> PostgreSQLQuery {
    PostgreSQLQuery(countLocal, .column(shards.map(PostgreSQLValue.int), .bigint))
  }

  static let countLocal = PostgreSQLStatement(
    "count_local_shards",
    """
    select count(*)::bigint from pg_catalog.pg_dist_placement p
    join pg_catalog.pg_dist_local_group l on l.groupid = p.groupid
    where p.shardid = any($1::bigint[]) and p.shardstate = 1
    """)
}
