import Profiles
import StoreConformance
import Testing

@testable import Stores

/// The same tables, hash-partitioned by person, on plain PostgreSQL.
@Suite("Tables that are partitioned by hash")
struct PostgreSQLPartitionTests {
  @Test("The store keeps the contract on partitioned tables", arguments: StoreConformance.cases)
  func conformance(_ promise: ConformanceCase) async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    try await database.psql(try Self.tables())
    let store = try database.store()
    try await promise.run(store)
    store.close()
    let parts = try await database.psql(
      "select count(*) from pg_inherits join pg_class on oid = inhrelid and relkind = 'r'")
    #expect(parts == "\(Self.keys.count * 4)")
    try await database.remove()
  }

  /// What each table of the first form is partitioned by, which its keys must hold.
  private static let keys =
    (PostgreSQLDistribution.byPerson.map { ($0, "user_id") } + PostgreSQLDistribution.byOther).filter {
      PostgreSQLSchema.tables.contains("create table \($0.0) (")
    }

  /// The statements of the schema, each table in four parts; a table in parts has no pages to keep room in.
  static func tables() throws -> String {
    var sql = PostgreSQLSchema.tables.replacing(" with (fillfactor = 80)", with: "")
    for (table, column) in keys {
      let start = try #require(sql.firstRange(of: "create table \(table) ("))
      let end = try #require(sql[start.upperBound...].firstRange(of: ");"))
      let parts = (0..<4).map {
        "create table \(table)_\($0) partition of \(table) for values with (modulus 4, remainder \($0));"
      }
      sql.replaceSubrange(end, with: ") partition by hash (\(column));\n\(parts.joined(separator: "\n"))")
    }
    return sql + "insert into facet_schema values (1);"
      + TenantID.builtIn.map { "insert into tenant values ('\($0.text)', 1, '{}');" }.joined()
  }
}
