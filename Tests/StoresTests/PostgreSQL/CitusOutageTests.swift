import Fixtures
import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// What is done to one node of several: nothing acknowledged is lost or done twice, and the people of other nodes do not
/// notice.
@Suite("Nodes that fail", .serialized, .enabled(if: CitusNodes.areThere))
struct CitusOutageTests {
  /// A bound on requests of other people, and what a busy machine may add to other bounds.
  private static let slack = Double(Limits.databaseRetrySeconds)
  /// How long a worker is gone.
  private static let goneSeconds = 60.0

  private static func withLoad(
    _ kinds: Set<NodeLoad.Kind> = [.write, .read, .create, .anyNode, .visit, .member, .group],
    _ body: (NodeLoad, ThrowawayDatabase) async throws -> Void
  ) async throws {
    for node in [CitusNodes.Node.coordinator, .first, .second] { try await CitusNodes.order(node, .start) }
    let database = try await ThrowawayDatabase()
    let load = try NodeLoad(database)
    load.start(kinds)
    try await load.flows()
    load.forgetTallies()
    try await body(load, database)
    await load.stop()
    // What a node had only prepared when it failed is otherwise settled within `citus.recover_2pc_interval`.
    try await database.psql("select recover_prepared_transactions()")
    for node in [CitusNodes.Node.first, .second] {
      try await database.psql("select recover_prepared_transactions()", onWorker: try CitusNodes.port(of: node))
    }
    try await load.verify(with: load.stores[0])
    load.close()
    try await database.remove()
  }

  /// The people of the first worker, and what any node can do.
  private static func expectOthersUnaffected(_ load: NodeLoad, _ kinds: [NodeLoad.Kind] = [.write, .read]) {
    for tally in kinds.map({ load.tally($0, .first) }) + [load.tally(.anyNode)] {
      #expect(tally.failures.isEmpty)
      #expect(tally.done > 0 && tally.longest < slack)
    }
  }

