import Fixtures
import Foundation
import HTTPProbe
import Testing

/// The binary with a PostgreSQL store, as an operator runs it.
@Suite("Servers and commands on PostgreSQL")
struct DatabaseServerTests {
  /// The URL of the database with this name on the server that `Scripts/with-postgresql` started.
  private static func url(_ database: String) throws -> String {
    let place = try #require(
      ProcessInfo.processInfo.environment["TEST_POSTGRESQL"],
      "There is no PostgreSQL. Run the tests by 'make test', or Scripts/with-postgresql Scripts/run-tests.")
    let parts = place.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1) }
    let values = Dictionary(uniqueKeysWithValues: parts.map { (String($0[0]), String($0[1])) })
    return "postgresql://facet@/\(database)?host=\(values["host"] ?? "")&port=\(values["port"] ?? "5432")"
  }

  /// Creates an empty database and returns its URL.
  private static func database() async throws -> String {
    let name = "f" + UUID().uuidString.lowercased().filter { $0 != "-" }
    try await perform("create database \(name) template template0", on: try url("postgres"))
    return try url(name)
  }

  /// Executes one statement on the database of a URL.
  private static func perform(_ statement: String, on url: String) async throws {
    let status = try await blocking {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/psql")
      process.arguments = ["--no-psqlrc", "--quiet", url, "-c", statement]
      try ProcessGate.run(process)
      process.waitUntilExit()
      return process.terminationStatus
    }
    try #require(status == 0)
  }

  @Test("A server starts while its database is unavailable, says so, and tells strangers no host name")
  func startsWithoutDatabase() async throws {
    let (data, nowhere) = (try FacetProcess.temporaryFolder(), try FacetProcess.temporaryFolder())
    let away = "postgresql://facet@/facet?host=\(nowhere.path)"
    // Without keys of its own it cannot start, and the operator reads why.
    let refused = try await FacetProcess.run(["serve", "--data", data.path, "--store", away])
    #expect(refused.status != 0 && refused.errors.contains(nowhere.path), "\(refused.errors)")

    let url = try await Self.database()
    let first = try await FacetProcess.start(data: data, arguments: ["--store", url])
    let token = try await FacetProcess.run(
      ["token", "--data", data.path, "--store", url, "--user", Demo.innocentyName, "--scopes", "User.ReadWrite"]
    ).output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try await first.probe.request("GET", Demo.phonePath, token: token).status == 200)
    #expect(try await first.stop() == 0)

    let facet = try await FacetProcess.start(data: data, arguments: ["--store", away])
    let readiness = try await facet.probe.request("GET", "/readyz")
    #expect(readiness.status == 503)
    #expect(readiness.text.contains("database server") && !readiness.text.contains(nowhere.path), "\(readiness.text)")
    let answer = try await facet.probe.request("GET", Demo.phonePath, token: token)
    #expect(answer.status == 503 && answer.header("Retry-After") != nil && !answer.text.contains(nowhere.path))
    #expect(try await facet.stop() == 0)
    for folder in [data, nowhere] { try FileManager.default.removeItem(at: folder) }
  }

  @Test(
    "Servers of one database that create their first RSA key at the same moment agree on it, as do the commands beside them"
  )
  func sharedKeys() async throws {
    let url = try await Self.database()
    let folders = [try FacetProcess.temporaryFolder(), try FacetProcess.temporaryFolder()]
    let first = try await FacetProcess.start(data: folders[0], arguments: ["--store", url])
    #expect(try await first.stop() == 0)
    // As after an upgrade from a version that had no such key.
    try await Self.perform("delete from facet_key where name like 'keys/%'", on: url)
    for folder in folders {
      let keys = folder.appendingPathComponent("keys")
      if FileManager.default.fileExists(atPath: keys.path) { try FileManager.default.removeItem(at: keys) }
    }
    for name in ["audit.key", "pages.key"] {
      try FileManager.default.copyItem(
        at: folders[0].appendingPathComponent(name), to: folders[1].appendingPathComponent(name))
    }
    async let left = FacetProcess.start(data: folders[0], arguments: ["--store", url])
    async let right = FacetProcess.start(data: folders[1], arguments: ["--store", url])
    let servers = try await [left, right]
    var tokens: [String] = []
    for (index, server) in servers.enumerated() {
      let credentials = try #require(server.ready.credentials)
      let answer = try await server.probe.request(
        "GET", "/msi/token?api-version=2019-08-01&resource=https://graph.microsoft.com",
        headers: ["X-IDENTITY-HEADER": credentials.identityHeader])
      tokens.append(try #require(answer.json["access_token"] as? String))
      let command = try await FacetProcess.run(
        ["token", "--data", folders[index].path, "--store", url, "--app", Demo.amara, "--roles", "User.Read.All"])
      tokens.append(command.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    for server in servers {
      for token in tokens { #expect(try await server.probe.request("GET", "/beta/users", token: token).status == 200) }
      #expect(try await server.stop() == 0)
    }
    for folder in folders { try FileManager.default.removeItem(at: folder) }
  }

  @Test("facet migrate creates the tables, and distributes them only where that is possible")
  func migrate() async throws {
    let data = try FacetProcess.temporaryFolder()
    let url = try await Self.database()
    let made = try await FacetProcess.run(["migrate", "--data", data.path, "--store", url])
    #expect(made.status == 0 && made.output.contains("has the form of this version"), "\(made.errors)")
    let refused = try await FacetProcess.run(["migrate", "--data", data.path, "--store", url, "--distribute"])
    #expect(refused.status != 0 && refused.errors.contains("create extension citus"), "\(refused.errors)")
    let usage = try await FacetProcess.run(["migrate", "--data", data.path, "--distribute"])
    #expect(usage.status != 0 && usage.errors.contains("--distribute needs"), "\(usage.errors)")
    try FileManager.default.removeItem(at: data)
  }
}
