import Foundation
import HTTPProbe
import OData
import Testing

/// Clients that request much and read nothing.
@Suite("Unread answers")
struct UnreadAnswersTests {
  private static let connections = 20
  private static let requests = 100
  /// 40 items of 60 KB: 2.1 MB in one page.
  private static let items = 40
  private static let itemBytes = 60_000
  /// How much the server may grow, in MB: less than 2 for each connection. All responses together are 4 GB.
  private static let growthMax = 40.0

  @Test("Responses that clients do not read are not generated", arguments: ["list", "item", "batch"])
  func notMade(_ kind: String) async throws {
    try await withRichPerson { facet, token in
      let pid = facet.ready.pid
      let port = facet.httpPort
      let before = try ProcessFigures.residentMB(pid)
      let request = Self.request(kind, token)
      let growth = try await blocking {
        // Keep the connections open until the end.
        let connections = try (0..<Self.connections).map { _ in try HTTPConnection(port: port) }
        for connection in connections {
          connection.sendWhatIsTaken(String(repeating: request, count: Self.requests))
        }
        usleep(500_000)
        let growth = try ProcessFigures.residentMB(pid) - before
        // Other clients are served meanwhile.
        let other = try HTTPConnection(port: port)
        try other.send(HTTPProbe.text("GET", "/beta/me", token: token))
        #expect(try other.readAnswer().status == 200)
        // A client that begins to read gets complete responses.
        for _ in 0..<3 { #expect(try connections[0].readAnswer().status == 200) }
        return growth
      }
      #expect(growth < Self.growthMax, "it grew by \(growth) MB")
    }
  }

  private static func request(_ kind: String, _ token: String) -> String {
    switch kind {
    case "list": HTTPProbe.text("GET", "/beta/me/profile/interests?$top=999", token: token)
    case "item": HTTPProbe.text("GET", "/beta/me/profile/interests/i0", token: token)
    default:
      HTTPProbe.text(
        "POST", "/beta/$batch", token: token,
        body: #"{"requests":[{"id":"1","method":"GET","url":"/me/profile/interests?$top=999"},"#
          + #"{"id":"2","method":"GET","url":"/me/profile"}]}"#)
    }
  }

  @Test(
    "A long page holds the same as short ones, whatever the query",
    arguments: [
      "", "&$orderby=displayName desc", "&$filter=startswith(id,'i1')&$count=true", "&$select=id,displayName",
      "&$skip=7",
      "&$search=x NOT y", "&$count=true",
    ])
  func samePages(_ options: String) async throws {
    try await withRichPerson { facet, token in
      let port = facet.httpPort
      let path = "/beta/me/profile/interests?$top=%@\(options)".replacingOccurrences(of: " ", with: "%20")
      try await blocking {
        let connection = try HTTPConnection(port: port)
        let sizes = ["999", "3"]
        let lists = try sizes.map { size in
          try LimitsTests.pages(connection, path.replacingOccurrences(of: "%@", with: size), token)
        }
        #expect(!lists[0].joined().isEmpty && lists[0].count < lists[1].count)
        let texts = try lists.map { list in
          try list.joined().map {
            String(decoding: try JSONSerialization.data(withJSONObject: $0, options: .sortedKeys), as: UTF8.self)
          }
        }
        #expect(texts[0] == texts[1])
      }
    }
  }

  @Test("HEAD of a long list has neither length nor body, and batches hold long lists in full")
  func headsAndParts() async throws {
    try await withRichPerson { facet, token in
      let path = "/beta/me/profile/interests?$top=999"
      let head = try await facet.probe.request("HEAD", path, token: token)
      #expect(head.status == 200 && head.body.isEmpty)
      let list = try await facet.probe.request("GET", path, token: token)
      let batch = try await facet.probe.request(
        "POST", "/beta/$batch", token: token,
        body: #"{"requests":[{"id":"1","method":"GET","url":"/me/profile/interests?$top=999"},"#
          + #"{"id":"2","method":"GET","url":"/me"}]}"#)
      let parts = try #require(batch.json["responses"] as? [[String: Any]])
      #expect(parts.map { $0["status"] as? Int } == [200, 200])
      let whole = (parts[0]["body"] as? [String: Any])?["value"] as? [[String: Any]]
      #expect(whole?.count == (list.json["value"] as? [Any])?.count && whole?.isEmpty == false)
    }
  }

  /// A server with one person who has many items.
  private func withRichPerson(_ body: (FacetProcess, String) async throws -> Void) async throws {
    let data = try FacetProcess.temporaryFolder()
    let text = String(repeating: "x", count: Self.itemBytes)
    let lines =
      [#"{"user":{"id":"u1","displayName":"One"}}"#]
      + (0..<Self.items).map {
        #"{"userId":"u1","collection":"interests","item":{"id":"i\#($0)","displayName":"x \#($0) \#(text)"}}"#
      }
    let imported = try await FacetProcess.run(["import", "--data", data.path], input: lines.joined(separator: "\n"))
    try #require(imported.status == 0, "\(imported.errors)")
    let facet = try await FacetProcess.start(data: data, demo: false)
    let token = try await facet.token(user: "u1")
    do { try await body(facet, token) } catch {
      try await facet.stop()
      throw error
    }
    #expect(try await facet.stop() == 0)
    try FileManager.default.removeItem(at: data)
  }
}

/// The operating system's figures about a process.
enum ProcessFigures {
  /// Resident memory, in MB.
  static func residentMB(_ pid: Int32) throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    return (Double(line.split(whereSeparator: \.isWhitespace)[1]) ?? 0) / 1_024
  }

  /// CPU time on all processors, in clock ticks of the system.
  static func processorTicks(_ pid: Int32) throws -> Int {
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    let fields = stat.split(separator: ")").last.map { $0.split(separator: " ") } ?? []
    try #require(fields.count > 12)
    return (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0)
  }
}
