import Fixtures
import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// Which rows are kept where they are until a transaction of several nodes ends that reads them before it writes them.
@Suite("Locks of shards")
struct PostgreSQLShardLocksTests {
  /// The tables of a distributed database whose rows are spread, with the columns by which they are.
  private static let columns = Dictionary(
    uniqueKeysWithValues: PostgreSQLDistribution.byPerson.map { ($0, "user_id") } + PostgreSQLDistribution.byOther)

  /// The spread tables that a statement reads.
  private static func tables(of statement: PostgreSQLStatement) -> [String] {
    guard statement.sql.hasPrefix("select") else { return [] }
    return statement.sql.matches(of: #/\b(?:from|join) ([a-z_]+)/#).map { String($0.1) }.filter { columns[$0] != nil }
  }

  @Test("Every statement that reads a spread table is locked before, or is of reads alone")
  func lists() {
    let alone = Set(PostgreSQLStatements.ofReadsAlone)
    #expect(alone.isDisjoint(with: PostgreSQLShardLocks.places.keys))
    var count = 0
    for statement in PostgreSQLStatements.ofOneShard + PostgreSQLStatements.ofEveryShard {
      guard !Self.tables(of: statement).isEmpty else { continue }
      count += 1
      let isKnown = PostgreSQLShardLocks.places[statement] != nil || alone.contains(statement)
      #expect(isKnown, "\(statement.name) has no place in PostgreSQLShardLocks, nor is it of reads alone")
    }
    #expect(count > 30)
  }

  @Test("What is locked are the rows that the statement reads")
  func places() throws {
    for (statement, place) in PostgreSQLShardLocks.places {
      let tables = Self.tables(of: statement)
      #expect(!tables.isEmpty, "\(statement.name) reads nothing that is locked")
      let lies = PostgreSQLDistribution.byPerson.contains(place.column.rawValue) ? "person" : place.column.rawValue
      for table in tables {
        #expect((PostgreSQLDistribution.byPerson.contains(table) ? "person" : table) == lies, "\(statement.name)")
        let column = try #require(Self.columns[table])
        let condition = "\(column) = $\(place.parameter + 1)::\(place.column.type)"
        #expect(statement.sql.contains(condition), "\(statement.name) does not read by \(condition)")
      }
    }
  }

  @Test("Statements that only reads run are in the files of reads, so that no write runs one without a lock")
  func readsAlone() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../../Sources/Stores/PostgreSQL")
    let alone = Set(PostgreSQLStatements.ofReadsAlone.map(\.name))
    var found = 0
    for file in try FileManager.default.contentsOfDirectory(at: sources, includingPropertiesForKeys: nil) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: #/PostgreSQLStatement\(\s*"(?<name>[a-z_]+)"/#)
      where alone.contains(String(match.name)) {
        found += 1
        #expect(!file.lastPathComponent.hasPrefix("PostgreSQLTables"), "\(match.name)")
      }
      guard file.lastPathComponent.hasPrefix("PostgreSQLTables") else { continue }
      #expect(
        !text.contains("PostgreSQLReads.") && !text.contains("PostgreSQLItemQueries."), "\(file.lastPathComponent)")
    }
    #expect(found > 5)
  }

  // MARK: Queries

  private static func names(_ queries: [PostgreSQLQuery]) -> [String] { queries.map(\.statement.name) }

  @Test("One query locks the rows of a kind that several read, once until the transaction ends")
  func queries() {
    var locks = PostgreSQLShardLocks()
    let reads = [
      PostgreSQLQuery(PostgreSQLTables.selectHolder, .text("t"), .bytes(of: "a")),
      PostgreSQLQuery(PostgreSQLTables.lockChains, .text("ann")),
      PostgreSQLQuery(PostgreSQLTables.selectItem, .text("ann"), .text("phones"), .text("1")),
      PostgreSQLQuery(PostgreSQLTables.lockChains, .text("bob")),
      PostgreSQLQuery(PostgreSQLTables.lockTenant, .text("t")),
    ]
    let queries = locks.queries(before: reads)
    #expect(Self.names(queries) == ["lock_shards_of_person", "lock_shards_of_principal_name"])
    #expect(queries.map(\.values) == [[.texts(["ann", "bob"])], [.column([.bytes(of: "a")], .bytea)]])
    #expect(locks.queries(before: reads).isEmpty)
    // Another address of the same bytes lies on another shard.
    let mail = PostgreSQLQuery(PostgreSQLMailTable.selectHolder, .text("t"), .bytes(of: "a"), .text("ann"))
    #expect(Self.names(locks.queries(before: [mail])) == ["lock_shards_of_mail_address"])
  }

  @Test("People of the own node are not locked, their names are")
  func exempt() {
    var locks = PostgreSQLShardLocks()
    locks.exempt(["ann"])
    let reads = [
      PostgreSQLQuery(PostgreSQLTables.lockChains, .text("ann")),
      PostgreSQLQuery(PostgreSQLTables.selectReceipt, .bytes([1]), .int(0)),
      PostgreSQLQuery(PostgreSQLMemberTable.hold, .text("team")),
    ]
    let names = ["lock_shards_of_receipt", "lock_shards_of_group_member"]
    #expect(Self.names(locks.queries(before: reads)) == names)
    let other = PostgreSQLQuery(PostgreSQLTables.selectPerson, .text("bob"))
    #expect(Self.names(locks.queries(before: [other])) == ["lock_shards_of_person"])
  }
}

