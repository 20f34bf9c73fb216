import Foundation
import OData
import Testing

@testable import Stores

/// What a start says of the settings of nodes.
@Suite("Settings of the nodes of Citus")
struct PostgreSQLNodeSettingsTests {
  private static func node(_ name: String, prepared: Int = 100, wal: String = "logical") -> PostgreSQLNodeSettings {
    PostgreSQLNodeSettings(node: name, preparedTransactions: prepared, walLevel: wal)
  }

  @Test("Nodes with every setting pass")
  func whole() {
    let nodes = [
      Self.node("a:1", prepared: (Limits.nodeWriters + Limits.distributedFarWriters) * 2), Self.node("b:2"),
    ]
    #expect(PostgreSQLNodeSettings.fault(of: nodes) == nil)
    #expect(PostgreSQLNodeSettings.warning(of: nodes) == nil)
  }

  @Test("A node with too few prepared transactions is named, with the setting and a value")
  func preparedTransactions() throws {
    let nodes = [Self.node("a:1"), Self.node("b:2", prepared: 0), Self.node("c:3", prepared: 8)]
    let fault = try #require(PostgreSQLNodeSettings.fault(of: nodes))
    #expect(fault.contains("max_prepared_transactions to at least 9") && fault.hasSuffix("the node: b:2, c:3."))
    #expect(PostgreSQLNodeSettings.warning(of: nodes) == nil)
  }

  @Test("A node without logical decoding is a warning only")
  func walLevel() throws {
    let nodes = [Self.node("a:1", wal: "replica"), Self.node("b:2")]
    #expect(PostgreSQLNodeSettings.fault(of: nodes) == nil)
    let warning = try #require(PostgreSQLNodeSettings.warning(of: nodes))
    #expect(warning.contains("wal_level = logical") && warning.hasSuffix("the node: a:1."))
  }

  @Test("On Citus the settings of every node are read; elsewhere nothing is asked")
  func nodes() async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    #expect(store.warning == nil)
    store.close()
    if let workers = ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"]?.split(separator: " ") {
      let connection = try PostgreSQLConnection(database.url, namesStatements: false)
      let nodes = try PostgreSQLNodeSettings.all(connection)
      #expect(nodes.count == workers.count + 1)
      for worker in workers { #expect(nodes.contains { $0.node == "127.0.0.1:\(worker)" }) }
      #expect(nodes.allSatisfy { $0.walLevel == "logical" && $0.preparedTransactions == 400 })
    }
    try await database.remove()
  }
}
