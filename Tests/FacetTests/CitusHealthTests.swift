import Fixtures
import Foundation
import HTTPProbe
import Testing

/// What operators see of the nodes of Citus, from the binary.
@Suite("The health of nodes", .serialized, .enabled(if: CitusNodes.areThere))
struct CitusHealthTests {
  private static let name = "f" + UUID().uuidString.lowercased().filter { $0 != "-" }

  private static func psql(_ statement: String, at place: String) async throws {
    let status = try await blocking {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/psql")
      process.arguments = ["--no-psqlrc", "--quiet", "--output=/dev/null", place, "-c", statement]
      try ProcessGate.run(process)
      process.waitUntilExit()
      return process.terminationStatus
    }
    try #require(status == 0)
  }

  /// The URL of the coordinator.
  private static var url: String {
    let parts = server.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1) }
    let values = Dictionary(parts.map { (String($0[0]), String($0[1])) }) { $1 }
    return "postgresql://facet@/\(name)?host=\(values["host"] ?? "")&port=\(values["port"] ?? "")"
  }

  private static let server = ProcessInfo.processInfo.environment["TEST_POSTGRESQL"] ?? ""

  /// Makes a database on every node.
  private static func makeDatabase() async throws {
    for (index, place) in ([server] + CitusNodes.workers.values.map { "host=127.0.0.1 port=\($0) user=facet" })
      .enumerated()
    {
      try await psql("create database \(name) template template0", at: "\(place) dbname=postgres")
      try await psql("create extension citus", at: "\(place) dbname=\(name)")
      guard index == 0 else { continue }
      try await psql(
        "select citus_set_coordinator_host('127.0.0.1', current_setting('port')::int)", at: "\(place) dbname=\(name)")
    }
    for port in CitusNodes.workers.values {
      try await psql("select citus_add_node('127.0.0.1', \(port))", at: "\(server) dbname=\(name)")
    }
  }

  private static func waits(_ what: String, _ condition: () async throws -> Bool) async throws {
    for _ in 0..<300 {
      if try await condition() { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("It does not come true: \(what)")
  }

  @Test("/readyz says for everybody that a part is away, and /metrics for operators which one")
  func away() async throws {
    try await Self.makeDatabase()
    let url = Self.url
    let data = try FacetProcess.temporaryFolder()
    let migrated = try await FacetProcess.run(["migrate", "--data", data.path, "--store", url, "--distribute"])
    try #require(migrated.status == 0, "\(migrated.errors)")
    let facet = try await FacetProcess.start(data: data, arguments: ["--store", url])
    func text(_ path: String) async throws -> String { try await facet.probe.request("GET", path).text }
    let port = try CitusNodes.port(of: .second)
    let up = "facet_store_node_up{node=\"127.0.0.1:\(port)\",role=\"worker\"}"
    try await Self.waits("All nodes answer") { try await text("/metrics").contains("\(up) 1\n") }
    #expect(try await text("/readyz") == #"{"status":"ready"}"#)
    #expect(
      try await text("/metrics").contains("facet_store_node_shards{node=\"127.0.0.1:\(port)\",role=\"worker\"} 16\n"))
    try await CitusNodes.with(.second, .kill) {
      try await Self.waits("A part is away") { try await text("/readyz").contains("limited") }
      let ready = try await facet.probe.request("GET", "/readyz")
      #expect(ready.status == 200 && ready.text.contains("1 of 2 nodes") && !ready.text.contains("127.0.0.1"))
      let metrics = try await text("/metrics")
      #expect(metrics.contains("\(up) 0\n") && metrics.contains("role=\"coordinator\"} 1\n"))
      // A server that was here before starts all the same.
      let second = try await FacetProcess.start(data: try Self.copy(of: data), arguments: ["--store", url])
      #expect(try await second.probe.request("GET", "/healthz").status == 200)
      #expect(try await second.stop() == 0)
    }
    try await Self.waits("All is well again") { try await text("/readyz") == #"{"status":"ready"}"# }
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
  }

  /// A data directory of a further server.
  private static func copy(of data: URL) throws -> URL {
    let folder = try FacetProcess.temporaryFolder()
    for name in ["audit.key", "pages.key", "keys"]
    where FileManager.default.fileExists(atPath: data.appending(path: name).path) {
      try FileManager.default.copyItem(at: data.appending(path: name), to: folder.appending(path: name))
    }
    return folder
  }
}
