import Fixtures
import Foundation
import OData
import Profiles
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
    insert into person_index select 'u' || n, 't' || n % 20, array[convert_to('d' || n, 'UTF8')], array[n]
      from generate_series(1, 5000) n;
    insert into manager select 'u' || n, 'u' || n / 10 from generate_series(1, 5000) n;
    insert into principal_name select 't' || n % 20, convert_to('p' || n, 'UTF8'), 'u' || n, '' from generate_series(1, 5000) n;
    insert into mail_address select 't' || n % 20, convert_to('m' || n, 'UTF8'), '', 'u' || n from generate_series(1, 5000) n;
    insert into disabled_account select 'u' || n, 't' || n % 20 from generate_series(1, 5000) n;
    insert into item select 'u' || n % 5000, 'phones', 'i' || n, 1, 4, n, null, null, '{}',
      case when n % 7 = 0 then 'u' || n % 77 end, 2 from generate_series(1, 25000) n;
    insert into chain select 'u' || n, 't' || n % 20, 1, 'x', 'x', true, null from generate_series(1, 5000) n;
    insert into record select 'u' || n % 5000, 't' || n % 20, n, 1, 1, null, null, '', null, null, null, null, 'x'
      from generate_series(1, 25000) n;
    insert into directory_group select 'g' || n, 't' || n % 20, 1, '{}' from generate_series(1, 5000) n;
    insert into group_photo select 'g' || n, 1, '{}' from generate_series(1, 5000) n;
    insert into membership select 'u' || n % 5000, 'g' || n % 4999 from generate_series(1, 20000) n on conflict do nothing;
    insert into group_member select group_id, user_id from membership;
    insert into group_member select id, '' from directory_group;
    insert into receipt select sha256(convert_to(n::text, 'UTF8')), 'x', 'i', n from generate_series(1, 5000) n;
    analyze;
    """

  /// Statements about one person, or about one name or receipt.
  private static let single: [PostgreSQLStatement] = [
    PostgreSQLReads.selectItem, PostgreSQLReads.selectPlainItem, PostgreSQLItemQueries.select,
    PostgreSQLItemQueries.selectOwn, PostgreSQLItemQueries.selectBounded, PostgreSQLItemQueries.selectOwnBounded,
    PostgreSQLItemQueries.selectByID, PostgreSQLItemQueries.count, PostgreSQLItemQueries.countOwn,
    PostgreSQLReads.selectChanges,
    PostgreSQLOwnerRelations.select, PostgreSQLOwnerRelations.selectPlain, PostgreSQLOwnerRelations.selectTenant,
    PostgreSQLTables.selectPerson, PostgreSQLTables.selectHolder, PostgreSQLTables.lockChains,
    PostgreSQLTables.lockChain, PostgreSQLTables.selectItem, PostgreSQLTables.insertItem, PostgreSQLTables.updateItem,
    PostgreSQLTables.deleteItem, PostgreSQLTables.selectUsage, PostgreSQLTables.insertRow,
    PostgreSQLTables.insertChain, PostgreSQLTables.updateChain, PostgreSQLCommitProof.selectCode,
    PostgreSQLTables.insertPerson, PostgreSQLTables.updatePerson, PostgreSQLTables.forgetName,
    PostgreSQLPersonIndex.insert, PostgreSQLPersonIndex.update, PostgreSQLPersonIndex.delete,
    PostgreSQLManagerTable.select, PostgreSQLManagerTable.put, PostgreSQLManagerTable.delete,
    PostgreSQLTables.insertName, PostgreSQLTables.passName, PostgreSQLTables.selectReceipt,
    PostgreSQLTables.forgetReceipt, PostgreSQLTables.insertReceipt, PostgreSQLMailTable.selectHolder,
    PostgreSQLMailTable.forget,
    PostgreSQLMailTable.insert,
    PostgreSQLMemberTable.count, PostgreSQLMemberTable.select, PostgreSQLMemberTable.selectGroups,
    PostgreSQLMemberTable.insert, PostgreSQLMemberTable.delete, PostgreSQLMemberTable.selectPeople,
    PostgreSQLMemberTable.insertListed, PostgreSQLMemberTable.deleteListed, PostgreSQLMemberTable.deleteAllListed,
    PostgreSQLMemberTable.hold, PostgreSQLMemberTable.take, PostgreSQLReads.selectMemberIDs,
    PostgreSQLReads.countMembers, PostgreSQLOwnerRelations.selectForeign,
    PostgreSQLDisabledAccounts.select, PostgreSQLDisabledAccounts.insert, PostgreSQLDisabledAccounts.delete,
    PostgreSQLGroupPhotos.select, PostgreSQLGroupPhotos.put, PostgreSQLGroupPhotos.delete,
  ]
  /// Statements about somebody else's items.
  private static let viewers: [PostgreSQLStatement] =
    [
      PostgreSQLVisibleItems.select(for: [.organization, .everyone], isBounded: false),
      PostgreSQLVisibleItems.select(for: [.organization, .everyone], isBounded: true),
      PostgreSQLVisibleItems.select(for: [.family, .groupMembers, .organization, .everyone], isBounded: false),
      PostgreSQLVisibleItems.count(for: [.organization, .everyone]),
      PostgreSQLVisibleItems.count(for: [.family, .groupMembers, .organization, .everyone]),
    ].compactMap(\.self) + [PostgreSQLVisibleItems.selectBeyondTenant]
  /// Statements that a group of writes of many people shares.
  private static let shared: [PostgreSQLStatement] = [
    PostgreSQLPrefetch.lockChains, PostgreSQLPrefetch.selectItems, PostgreSQLPrefetch.selectOwnerRelations,
    PostgreSQLTables.selectUsages, PostgreSQLBulk.itemUpdates.many,
    PostgreSQLBulk.itemInserts.many,
    PostgreSQLBulk.auditInserts.many, PostgreSQLBulk.chainInserts.many, PostgreSQLBulk.chainUpdates.many,
    PostgreSQLMemberTable.selectLeft, PostgreSQLReads.selectMembers, PostgreSQLGroupLinks.select,
    PostgreSQLGroupLinks.selectOwned, PostgreSQLGroupLinks.update, PostgreSQLDisabledAccounts.selectAll,
    PostgreSQLManagerTable.selectMany, PostgreSQLManagerTable.selectPeople, PostgreSQLManagerTable.selectReports,
    PostgreSQLManagerTable.selectReportIDs,
  ]

  @Test("Every statement of a request is on an index, and those about one person name that person")
  func plans() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    try await database.psql(Self.rows)
    var golden = ""
    for statement in Self.single + Self.viewers + Self.shared {
      let plan = try await Self.plan(statement, database)
      #expect(!plan.contains("Seq Scan"), "\(statement.name) reads a whole table:\n\(plan)")
      if !Self.shared.contains(statement) { Self.expectOnePerson(statement, plan) }
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
      let isBound = line.contains(#/\((user_id|group_id|listed|tenant|id|key|folded) = /#)
      #expect(isBound, "\(statement.name) is not confined:\n\(plan)")
    }
  }

  // MARK: Hidden items

  /// People who have the same 20 visible items, of whom one hides 1,000 more among them, and one whose 1,000 items for
  /// other tenants lie in a collection in which they are not visible.
  private static let hidingPeople = """
    insert into item select 'shown', 'phones', 'i' || n, 1, 40, 51 * n, null, null, '{}' from generate_series(1, 20) n;
    insert into item select 'hiding', 'phones', 'i' || n, 1,
      case when n % 51 = 0 then 40 when n % 2 = 0 then 0 else 18 end, n, null, null, '{}'
      from generate_series(1, 1020) n;
    insert into item select 'masked', 'emails', 'i' || n, 1, 48, n, null, null, '{}' from generate_series(1, 1000) n;
    """

  @Test("A viewer's statement reads no hidden row, whatever the planner knows of the person")
  func hiddenItems() async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    try database.store().close()
    try await database.psql(Self.hidingPeople)
    for preparation in ["select 1", Self.rows, "vacuum"] {
      try await database.psql(preparation)
      for mode in ["force_generic_plan", "force_custom_plan"] {
        try await Self.expectNothingHiddenIsRead(database, mode)
      }
    }
    for isBounded in [false, true] {
      let page = try Self.page("hiding", .all, isBounded: isBounded)
      let all = try await Self.rows(of: page, "auto", database)
      let count = isBounded ? 1_020 : Limits.databasePlainRowsMax + 1
      #expect(all == (read: count, given: count), "What is read was not found out")
    }
    try await database.remove()
  }

  private static func expectNothingHiddenIsRead(_ database: ThrowawayDatabase, _ mode: String) async throws {
    for audiences in [
      Audience.everyone, [.organization, .everyone], [.family, .groupMembers, .organization, .everyone],
    ] {
      let count = try #require(PostgreSQLVisibleItems.count(for: audiences))
      // Each audience reads an item that is for two.
      let read = audiences.contains(.organization) ? 40 : 20
      for person in ["hiding", "shown"] {
        for isBounded in [false, true] {
          let page = try Self.page(person, .visible(audiences), isBounded: isBounded)
          #expect(try await rows(of: page, mode, database) == (read, 20), "\(page.statement.name), \(mode)")
        }
        // What a filter leaves out is also looked for among visible items alone.
        let none = try page(person, .visible(audiences), "startswith(number,'1')")
        #expect(try await rows(of: none, mode, database) == (read, 0), "\(none.statement.name), \(mode)")
        #expect(try await rows(of: number(person, count), mode, database) == (read, 1), "\(count.name), \(mode)")
      }
    }
    for person in ["masked", "nobody"] {
      let query = PostgreSQLVisibleItems.beyondTenant(of: Sample.userID(person)) {
        $0 == "emails" ? .me : .beyondTenant
      }
      #expect(try await rows(of: query, mode, database) == (0, 0), "\(person), \(mode)")
    }
    let seen = PostgreSQLVisibleItems.beyondTenant(of: Sample.userID("masked")) { _ in .everyone }
    #expect(try await rows(of: seen, mode, database).given == 1, "\(mode)")
  }

  private static func page(
    _ person: String, _ scope: PostgreSQLItemScope, isBounded: Bool = true, _ filter: String? = nil
  ) throws -> PostgreSQLQuery {
    let type = try #require(ProfileModel.collection(named: "phones")).target
    let condition = try filter.flatMap {
      try QueryOptions("$filter=\($0)".utf8, of: type, supporting: .list).filter.flatMap {
        ItemCondition(impliedBy: $0, of: type)
      }
    }
    #expect((condition == nil) == (filter == nil))
    let selection = ItemSelection(limit: isBounded ? 2_000 : Limits.databasePlainRowsMax, where: condition)
    return try #require(
      PostgreSQLItemQueries.page(
        of: Sample.userID(person), in: "phones", scope, selection, addsBytes: isBounded))
  }

  private static func number(_ person: String, _ statement: PostgreSQLStatement) -> PostgreSQLQuery {
    PostgreSQLQuery(statement, .text(person), .text("phones"))
  }

  /// How many rows of items a query reads, those that it drops included, and how many it gives. What it reads for a
  /// viewer must come from the indexes by audience.
  private static func rows(
    of query: PostgreSQLQuery, _ mode: String, _ database: ThrowawayDatabase
  ) async throws -> (read: Int, given: Int) {
    let plan = try await database.psql(
      """
      set plan_cache_mode = \(mode); prepare asked as \(query.statement.sql);
      explain (analyze, costs off, timing off, summary off)
      execute asked(\(query.values.map(literal).joined(separator: ", ")))
      """)
    var read = 0.0
    for line in plan.split(separator: "\n") {
      if let dropped = line.firstMatch(of: #/Rows Removed by .*: (\d+)/#) { read += Double(dropped.1) ?? .nan }
      guard let scan = line.firstMatch(of: #/ on item.*actual rows=([\d.]+) loops=(\d+)/#) else { continue }
      let isByAudience = line.contains(" item_for_") || line.contains("Bitmap Heap Scan")
      let readsAll = [PostgreSQLItemQueries.select, PostgreSQLItemQueries.selectBounded].contains(query.statement)
      #expect(isByAudience || readsAll, "\(mode):\n\(plan)")
      // A bitmap's rows are read where the table is scanned.
      if !line.contains("Bitmap Index Scan") { read += (Double(scan.1) ?? .nan) * (Double(scan.2) ?? .nan) }
    }
    let given = plan.firstMatch(of: #/actual rows=(\d+)/#).flatMap { Int($0.1) }
    return (Int(read), try #require(given))
  }

  private static func literal(_ value: PostgreSQLValue) -> String {
    switch value {
    case .null: "null"
    case .int(let number): "\(number)"
    case .integer(let number): "\(number)"
    case .text(let text): "'\(text)'"
    case .bytes(let bytes): "'\\x\(bytes.map { String(format: "%02x", $0) }.joined())'"
    case .column(let values, _): "array[\(values.map(literal).joined(separator: ", "))]"
    }
  }
}
