import Fixtures
import Foundation
import Testing

@testable import Stores

/// How PostgreSQL runs the statements of requests: each on an index, and, but for those that write many people at once,
/// for one person.
@Suite("Plans of the statements on PostgreSQL")
struct PostgreSQLPlanTests {
  /// Rows enough that reading a whole table would not be cheaper. The prefixes keep ids apart.
  /// The server's own vacuum would change plans in the middle of a test, when it happens to come.
  private static let rows = """
    do $$ declare name text; begin
      for name in select tablename from pg_tables where schemaname = current_schema() loop
        execute format('alter table %I set (autovacuum_enabled = off)', name);
      end loop;
    end $$;
    insert into tenant select 't' || n, 1, '{}' from generate_series(1, 2000) n;
    insert into person select 'u' || n, 't' || n % 20, convert_to('p' || n, 'UTF8'), convert_to('d' || n, 'UTF8'), 1, '{}',
      convert_to('p' || n, 'UTF8'), convert_to('d' || n, 'UTF8') from generate_series(1, 5000) n;
    insert into principal_name select 't' || n % 20, convert_to('p' || n, 'UTF8'), 'u' || n from generate_series(1, 5000) n;
    insert into mail_address select 't' || n % 20, convert_to('m' || n, 'UTF8'), '', 'u' || n from generate_series(1, 5000) n;
    insert into item select 'u' || n % 5000, 'phones', 'i' || n, 1, 4, n, null, null, '{}',
      case when n % 7 = 0 then 'u' || n % 77 end, 2 from generate_series(1, 25000) n;
    insert into chain select 'u' || n, 't' || n % 20, 1, 'x', 'x' from generate_series(1, 5000) n;
    insert into record select 'u' || n % 5000, 't' || n % 20, n, 1, 1, null, null, '', null, null, null, null, 'x'
      from generate_series(1, 25000) n;
    insert into directory_group select 'g' || n, 't' || n % 20, 1, '{}' from generate_series(1, 5000) n;
    insert into membership select 'u' || n % 5000, 'g' || n % 4999 from generate_series(1, 20000) n on conflict do nothing;
    insert into receipt select sha256(convert_to(n::text, 'UTF8')), 'x', 'i', n from generate_series(1, 5000) n;
    analyze;
    """

  /// Statements about one person, or about one name or receipt.
  private static let single: [PostgreSQLStatement] = [
    PostgreSQLReads.selectItem, PostgreSQLReads.selectPlainItem, PostgreSQLReads.selectItems,
    PostgreSQLReads.countItems, PostgreSQLReads.selectBeyondTenant, PostgreSQLReads.selectChanges,
    PostgreSQLOwnerRelations.select, PostgreSQLOwnerRelations.selectPlain, PostgreSQLOwnerRelations.selectTenant,
    PostgreSQLTables.selectPerson, PostgreSQLTables.selectHolder, PostgreSQLTables.lockChains,
    PostgreSQLTables.lockChain, PostgreSQLTables.selectItem, PostgreSQLTables.insertItem, PostgreSQLTables.updateItem,
    PostgreSQLTables.deleteItem, PostgreSQLTables.selectUsage, PostgreSQLTables.insertRow,
    PostgreSQLTables.insertChain, PostgreSQLTables.updateChain, PostgreSQLTables.selectCode,
    PostgreSQLTables.insertPerson, PostgreSQLTables.updatePerson, PostgreSQLTables.forgetNames,
    PostgreSQLTables.insertName, PostgreSQLTables.passName, PostgreSQLTables.selectReceipt,
    PostgreSQLTables.forgetReceipt, PostgreSQLTables.insertReceipt, PostgreSQLMailTable.selectHolder,
    PostgreSQLMailTable.forget,
    PostgreSQLMailTable.insert,
    PostgreSQLTables.countMemberships, PostgreSQLTables.selectMember,
  ]
  /// Statements that a group of writes of many people shares.
  private static let shared: [PostgreSQLStatement] = [
    PostgreSQLPrefetch.lockChains, PostgreSQLPrefetch.selectItems, PostgreSQLPrefetch.selectOwnerRelations,
    PostgreSQLPrefetch.selectOwners, PostgreSQLTables.selectUsages, PostgreSQLBulk.itemUpdates.many,
    PostgreSQLBulk.itemInserts.many,
    PostgreSQLBulk.auditInserts.many, PostgreSQLBulk.chainInserts.many, PostgreSQLBulk.chainUpdates.many,
  ]

  @Test("Every statement of a request is on an index, and those about one person name that person")
  func plans() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    try await database.psql(Self.rows)
    var golden = ""
    for statement in Self.single + Self.shared {
      let plan = try await Self.plan(statement, database)
      #expect(!plan.contains("Seq Scan"), "\(statement.name) reads a whole table:\n\(plan)")
      if Self.single.contains(statement) { Self.expectOnePerson(statement, plan) }
      golden += "\(statement.name)\n\(plan)\n\n"
    }
    let version = try await database.psql("show server_version_num").prefix(2)
    // How a plan is written differs between major versions; the rules above hold on each.
    if version == "15" {
      let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Goldens/plans.txt")
      let difference = try Golden.difference(of: golden, from: file, filter: "Plan")
      #expect(difference == nil)
    }
    try await database.remove()
  }

  /// The plan for whatever values, as a server has it that prepared the statement.
  private static func plan(_ statement: PostgreSQLStatement, _ database: ThrowawayDatabase) async throws -> String {
    let highest = statement.sql.matches(of: /\$(\d+)/).compactMap { Int($0.output.1) }.max() ?? 0
    let nulls = highest == 0 ? "" : "(\([String](repeating: "null", count: highest).joined(separator: ", ")))"
    return try await database.psql(
      """
      set plan_cache_mode = force_generic_plan; prepare asked as \(statement.sql);
      explain (costs off) execute asked\(nulls)
      """)
  }

  /// Each condition of an index is on the key's first column, bound to a parameter or to the row of the same person.
  private static func expectOnePerson(_ statement: PostgreSQLStatement, _ plan: String) {
    for line in plan.split(separator: "\n") where line.contains("Index Cond:") {
      let isBound = line.contains(#/\((user_id|listed|tenant|id|key|folded) = /#)
      #expect(isBound, "\(statement.name) is not confined:\n\(plan)")
    }
  }
}
