import Fixtures
import Foundation
import Stores
import Synchronization
import Testing

/// A database of one test on the server that `Scripts/with-postgresql` started, with a directory for its key.
final class ThrowawayDatabase: Sendable {
  /// How a store finds the database.
  let url: String
  let name: String
  private let scratch: Scratch

  /// A database that is empty; `isPlain` leaves it alone also where others are spread over nodes. `detours` are the ports by
  /// which others reach a worker instead of its own.
  init(isPlain: Bool = false, detours: [String: Int] = [:]) async throws {
    name = "t" + UUID().uuidString.lowercased().filter { $0 != "-" }
    let server = try Self.server()
    url = "\(server) dbname=\(name)"
    scratch = try Scratch()
    try await Self.psql("create database \(name) template template0", on: "postgres")
    workers =
      isPlain ? nil : ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"]?.split(separator: " ").map(String.init)
    if let workers { try await joinWorkers(workers, detours) }
  }

  /// The ports of the workers, where the tests run on Citus (`Scripts/with-citus`).
  private let workers: [String]?
  private let isDistributed = Mutex(false)

  /// Workers that were added later.
  private let added = Mutex<[String]>([])

  /// Makes the database on every node, and the coordinator know them.
  private func joinWorkers(_ ports: [String], _ detours: [String: Int]) async throws {
    try await psql("create extension citus")
    try await psql("select citus_set_coordinator_host('127.0.0.1', current_setting('port')::int)")
    for port in ports { try await join(port, by: detours[port].map(String.init) ?? port) }
  }

  private func join(_ port: String, by detour: String) async throws {
    try await Self.psql("create database \(name) template template0", at: "\(Self.node(port)) dbname=postgres")
    try await psql("create extension citus", onWorker: port)
    try await psql("select citus_add_node('127.0.0.1', \(detour))")
  }

  /// Adds a worker to the nodes of the database; it holds no rows yet.
  func addWorker(_ port: String) async throws {
    added.withLock { $0.append(port) }
    try await join(port, by: port)
  }

  private static func node(_ port: String) -> String { "host=127.0.0.1 port=\(port) user=facet" }

  /// A new store on the database; further ones are further servers.
  func store(_ change: (inout PostgreSQLOptions) -> Void = { _ in }) throws -> PostgreSQLStore {
    var options = PostgreSQLOptions(url: url, keyDirectory: scratch.directory)
    change(&options)
    let store = try PostgreSQLStore(options)
    let isNew = isDistributed.withLock { isDistributed in
      defer { isDistributed = true }
      return workers != nil && !isDistributed
    }
    guard isNew else { return store }
    _ = try store.distribute()
    store.close()
    return try PostgreSQLStore(options)
  }

  /// Takes the database and the directory away.
  func remove() async throws {
    try await Self.psql("drop database \(name) with (force)", on: "postgres")
    for port in (workers ?? []) + added.withLock({ $0 }) {
      try await Self.psql("drop database \(name) with (force)", at: "\(Self.node(port)) dbname=postgres")
    }
    scratch.remove()
  }

  /// Runs SQL on the database, behind the store's back, and returns what it prints.
  @discardableResult
  func psql(_ sql: String) async throws -> String { try await Self.psql(sql, on: name) }

  /// Runs SQL on a worker.
  @discardableResult
  func psql(_ sql: String, onWorker port: String) async throws -> String {
    try await Self.psql(sql, at: "\(Self.node(port)) dbname=\(name)")
  }

  /// How the server of the tests is reached.
  static func server() throws -> String {
    try #require(
      ProcessInfo.processInfo.environment["TEST_POSTGRESQL"],
      "There is no PostgreSQL. Run the tests by 'make test', or Scripts/with-postgresql Scripts/run-tests.")
  }

  @discardableResult
  private static func psql(_ sql: String, on database: String) async throws -> String {
    try await psql(sql, at: "\(try server()) dbname=\(database)")
  }

  @discardableResult
  private static func psql(_ sql: String, at connection: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Result { try run(sql, on: connection) })
      }
    }
  }

  private static func run(_ sql: String, on connection: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/psql")
    process.arguments = [
      "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", connection, "-c", sql,
    ]
    let output = Pipe()
    process.standardOutput = output
    try ProcessGate.run(process)
    let text = try output.fileHandleForReading.readAll()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PsqlFailed() }
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Psql says on standard error what is wrong.
  struct PsqlFailed: Error {}
}
