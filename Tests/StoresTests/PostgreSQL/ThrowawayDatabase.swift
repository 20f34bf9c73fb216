import Fixtures
import Foundation
import Stores
import Testing

/// A database of one test on the server that `Scripts/with-postgresql` started, with a directory for its key.
final class ThrowawayDatabase: Sendable {
  /// How a store finds the database.
  let url: String
  let name: String
  private let scratch: Scratch

  init() async throws {
    name = "t" + UUID().uuidString.lowercased().filter { $0 != "-" }
    let server = try Self.server()
    url = "\(server) dbname=\(name)"
    scratch = try Scratch()
    try await Self.psql("create database \(name) template template0", on: "postgres")
  }

  /// A new store on the database; further ones are further servers.
  func store(_ change: (inout PostgreSQLOptions) -> Void = { _ in }) throws -> PostgreSQLStore {
    var options = PostgreSQLOptions(url: url, keyDirectory: scratch.directory)
    change(&options)
    return try PostgreSQLStore(options)
  }

  /// Takes the database and the directory away.
  func remove() async throws {
    try await Self.psql("drop database \(name) with (force)", on: "postgres")
    scratch.remove()
  }

  /// Runs SQL on the database, behind the store's back, and returns what it prints.
  @discardableResult
  func psql(_ sql: String) async throws -> String { try await Self.psql(sql, on: name) }

  /// How the server of the tests is reached.
  static func server() throws -> String {
    try #require(
      ProcessInfo.processInfo.environment["TEST_POSTGRESQL"],
      "There is no PostgreSQL. Run the tests by 'make test', or Scripts/with-postgresql Scripts/run-tests.")
  }

  @discardableResult
  private static func psql(_ sql: String, on database: String) async throws -> String {
    let connection = "\(try server()) dbname=\(database)"
    return try await withCheckedThrowingContinuation { continuation in
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
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PsqlFailed() }
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Psql says on standard error what is wrong.
  struct PsqlFailed: Error {}
}
