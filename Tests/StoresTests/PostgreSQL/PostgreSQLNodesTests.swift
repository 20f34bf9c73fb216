import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// Which server answers and which is written: on Citus the node that holds a person, elsewhere the one there is.
@Suite("Nodes of a distributed database")
struct PostgreSQLNodesTests {
  private static let workers =
    ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"]?.split(separator: " ").map(String.init) ?? []
  private static let isCitus = !workers.isEmpty

  private static func worker(_ port: String, _ database: ThrowawayDatabase) throws -> PostgreSQLConnection {
    try PostgreSQLConnection("host=127.0.0.1 port=\(port) user=facet dbname=\(database.name)", namesStatements: false)
  }

  private static func count(_ connection: PostgreSQLConnection, _ sql: String) throws -> Int64 {
    try #require(try connection.first(sql)).int64(0)
  }

  /// Sets the number of a phone.
  private struct Renumber: ItemOperation {
    let key: ItemKey
    let number: String

    func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
      guard let old = state.item else { throw .itemNotFound }
      let new = Sample.phone(key.id.text, of: Sample.person(key.user.text), number: number).with(old.version.next)
      return .put(
        new,
        Change(
          time: Sample.time, kind: .updated, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
          properties: ["n\(number)"], versionBefore: old.version, versionAfter: new.version, actingUser: nil,
          actingApplication: nil))
    }
  }

  private static func renumber(_ store: PostgreSQLStore, _ user: String, _ number: Int) async throws {
    let key = Sample.key("phone-0", of: Sample.person(user))
    let result = await withCheckedContinuation { continuation in
      store.submit(.item(Renumber(key: key, number: "\(number)")) { continuation.resume(returning: $0) })
    }
    _ = try result.get()
  }

  private static func store(_ database: ThrowawayDatabase, people: Int) throws -> PostgreSQLStore {
    let store = try database.store()
    var lines = Sample.directory(people: people, phones: 1)[...]
    _ = try store.importLines(at: Sample.time) { lines.popFirst() }
    return store
  }

  @Test("A plain database has one server and no map")
  func plain() async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    let store = try Self.store(database, people: 2)
    try await Self.renumber(store, "user-0", 1)
    let nodes = store.nodes
    #expect(nodes.node(of: .person(Sample.userID("user-0"))) === nodes.node(of: .severalNodes))
    #expect(nodes.node(of: .person(Sample.userID("user-1"))) === nodes.node(of: .anyNode("x")))
    #expect(store.warning == nil)
    store.close()
    try await database.remove()
  }

  @Test("The map agrees with Citus for texts and for bytes", .enabled(if: isCitus))
  func hashesOnCitus() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    let connection = try PostgreSQLConnection(database.url, namesStatements: false)
    let map = try PostgreSQLShardMap(connection)
    #expect(map.people.count == 32 && map.names.count == 32)
    let texts = (0..<200).map { "\(UUID())".prefix($0 % 36) + (Bool.random() ? "" : "ž") }.map(String.init)
    for text in texts {
      let sql = "select worker_hash($1::text)::bigint, worker_hash($2::bytea)::bigint"
      let bytes = PostgreSQLValue.bytes(Array(text.utf8))
      let row = try #require(try connection.rows(PostgreSQLStatement("", sql), .text(text), bytes).first)
      #expect(row.int64(0) == Int64(PostgreSQLHash.value(of: text)) && row.int64(1) == row.int64(0), "\(text)")
    }
    let statement = PostgreSQLStatement(
      "",
      """
      select get_shard_id_for_distribution_column('person', $1::text),
      get_shard_id_for_distribution_column('principal_name', $2::bytea)
      """)
    for index in 0..<50 {
      let user = Sample.userID("user-\(index)")
      let row = try #require(
        try connection.rows(statement, .text(user.text), .bytes(Array(user.text.utf8))).first)
      #expect(map.shard(of: .person(user))?.id == row.int64(0))
      #expect(map.shard(of: .principalName(user.text))?.id == row.int64(1))
    }
    try await database.remove()
  }

  @Test(
    "People are read and written on the nodes that hold them, and not by way of the coordinator", .enabled(if: isCitus))
  func writesOnCitus() async throws {
    let database = try await ThrowawayDatabase()
    let store = try Self.store(database, people: 8)
    let reader = try store.makeReader { $0() }
    for user in (0..<8).map({ "user-\($0)" }) {
      try await Self.renumber(store, user, 1)
      let key = Sample.key("phone-0", of: Sample.person(user))
      let item = try await withCheckedThrowingContinuation { continuation in
        reader.item(key, for: .everything) { continuation.resume(with: $0) }
      }
      #expect(item != nil)
    }
    let sql = """
      select count(*)::bigint from pg_stat_activity
      where application_name = 'facet' and datname = current_database() and pid <> pg_backend_pid()
      """
    for port in Self.workers { #expect(try Self.count(try Self.worker(port, database), sql) >= 2) }
    #expect(try Self.count(Self.connection(database), sql) == 0)
    #expect(try store.check() == [])
    store.close()
    try await database.remove()
  }

  @Test("A shard that is moved while it is written is found again, and no write fails", .enabled(if: isCitus))
  func moveOnCitus() async throws {
    let database = try await ThrowawayDatabase()
    let store = try Self.store(database, people: 8)
    let user = Sample.userID("user-3")
    try await Self.renumber(store, user.text, 0)
    let before = try #require(try PostgreSQLShardMap(Self.connection(database)).shard(of: .person(user)))
    let from = try #require(before.node)
    let to = try #require(Self.workers.first { $0 != "\(from.port)" })
    async let moved = database.psql(
      "select citus_move_shard_placement(\(before.id), '\(from.host)', \(from.port), '127.0.0.1', \(to))")
    for number in 1..<400 { try await Self.renumber(store, user.text, number) }
    _ = try await moved
    for number in 400..<500 { try await Self.renumber(store, user.text, number) }
    let after = store.nodes.node(of: .person(user))
    let map = try PostgreSQLShardMap(Self.connection(database))
    #expect("\(map.shard(of: .person(user))?.node?.port ?? 0)" == to)
    #expect(after !== store.nodes.node(of: .severalNodes))
    let changes = try store.changes(of: user, in: .demo).filter { $0.kind == .updated }
    #expect(changes.flatMap(\.properties) == (0..<500).map { "n\($0)" })
    #expect(try store.check() == [])
    store.close()
    try await database.remove()
  }

  /// `Limits.nodeLockMilliseconds`: somebody else has locked a person.
  @Test(
    "A write that waits for a lock delays nobody else's for long, and later ones of its person follow it",
    .enabled(if: isCitus))
  func lockOnCitus() async throws {
    let database = try await ThrowawayDatabase()
    try Self.store(database, people: 30).close()
    // All people of a node share one writer.
    let store = try database.store { $0.writers = 1 }
    let locked = Sample.userID("user-0")
    let map = try #require(store.nodes.map)
    let node = map.shard(of: .person(locked))?.node
    let others = (1..<30).map { "user-\($0)" }.filter { map.shard(of: .person(Sample.userID($0)))?.node == node }
    for user in [locked.text] + others { try await Self.renumber(store, user, 0) }
    async let lock = database.psql(
      "begin; select length from chain where user_id = '\(locked.text)' for update; select pg_sleep(10); rollback")
    try await Task.sleep(for: .seconds(1))
    async let ofLocked: Void = withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...3 {
        group.addTask { try await Self.renumber(store, locked.text, number) }
        // In this order, and all of them while the lock is held.
        try await Task.sleep(for: .milliseconds(500))
      }
      try await group.waitForAll()
    }
    let start = ContinuousClock.now
    var longest = 0.0
    var number = 0
    while ContinuousClock.now - start < .seconds(6) {
      let began = ContinuousClock.now
      number += 1
      try await Self.renumber(store, try #require(others.first), number)
      longest = max(longest, (ContinuousClock.now - began) / .seconds(1))
    }
    print("Beside a locked person \(number) writes, the longest took \(longest) s")
    #expect(longest < 4 && number > 10)
    _ = try await (lock, ofLocked)
    let changes = try store.changes(of: locked, in: .demo).filter { $0.kind == .updated }
    #expect(changes.flatMap(\.properties) == (0...3).map { "n\($0)" })
    #expect(try store.check() == [])
    store.close()
    try await database.remove()
  }

  private static func connection(_ database: ThrowawayDatabase) throws -> PostgreSQLConnection {
    try PostgreSQLConnection(database.url, namesStatements: false)
  }
}
