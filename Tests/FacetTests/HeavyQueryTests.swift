import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// Slow queries of one caller beside requests of others.
@Suite("Heavy queries")
struct HeavyQueryTests {
  private static let items = 100
  private static let itemBytes = 10_000

  /// Words, each of which is searched for in every string.
  private static let search =
    "/beta/me/profile/interests?$search="
    + (0..<Limits.searchTermsMax).map { "w\($0)" }.joined(separator: "%20OR%20")

  @Test("While one person's queries run, other people and the server's own routes are answered at once")
  func others() async throws {
    try await withPeople { facet, token, other in
      let port = facet.httpPort
      try await blocking {
        let busy = try (0..<30).map { _ in try HTTPConnection(port: port) }
        for connection in busy { try connection.send(HTTPProbe.text("GET", Self.search, token: token)) }
        for path in ["/beta/me", "/healthz", "/readyz"] {
          let connection = try HTTPConnection(port: port)
          try connection.send(HTTPProbe.text("GET", path, token: other))
          #expect(try connection.readAnswer().status == 200)
        }
        // All of this was answered before the last of the queries finished.
        #expect(busy.last?.hasAnswer == false)
        for connection in busy {
          let answer = try connection.readAnswer()
          #expect(answer.status == 200 && (answer.json["value"] as? [Any])?.isEmpty == true)
        }
      }
    }
  }

  @Test("Another person's short query is answered before the many queries of one person")
  func fairShare() async throws {
    try await withPeople { facet, token, other in
      let port = facet.httpPort
      try await blocking {
        let busy = try (0..<30).map { _ in try HTTPConnection(port: port) }
        for connection in busy { try connection.send(HTTPProbe.text("GET", Self.search, token: token)) }
        let connection = try HTTPConnection(port: port)
        let path = Self.search.replacingOccurrences(of: "interests", with: "skills")
        try connection.send(HTTPProbe.text("GET", path, token: other))
        let answer = try connection.readAnswer()
        #expect(answer.status == 200 && (answer.json["value"] as? [Any])?.isEmpty == true)
        #expect(busy.last?.hasAnswer == false)
      }
    }
  }

  @Test("Queries beyond the queue get 429 with Retry-After, and the queue drains when their clients disconnect")
  func refused() async throws {
    try await withPeople { facet, token, _ in
      let port = facet.httpPort
      try await blocking {
        var busy = try (0..<(Limits.evaluationsWaitingMax + 20)).map { _ in try HTTPConnection(port: port) }
        for connection in busy { try connection.send(HTTPProbe.text("GET", Self.search, token: token)) }
        let deadline = Date().addingTimeInterval(20)
        var answered: [HTTPConnection] = []
        var refusals: [HTTPAnswer] = []
        while refusals.isEmpty, Date() < deadline {
          usleep(1_000)
          let ready = busy.filter(\.hasAnswer)
          busy.removeAll { connection in ready.contains { $0 === connection } }
          refusals = try ready.map { try $0.readAnswer() }.filter { $0.status == 429 }
          answered += ready
        }
        let answer = try #require(refusals.first)
        #expect(answer.errorCode == "TooManyRequests" && answer.header("Retry-After") == "2")
        // All clients disconnect. Their queries are dropped, so the next query gets its turn.
        busy = []
        answered = []
        let connection = try HTTPConnection(port: port)
        var status = 429
        while status == 429, Date() < deadline {
          try connection.send(HTTPProbe.text("GET", Self.search, token: token))
          status = try connection.readAnswer().status
        }
        #expect(status == 200)
      }
    }
  }

  /// A server with one person who has many long strings, and one who has none.
  private func withPeople(_ body: (FacetProcess, String, String) async throws -> Void) async throws {
    let data = try FacetProcess.temporaryFolder()
    let text = String(repeating: "lorem ipsum ", count: Self.itemBytes / 12)
    let lines =
      [
        #"{"user":{"id":"u1","displayName":"One"}}"#, #"{"user":{"id":"u2","displayName":"Two"}}"#,
        #"{"userId":"u2","collection":"skills","item":{"id":"s","displayName":"\#(text)"}}"#,
      ]
      + (0..<Self.items).map {
        #"{"userId":"u1","collection":"interests","item":{"id":"i\#($0)","displayName":"\#(text)"}}"#
      }
    let imported = try await FacetProcess.run(["import", "--data", data.path], input: lines.joined(separator: "\n"))
    try #require(imported.status == 0, "\(imported.errors)")
    let facet = try await FacetProcess.start(data: data, demo: false)
    let tokens = (try await facet.token(user: "u1"), try await facet.token(user: "u2"))
    do { try await body(facet, tokens.0, tokens.1) } catch {
      try await facet.stop()
      throw error
    }
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
  }
}