  private static func waits(_ what: String, seconds: Double = 60, _ condition: () -> Bool) async throws {
    let start = ContinuousClock.now
    while !condition() {
      guard ContinuousClock.now - start < .seconds(seconds) else {
        Issue.record("It does not come true: \(what)")
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private static func condition(_ node: CitusNodes.Node, _ store: PostgreSQLStore) throws -> StoreNodeCondition {
    let conditions = store.nodeConditions
    guard node != .coordinator else { return try #require(conditions.first { $0.role == .coordinator }) }
    let port = try CitusNodes.port(of: node)
    return try #require(conditions.first { $0.role == .worker && $0.name == "127.0.0.1:\(port)" })
  }

  private static func recovers(_ load: NodeLoad, _ node: CitusNodes.Node) async throws {
    for store in load.stores {
      try await waits("The server takes writes again") {
        guard let condition = try? Self.condition(node, store) else { return false }
        return condition.isAnswering && condition.takesWrites && store.health == .healthy
      }
      #expect(store.warning == nil)
    }
    load.forgetTallies()
    try await load.flows()
  }

  @Test("A worker that restarts again and again")
  func restarts() async throws {
    try await Self.withLoad { load, _ in
      for _ in 0..<4 {
        try await CitusNodes.with(.second, .kill) {}
        try await Task.sleep(for: .milliseconds(.random(in: 500...1_500)))
      }
      load.report("While a worker restarts")
      Self.expectOthersUnaffected(load)
      try await Self.recovers(load, .second)
    }
  }

  @Test("A worker that is gone for a minute")
  func gone() async throws {
    try await Self.withLoad { load, database in
      try await CitusNodes.with(.second, .kill) {
        try await Self.waits("The worker counts as away") {
          load.stores.allSatisfy { $0.nodes.ofPeople.contains { $0.node.outage != nil } }
        }
        load.report("While a worker goes")
        Self.expectOthersUnaffected(load)
        for store in load.stores { try Self.expectLimited(store, without: .second) }
        load.forgetTallies()
        let start = ContinuousClock.now
        try await Self.expectStart(database, load)
        try await Task.sleep(for: .seconds(Self.goneSeconds) - (ContinuousClock.now - start))
        load.report("While a worker is gone")
        Self.expectOthersUnaffected(load)
        // Who lies on it is told so at once.
        for kind in [NodeLoad.Kind.write, .read] {
          let tally = load.tally(kind, .second)
          #expect(tally.done == 0 && !tally.failures.isEmpty && tally.longestFailure < 1)
        }
      }
      try await Self.recovers(load, .second)
    }
  }

  /// What operators see; everybody may see the health, which therefore names no node.
  private static func expectLimited(_ store: PostgreSQLStore, without node: CitusNodes.Node) throws {
    let condition = try condition(node, store)
    #expect(!condition.isAnswering && !condition.takesWrites)
    #expect(try Self.condition(.first, store).takesWrites)
    guard case .limited(let sentence) = store.health else {
      Issue.record("The health is \(store.health)")
      return
    }
    #expect(!sentence.contains("127.0.0.1"))
    #expect(store.warning?.contains(node == .coordinator ? "Groups and tenants" : condition.name) == true)
  }

  /// A server that starts while a worker is away reads and writes the people of the others.
  private static func expectStart(_ database: ThrowawayDatabase, _ load: NodeLoad) async throws {
    let store = try database.store()
    let user = try #require(load.people[.first]?.first)
    let key = Sample.key("phone", of: Sample.person(user.text))
    #expect(try await store.ask { $0.item(key, for: .everything, $1) } != nil)
    store.close()
  }

  @Test("A worker that fails in the middle of commits")
  func commits() async throws {
    try await Self.withLoad([.write, .create]) { load, _ in
      for _ in 0..<10 {
        try await CitusNodes.with(.second, .kill) {}
        try await Task.sleep(for: .milliseconds(.random(in: 100...900)))
      }
      load.report("While a worker fails in commits")
      #expect(load.tally(.write, .first).failures.isEmpty)
      try await Self.recovers(load, .second)
    }
  }

  @Test("While the coordinator is away, people are read and written")
  func coordinator() async throws {
    try await Self.withLoad { load, _ in
      try await CitusNodes.with(.coordinator, .kill) {
        try await Self.waits("The coordinator counts as away") {
          load.stores.allSatisfy { $0.nodes.first.outage != nil }
        }
        for store in load.stores { try Self.expectLimited(store, without: .coordinator) }
        try await Task.sleep(for: .seconds(5))
        load.report("While the coordinator is away")
        for node in [CitusNodes.Node.first, .second] {
          for kind in [NodeLoad.Kind.write, .read, .create] {
            let tally = load.tally(kind, node)
            #expect(tally.failures.isEmpty && tally.done > 0 && tally.longest < Self.slack)
          }
        }
        #expect(load.tally(.anyNode).failures.isEmpty)
        let groups = load.tally(.group)
        #expect(groups.failures.keys.allSatisfy { $0.contains("unavailable") } && !groups.failures.isEmpty)
        // What commands do fails with a sentence, and does not wait.
        #expect(throws: StoreError.self) { try load.stores[0].addTenant(.personalAccounts) }
      }
      try await Self.recovers(load, .coordinator)
      try await Self.waits("Groups are written again") { load.tally(.group).done > 0 }
    }
  }

  /// `Limits.nodeConnectSeconds`, `Limits.databaseRetrySeconds`, `Limits.nodeIdleSeconds`.
  @Test("A worker whose processes stand still keeps only its own people waiting, and those for a bounded time")
  func standstill() async throws {
    try await Self.withLoad { load, database in
      let start = ContinuousClock.now
      try await CitusNodes.with(.second, .pause) {
        try await Self.waits("The worker counts as away") {
          load.stores.allSatisfy { $0.nodes.ofPeople.contains { $0.node.outage != nil } }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("A worker that stands still counts as away after \(seconds) s")
        #expect(seconds < Double(Limits.databaseRetrySeconds + 2 * Limits.nodeConnectSeconds) + Self.slack)
        for store in load.stores { try Self.expectLimited(store, without: .second) }
        try await Self.expectStart(database, load)
        try await Task.sleep(for: .seconds(Limits.databaseSeconds + 5))
        load.report("While a worker stands still")
        Self.expectOthersUnaffected(load)
        let reads = load.tally(.read, .second)
        #expect(!reads.failures.isEmpty)
        #expect(reads.longestFailure < Double(Limits.databaseRetrySeconds + 2 * Limits.nodeConnectSeconds) + Self.slack)
      }
      try await Self.recovers(load, .second)
      load.report("After it stood still")
    }
  }

  /// Other nodes find the worker under another address (`pg_dist_poolinfo`).
  @Test("A worker that only this server cannot reach keeps only its own people waiting")
  func unreachable() async throws {
    let database = try await ThrowawayDatabase()
    try database.store().close()
    let silent = try SilentPort()
    let port = try CitusNodes.port(of: .second)
    let find = "(select nodeid from pg_dist_node where nodeport = \(port))"
    let insert = "insert into pg_dist_poolinfo select nodeid, 'host=127.0.0.1 port=\(port)' from \(find) n"
    for node in [CitusNodes.Node.first, .second] {
      try await database.psql(insert, onWorker: try CitusNodes.port(of: node))
    }
    try await database.psql(insert)
    try await database.psql("select citus_update_node(\(find), '127.0.0.1', \(silent.port))")
    let store = try database.store()
    var lines = Sample.directory(people: 20, phones: 1)[...]
    _ = try store.importLines(at: Sample.time) { lines.popFirst() }
    let map = try #require(store.nodes.map)
    for number in 0..<20 {
      let key = Sample.key("phone-0", of: Sample.person("user-\(number)"))
      let isNear = map.shard(of: .person(key.user))?.node?.port != silent.port
      let start = ContinuousClock.now
      var (isFound, failure) = (false, "")
      do {
        isFound = try await store.ask { $0.item(key, for: .everything, $1) } != nil
      } catch {
        failure = "\(error)"
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      #expect(isFound == isNear && seconds < (isNear ? 1 : 10) + Self.slack, "\(key.user), near: \(isNear), \(failure)")
    }
    #expect(store.nodeConditions.first { $0.name == "127.0.0.1:\(silent.port)" }?.isAnswering == false)
    #expect(store.nodeConditions.count { $0.isAnswering } == 2)
    store.close()
    silent.close()
    try await database.remove()
  }
}
