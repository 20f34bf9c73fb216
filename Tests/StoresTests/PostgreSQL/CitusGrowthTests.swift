import Fixtures
import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// A node is added while servers run.
@Suite("A database that grows while it is used", .serialized, .enabled(if: CitusNodes.areThere))
struct CitusGrowthTests {
  /// No request may take longer; the longest is printed.
  private static let stallSecondsMax = Double(Limits.databaseRetrySeconds)

  @Test("While shards move to a node that was added, no request fails, and none is lost or done twice")
  func growth() async throws {
    let database = try await ThrowawayDatabase()
    let load = try NodeLoad(database)
    load.start()
    try await load.flows()
    load.report("Before the new node")
    load.forgetTallies()
    let port = try CitusNodes.port(of: .third)
    try await CitusNodes.order(.third, .start)
    let start = ContinuousClock.now
    try await database.addWorker(port)
    try await database.psql("select citus_rebalance_start()")
    try await database.psql("select citus_rebalance_wait()")
    print("Rebalanced in \(ContinuousClock.now - start)")
    try await Task.sleep(for: .seconds(2))
    load.report("While shards move")
    for node in [CitusNodes.Node.first, .second] {
      for kind in [NodeLoad.Kind.write, .read, .create] {
        Self.expectNoFailure(load.tally(kind, node), "\(kind) of \(node)")
      }
    }
    for kind in [NodeLoad.Kind.anyNode, .group] { Self.expectNoFailure(load.tally(kind), "\(kind)") }
    for kind in [NodeLoad.Kind.member, .visit] { Self.expectNoFailure(load.tally(kind, .first), "\(kind)") }
    // The new node is used, and known to operators.
    for store in load.stores {
      let conditions = store.nodeConditions
      let new = try #require(conditions.first { $0.name == "127.0.0.1:\(port)" })
      #expect(new.role == .worker && new.isAnswering && new.takesWrites && new.shards > 0)
      #expect(conditions.reduce(0) { $0 + $1.shards } == 32)
      #expect(store.health == .healthy && store.warning == nil)
    }
    let sessions = try await database.psql(
      "select count(*) from pg_stat_activity where application_name = 'facet' and datname = current_database()",
      onWorker: port)
    #expect(Int(sessions) ?? 0 > 0)
    await load.stop()
    try await load.verify(with: load.stores[0])
    load.close()
    try await database.remove()
  }

  private static func expectNoFailure(_ tally: NodeLoad.Tally, _ what: String) {
    #expect(tally.failures.isEmpty, "\(what)")
    #expect(tally.done > 0, "\(what)")
    #expect(tally.longest < stallSecondsMax, "\(what)")
  }
}
