import Foundation
import HTTPProbe
import Testing

/// Many clients that write one phone.
@Suite("Concurrent writes")
struct ConcurrencyTests {
  static let clients = 32

  @Test("After 32 clients set different members at once, all are there, and the log has a row for each")
  func differentMembers() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let before = try await Self.logRows(facet)
      try await withThrowingTaskGroup(of: Int.self) { group in
        for client in 0..<Self.clients {
          group.addTask {
            // Identities are open types, so each client sets an undeclared member of its own, in one of two.
            let identity = client % 2 == 0 ? "device" : "application"
            let body = #"{"createdBy":{"\#(identity)":{"client\#(client)":\#(client)}}}"#
            return try await facet.probe.request("PATCH", Demo.phonePath, token: token, body: body).status
          }
        }
        for try await status in group { #expect(status == 200) }
      }
      let answer = try await facet.probe.request("GET", Demo.phonePath, token: token)
      let createdBy = try #require(answer.json["createdBy"] as? [String: [String: Any]])
      #expect(createdBy["user"]?["displayName"] as? String == "Innocenty Popov")
      // The declared id and displayName come on top of the undeclared members.
      #expect(createdBy["device"]?.count == Self.clients / 2 + 2)
      #expect(createdBy["application"]?.count == Self.clients / 2 + 2)
      #expect(try await Self.logRows(facet) - before == Self.clients)
    }
  }

  @Test("Of 32 clients with the same If-Match exactly one wins")
  func oneWinner() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      for round in 0..<5 {
        let current = try await facet.probe.request("GET", Demo.phonePath, token: token)
        let tag = try #require(current.header("ETag"))
        var statuses: [Int] = []
        try await withThrowingTaskGroup(of: Int.self) { group in
          for client in 0..<Self.clients {
            group.addTask {
              try await facet.probe.request(
                "PATCH", Demo.phonePath, token: token, headers: ["If-Match": tag],
                body: #"{"number":"\#(round)-\#(client)"}"#
              ).status
            }
          }
          for try await status in group { statuses.append(status) }
        }
        #expect(statuses.filter { $0 == 200 }.count == 1)
        #expect(statuses.filter { $0 == 412 }.count == Self.clients - 1)
      }
    }
  }

  /// The number of rows of the change log, read from the database itself.
  static func logRows(_ facet: FacetProcess) async throws -> Int {
    let check = try await FacetProcess.run(["check", "--data", facet.data.path])
    let words = check.output.split(separator: " ")
    let position = try #require(words.firstIndex { $0.hasPrefix("changes") })
    return try #require(Int(words[position - 1]))
  }
}
