import Foundation
import HTTPProbe
import Testing

/// What an operator sees when files of the data directory are moved under a running server.
@Suite("Files that move under a server")
struct MovedFilesTests {
  @Test("A server whose database file is moved says so, acknowledges nothing more, and creates no new one")
  func movedDatabase() async throws {
    let facet = try await FacetProcess.start()
    let token = try await facet.token(user: Demo.innocentyName)
    #expect(try await patch(facet, token, "1").status == 200)
    let (database, aside) = (facet.data.path + "/facet.db", facet.data.path + "/moved.db")
    try FileManager.default.moveItem(atPath: database, toPath: aside)
    // It is noticed even without a write.
    let port = facet.httpPort
    #expect(
      try await becomesTrue {
        let connection = try HTTPConnection(port: port)
        try connection.send(HTTPProbe.text("GET", "/readyz"))
        return try connection.readAnswer().status == 503
      })
    let reason = try await facet.probe.request("GET", "/readyz").text
    #expect(reason.contains("facet.db was moved, removed or replaced"))
    let refused = try await patch(facet, token, "2")
    #expect(refused.status == 503 && refused.text.contains("Nothing was changed"))
    #expect(try await becomesTrue { facet.log.contains("The store refuses writes.") })
    try? FileManager.default.removeItem(atPath: facet.data.path + "/facet.lock")
    let second = try await FacetProcess.run(["import", "--data", facet.data.path, "/dev/null"])
    #expect(second.status != 0 && second.errors.contains("Another server uses this data directory"))
    #expect(try await facet.stop() == 0)
    #expect(facet.log.components(separatedBy: "The store refuses writes.").count == 2, "Once")

    let start = try await FacetProcess.run(["serve", "--data", facet.data.path, "--port", "0", "--https-port", "0"])
    #expect(start.status != 0 && start.errors.contains("facet.db is missing or empty"))
    let tenant = try await FacetProcess.run(["tenant", "list", "--data", facet.data.path])
    #expect(tenant.status != 0 && !FileManager.default.fileExists(atPath: database))
    try FileManager.default.moveItem(atPath: aside, toPath: database)
    let next = try await FacetProcess.start(data: facet.data)
    let phone = try await next.probe.request("GET", Demo.phonePath, token: token)
    #expect(phone.json["number"] as? String == "1", "What was acknowledged is there, and nothing else")
    #expect(try await next.stop() == 0)
    #expect(try await FacetProcess.run(["check", "--data", facet.data.path]).status == 0)
    try FileManager.default.removeItem(at: facet.data)
  }

  private func patch(_ facet: FacetProcess, _ token: String, _ number: String) async throws -> HTTPAnswer {
    try await facet.probe.request("PATCH", Demo.phonePath, token: token, body: #"{"number":"\#(number)"}"#)
  }

  /// Waits for a condition, at most half a minute, on a thread of its own.
  private func becomesTrue(_ isSo: @escaping @Sendable () throws -> Bool) async throws -> Bool {
    try await blocking {
      let end = Date().addingTimeInterval(30)
      while Date() < end {
        if try isSo() { return true }
        usleep(50_000)
      }
      return false
    }
  }
}
