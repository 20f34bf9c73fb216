import Profiles

/// How the tables are distributed over the nodes of Citus. Tables that requests write are spread by person, all rows of
/// one person on one node; tables that people share and that are seldom written are on every node.
enum PostgreSQLDistribution {
  /// Tables whose rows lie with their person.
  static let byPerson = ["person", "item", "record", "chain", "membership"]
  /// Tables that are spread by a column of their own.
  static let byOther = [
    ("principal_name", "folded"), ("mail_address", "folded"), ("receipt", "key"), ("group_member", "group_id"),
  ]
  /// Tables of which every node has all rows.
  static let everywhere = [
    "facet_schema", "facet_key", "tenant", "directory_group", "group_photo", "disabled_account",
  ]

  /// The statements that spread tables. The rows that were there lie on the nodes then, and must not stay behind.
  static func statements(for tables: [String]) -> [String] {
    tables.flatMap { table in
      ["select \(placement(of: table))", "select truncate_local_data_after_distributing_table('\(table)')"]
    }
  }

  private static func placement(of table: String) -> String {
    if everywhere.contains(table) { return "create_reference_table('\(table)')" }
    if let other = byOther.first(where: { $0.0 == table }) {
      return "create_distributed_table('\(table)', '\(other.1)', colocate_with => 'none')"
    }
    let beside = table == byPerson[0] ? "" : ", colocate_with => '\(byPerson[0])'"
    return "create_distributed_table('\(table)', 'user_id'\(beside))"
  }

  /// Whether the tables are spread.
  static func isDone(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> Bool {
    guard try number(connection, "select (to_regclass('pg_dist_partition') is not null)::int::bigint") == 1 else {
      return false
    }
    return try number(
      connection,
      """
      select count(*)::bigint from pg_catalog.pg_dist_partition where logicalrelid = to_regclass('person')
      and partmethod = 'h'
      """) == 1
  }

  /// Throws `schema` when the database has no Citus.
  static func checkExtension(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    guard try number(connection, "select count(*)::bigint from pg_extension where extname = 'citus'") == 1 else {
      throw .schema("The database has no Citus. Install the extension on every node, and run: create extension citus.")
    }
  }

  /// Spreads the tables with their rows over the nodes of a database that has Citus, all or nothing, and returns how many
  /// nodes hold them.
  static func distribute(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) -> Int {
    try PostgreSQLSchema.alone(connection) { () throws(PostgreSQLFailure) in
      guard try !isDone(connection) else { return }
      for statement in statements(for: everywhere + byPerson + byOther.map(\.0)) { try connection.execute(statement) }
    }
    return try number(
      connection,
      """
      select count(distinct nodename || ':' || nodeport)::bigint from citus_shards
      where citus_table_type = 'distributed'
      """)
  }

  private static func number(_ connection: PostgreSQLConnection, _ sql: String) throws(PostgreSQLFailure) -> Int {
    Int(try connection.first(sql)?.int64(0) ?? 0)
  }
}
