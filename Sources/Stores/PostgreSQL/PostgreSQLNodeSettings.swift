import OData

/// The settings of one node of Citus that a store depends on.
struct PostgreSQLNodeSettings: Equatable {
  /// Host and port, as the other nodes reach it.
  let node: String
  /// `max_prepared_transactions`.
  let preparedTransactions: Int
  /// `wal_level`.
  let walLevel: String

  /// The settings of every node that can be reached now.
  static func all(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> [PostgreSQLNodeSettings] {
    try connection.rows(select).map { row in
      PostgreSQLNodeSettings(node: row.text(0), preparedTransactions: Int(row.int64(1)), walLevel: row.text(2))
    }
  }

  /// The settings of the node that a connection leads to.
  static func own(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> PostgreSQLNodeSettings {
    guard let row = try connection.rows(selectOwn).first else { throw .disconnected }
    return PostgreSQLNodeSettings(node: row.text(0), preparedTransactions: Int(row.int64(1)), walLevel: row.text(2))
  }

  private static let selectOwn = PostgreSQLStatement(
    "",
    """
    select coalesce(n.nodename || ':' || n.nodeport, 'coordinator'),
    current_setting('max_prepared_transactions')::bigint, current_setting('wal_level')
    from pg_catalog.pg_dist_local_group l left join pg_catalog.pg_dist_node n on n.groupid = l.groupid
    """)
  /// Nodes that do not answer are waited for by Citus, and the start by it.
  private static let limitConnect =
    "select set_config('citus.node_connection_timeout', '\(Limits.databaseConnectSeconds)s', false)"

  private static let select = PostgreSQLStatement(
    "",
    """
    select n.nodename || ':' || n.nodeport, split_part(r.result, ' ', 1)::bigint, split_part(r.result, ' ', 2)
    from run_command_on_all_nodes(
      $$ select current_setting('max_prepared_transactions') || ' ' || current_setting('wal_level') $$) r
    join pg_dist_node n using (nodeid) where r.success order by n.nodename, n.nodeport
    """)

  /// Throws `schema` when the writes of a server would fail on a node. Returns what an operator should know although a
  /// server can use the nodes; nil when there is nothing. Nodes that cannot be reached are not checked.
  static func check(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> String? {
    try connection.execute(limitConnect)
    let nodes = try all(connection)
    if let fault = fault(of: nodes) { throw .schema(fault) }
    return warning(of: nodes)
  }

  /// Why the writes of a server would fail on a node: each of its writers, of whichever node, may have one prepared
  /// transaction there. nil when they would not.
  static func fault(of nodes: [PostgreSQLNodeSettings]) -> String? {
    let needed = (Limits.nodeWriters + Limits.distributedFarWriters) * nodes.count
    return names(of: nodes.filter { $0.preparedTransactions < needed }).map {
      """
      Writes to several nodes of Citus need prepared transactions. Set max_prepared_transactions to at least \(needed) \
      for each server of Facet, and restart the node: \($0).
      """
    }
  }

  /// What a server can do without, but not its operator; nil when nothing is missing.
  static func warning(of nodes: [PostgreSQLNodeSettings]) -> String? {
    names(of: nodes.filter { $0.walLevel != "logical" }).map {
      """
      While people write, Citus can move shards only between nodes with wal_level = logical. Set it, and restart the \
      node: \($0).
      """
    }
  }

  private static func names(of nodes: [PostgreSQLNodeSettings]) -> String? {
    nodes.isEmpty ? nil : nodes.map(\.node).joined(separator: ", ")
  }
}