/// A shard that moves while a transaction of another node reads and writes it.
@Suite("Locks of shards on Citus", .serialized, .enabled(if: CitusNodes.areThere))
struct CitusShardLocksTests {
  private static let tenant = PostgreSQLValue.text(TenantID.demo.text)

  @Test("A move waits for a transaction that has read a name and is to write it, and the name is kept")
  func move() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    let (own, far) = (try CitusNodes.port(of: .first), try CitusNodes.port(of: .second))
    let name = try await Self.name(at: far, database)
    let connection = try Self.connection(database, own)
    var locks = PostgreSQLShardLocks()
    let read = PostgreSQLQuery(PostgreSQLTables.selectHolder, Self.tenant, .bytes(of: name))
    _ = try connection.run([PostgreSQLQuery(PostgreSQLTables.begin)] + locks.queries(before: [read]) + [read])
    let move = Task {
      _ = try await database.psql(
        """
        select citus_move_shard_placement(get_shard_id_for_distribution_column('principal_name',
        convert_to('\(name)', 'UTF8')), '127.0.0.1', \(far), '127.0.0.1', \(own))
        """)
    }
    try await Self.waitForMove(database, own)
    let write = PostgreSQLQuery(PostgreSQLTables.insertName, Self.tenant, .bytes(of: name), .text("ann"))
    _ = try connection.run([write, PostgreSQLQuery(PostgreSQLTables.commit)])
    try await move.value
    #expect(try await Self.place(of: name, database) == own)
    let holder = try connection.rows(PostgreSQLTables.selectHolder, Self.tenant, .bytes(of: name)).first?.text(0)
    #expect(holder == "ann")
    try await database.remove()
  }

  @Test("Shards of every kind of rows can be locked on a worker by the owner of the tables")
  func kinds() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    let connection = try Self.connection(database, try CitusNodes.port(of: .first))
    for column in PostgreSQLShardLocks.Column.allCases {
      let values = (0..<100).map { column.type == .text ? PostgreSQLValue.text("\($0)") : .bytes(of: "\($0)") }
      let locks = "select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted"
      let answers = try connection.run([
        PostgreSQLQuery(PostgreSQLTables.begin),
        PostgreSQLQuery(PostgreSQLShardLocks.lock(column), .column(values, column.type)),
        PostgreSQLQuery(PostgreSQLStatement("", locks)), PostgreSQLQuery(PostgreSQLTables.rollback),
      ])
      #expect(answers[2].first?.int64(0) ?? 0 > 20, "\(column)")
    }
    try await database.remove()
  }

  private static func connection(_ database: ThrowawayDatabase, _ port: String) throws -> PostgreSQLConnection {
    let address = PostgreSQLAddress(host: "127.0.0.1", port: try #require(Int(port)))
    return try PostgreSQLConnection(database.url, at: address, namesStatements: true)
  }

  /// The port of the node that holds a name.
  private static func place(of name: String, _ database: ThrowawayDatabase) async throws -> String {
    try await database.psql(
      """
      select nodeport from citus_shards where shardid =
      get_shard_id_for_distribution_column('principal_name', convert_to('\(name)', 'UTF8'))
      """)
  }

  /// A name that lies on a node.
  private static func name(at port: String, _ database: ThrowawayDatabase) async throws -> String {
    for number in 0..<100 where try await place(of: "name-\(number)", database) == port { return "name-\(number)" }
    throw CancellationError()
  }

  /// Waits until a move waits for a lock on a node.
  private static func waitForMove(_ database: ThrowawayDatabase, _ port: String) async throws {
    let waiting = """
      select count(*) from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and not granted
      and database = (select oid from pg_database where datname = current_database())
      """
    let start = ContinuousClock.now
    while try await database.psql(waiting, onWorker: port) == "0" {
      guard ContinuousClock.now - start < .seconds(60) else {
        Issue.record("The move does not wait for the transaction")
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
