import Authority
import Foundation
import HTTPProbe
import OData
import ProfileServer
import Testing

/// The commands as an operator runs them.
@Suite("Commands")
struct CommandTests {
  private static func folder() throws -> URL { try FacetProcess.temporaryFolder() }

  private static let people =
    [
      #"{"user":{"id":"u1","displayName":"One","userPrincipalName":"One@x.example"}}"#,
      #"{"userId":"u1","collection":"phones","item":{"id":"p1","number":"1","createdDateTime":"2020-01-01T00:00:00Z","#
        + #""lastModifiedDateTime":"2020-01-01T00:00:00Z","source":{"type":"AAD"}}}"#,
      #"{"tenant":"22222222-1111-4111-8111-111111111111","user":{"id":"u2","displayName":"Two"}}"#,
    ].joined(separator: "\n") + "\n"

  @Test("An import fills in a stamp that a line leaves out, and keeps one that is null")
  func stamps() async throws {
    let data = try Self.folder()
    let lines = [
      #"{"user":{"id":"u1","displayName":"One"}}"#,
      #"{"userId":"u1","collection":"phones","item":{"id":"p1","lastModifiedDateTime":null}}"#,
      #"{"userId":"u1","collection":"phones","item":{"id":"p2","createdDateTime":"2999-01-01T00:00:00Z"}}"#,
    ].joined(separator: "\n")
    #expect(try await FacetProcess.run(["import", "--data", data.path], input: lines).status == 0)
    let exported = try await FacetProcess.run(["export", "--data", data.path]).output
    #expect(exported.contains(#""lastModifiedDateTime":null"#))
    #expect(exported.contains(#""createdDateTime":"2"#))
    #expect(exported.contains(#""lastModifiedDateTime":"2999-01-01T00:00:00Z""#), "Not changed before it was made")
  }

  @Test("--batch-size is bounded")
  func batchSizes() async throws {
    let data = try Self.folder()
    for size in [0, -1, Limits.batchRequestsMax + 1] {
      let refused = try await FacetProcess.run(["serve", "--data", data.path, "--batch-size=\(size)"])
      #expect(refused.status != 0 && refused.errors.contains("--batch-size"), "\(refused.errors)")
    }
    try await withFacet(arguments: ["--batch-size", "\(Limits.batchRequestsMax)"]) { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let requests = (0..<Limits.batchRequestsMax).map { #"{"id":"\#($0)","method":"GET","url":"/me?$select=id"}"# }
      let answer = try await facet.probe.request(
        "POST", "/beta/$batch", token: token, body: #"{"requests":[\#(requests.joined(separator: ","))]}"#)
      #expect((answer.json["responses"] as? [[String: Any]])?.count == Limits.batchRequestsMax)
    }
  }

  @Test("An export that is imported is exported the same")
  func roundTrip() async throws {
    let (first, second) = (try Self.folder(), try Self.folder())
    let imported = try await FacetProcess.run(["import", "--data", first.path], input: Self.people)
    #expect(imported.status == 0 && imported.errors.contains("Imported 3 records"), "\(imported.errors)")
    let exported = try await FacetProcess.run(["export", "--data", first.path])
    #expect(exported.status == 0)
    let lines = exported.output.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(
      lines[0].hasPrefix(#"{"tenant":"11111111-1111-4111-8111-111111111111","user":{"id":"u1","displayName":"One""#))
    #expect(
      lines[1].hasPrefix(#"{"userId":"u1","collection":"phones","item":{"id":"p1","allowedAudiences":"organization""#))
    let file = second.appendingPathComponent("all.ndjson")
    #expect(try await FacetProcess.run(["export", "--data", first.path, file.path]).status == 0)
    #expect(try await FacetProcess.run(["import", "--data", second.path, file.path]).status == 0)
    #expect(try await FacetProcess.run(["export", "--data", second.path]).output == exported.output)
    #expect(
      try await FacetProcess.run(["check", "--data", second.path]).output.contains("2 people, 1 items, 3 changes"))
  }

  @Test(
    "A bad line is reported with its number, and nothing is changed",
    arguments: [
      (#"{"user":{"id":"u3","displayName":5}}"#, "displayName"), (#"{"user":nonsense}"#, "not valid JSON"),
      (#"{"userId":"nobody","collection":"phones","item":{}}"#, "Line 5"),
      (#"{"userId":"u1","collection":"faxes","item":{}}"#, "collection"), (#"{"user":{}}"#, "user/id"),
      (#"{"userId":"u1","collection":"phones","item":{"colour":"red"}}"#, "colour"),
      (#"{"user":{"id":"u4","userPrincipalName":"ONE@X.example"}}"#, "userPrincipalName"), ("{}", "must be"),
    ])
  func badLine(line: String, sentence: String) async throws {
    let data = try Self.folder()
    #expect(try await FacetProcess.run(["import", "--data", data.path], input: Self.people).status == 0)
    let before = try await FacetProcess.run(["export", "--data", data.path]).output
    let good = #"{"user":{"id":"u9","displayName":"Nine"}}"#
    let result = try await FacetProcess.run(
      ["import", "--data", data.path], input: "\(good)\n\n\(good)\r\n\(good)\n\(line)\n\(good)\n")
    #expect(result.status != 0)
    #expect(result.errors.contains("Line 5: ") && result.errors.contains(sentence), "\(result.errors)")
    #expect(!result.errors.contains("red"))
    #expect(try await FacetProcess.run(["export", "--data", data.path]).output == before)
  }

  @Test("Import needs the data directory to itself; export, check and backup run while a server does")
  func besideServer() async throws {
    try await withFacet { facet in
      let refused = try await FacetProcess.run(["import", "--data", facet.data.path], input: Self.people)
      #expect(refused.status != 0 && refused.errors.contains("Another server uses this data directory"))
      let second = try await FacetProcess.run(
        ["serve", "--data", facet.data.path, "--port", "0", "--https-port", "0"])
      #expect(second.status != 0 && second.errors.contains("Another server uses this data directory"))
      #expect(try await FacetProcess.run(["export", "--data", facet.data.path]).output.contains("Innocenty Popov"))
      #expect(try await FacetProcess.run(["check", "--data", facet.data.path]).status == 0)
    }
  }

  @Test("A backup of a running server restores its data")
  func backup() async throws {
    let facet = try await FacetProcess.start()
    let token = try await facet.token(user: Demo.innocentyName)
    let file = facet.data.appendingPathComponent("backup.db").path
    #expect(try await FacetProcess.run(["backup", "--data", facet.data.path, file]).status == 0)
    let again = try await FacetProcess.run(["backup", "--data", facet.data.path, file])
    #expect(again.status != 0 && again.errors.contains("exists"))
    let before = try await facet.probe.request("GET", Demo.phonePath, token: token).text
    #expect(
      try await facet.probe.request("PATCH", Demo.phonePath, token: token, body: #"{"number":"gone"}"#).status == 200)
    let running = try await FacetProcess.run(["restore", "--data", facet.data.path, file])
    #expect(running.status != 0 && running.errors.contains("Another server"))
    #expect(try await facet.stop() == 0)
    #expect(try await FacetProcess.run(["restore", "--data", facet.data.path, file]).status == 0)
    let restored = try await FacetProcess.start(data: facet.data)
    let after = try await restored.probe.request("GET", Demo.phonePath, token: token).text
    #expect(after.replacing(":\(restored.httpPort)", with: "") == before.replacing(":\(facet.httpPort)", with: ""))
    #expect(try await restored.stop() == 0)
  }

  @Test("facet token prints the token alone on the last line and checks its options")
  func token() async throws {
    let data = try Self.folder()
    let good = try await FacetProcess.run(
      ["token", "--data", data.path, "--user", "u1", "--scopes", "User.ReadWrite User.Read.All"])
    #expect(good.status == 0 && good.output.split(separator: "\n").last?.split(separator: ".").count == 3)
    for (arguments, sentence) in [
      (["--user", "u1"], "--scopes"), (["--app", "a", "--scopes", "User.Read"], "--roles"),
      (["--user", "u1", "--scopes", "User.Sing"], "User.Sing"),
      (["--user", "nobody@x.example", "--scopes", "User.Read"], "principal name"),
      (["--user", "u1", "--scopes", "User.Read", "--expires-in", "0"], "--expires-in"),
      (
        ["--user", "u1", "--scopes", "User.Read", "--expires-in", "\(Limits.issuedTokenSecondsMax + 1)"], "--expires-in"
      ),
    ] {
      let bad = try await FacetProcess.run(["token", "--data", data.path] + arguments)
      #expect(bad.status != 0 && bad.errors.contains(sentence), "\(arguments): \(bad.errors)")
      #expect(bad.output.isEmpty)
    }
  }

  @Test("Every option is also an environment variable, and unknown variables are refused by name")
  func variables() async throws {
    let unknown = try await FacetProcess.run(["check"], environment: ["FACET_COLOUR": "red"])
    #expect(unknown.status != 0 && unknown.errors.contains("FACET_COLOUR") && !unknown.errors.contains("red"))
    let flag = try await FacetProcess.run(["serve", "--colour", "red"])
    #expect(flag.status != 0 && flag.errors.contains("--colour"))
    let truth = try await FacetProcess.run(["serve"], environment: ["FACET_DEMO": "perhaps"])
    #expect(truth.status != 0 && truth.errors.contains("FACET_DEMO"))
    let port = try await FacetProcess.run(["serve", "--port", "65536"])
    #expect(port.status != 0)
    try await withFacet(demo: false, environment: ["FACET_DEMO": "true", "FACET_LENIENT_NAMES": "1"]) { facet in
      #expect(facet.ready.credentials != nil)
      let token = try await facet.token(user: Demo.innocentyName)
      let answer = try await facet.probe.request(
        "PATCH", Demo.phonePath, token: token, body: #"{"display_name":null}"#)
      #expect(answer.status == 200 && answer.text.contains(#""displayName":null"#))
    }
  }

  @Test("Without --demo there are no demo people, no credentials and no reset")
  func noDemo() async throws {
    try await withFacet(demo: false) { facet in
      #expect(facet.ready.credentials == nil)
      #expect(try await facet.probe.request("POST", "/_facet/reset").status == 404)
      #expect(try await FacetProcess.run(["export", "--data", facet.data.path]).output.isEmpty)
      let token = try await facet.token(user: Demo.innocenty)
      let answer = try await facet.probe.request("GET", "/beta/me", token: token)
      #expect(answer.status == 404 && answer.errorCode == "Request_ResourceNotFound")
      let write = try await facet.probe.request(
        "POST", "/beta/me/profile/phones", token: token, body: #"{"number":"1"}"#)
      #expect(write.status == 404)
    }
  }

  @Test("An empty store is filled from the seed file")
  func seed() async throws {
    let data = try Self.folder()
    let file = data.appendingPathComponent("people.ndjson")
    try Self.people.write(to: file, atomically: true, encoding: .utf8)
    let facet = try await FacetProcess.start(data: data, demo: false, arguments: ["--seed", file.path])
    let token = try await facet.token(user: "one@X.EXAMPLE", scopes: "User.Read")
    #expect(try await facet.probe.request("GET", "/beta/me/profile/phones/p1", token: token).status == 200)
    #expect(try await facet.stop() == 0)
  }

  @Test("A port in use stops the start with a sentence")
  func portInUse() async throws {
    try await withFacet { facet in
      let data = try Self.folder()
      let result = try await FacetProcess.run(
        ["serve", "--data", data.path, "--port", "\(facet.httpPort)", "--https-port", "0"])
      #expect(result.status != 0 && result.errors.contains("--port"), "\(result.errors)")
    }
  }

  @Test("With damaged data, the server starts, reports it and refuses writes")
  func damaged() async throws {
    let data = try Self.folder()
    #expect(try await FacetProcess.run(["import", "--data", data.path], input: Self.people).status == 0)
    for name in ["facet.db-wal", "facet.db-shm"] {
      try? FileManager.default.removeItem(at: data.appendingPathComponent(name))
    }
    try Data(repeating: 0x41, count: 40_000).write(to: data.appendingPathComponent("facet.db"))
    let facet = try await FacetProcess.start(data: data)
    let ready = try await facet.probe.request("GET", "/readyz")
    #expect(ready.status == 503 && ready.json["reason"] != nil, "\(ready.text)")
    #expect(try await facet.probe.request("GET", "/healthz").status == 200)
    #expect(facet.log.contains("refuses writes"))
    let token = try await facet.token(app: "a", roles: "User.ReadWrite.All")
    let write = try await facet.probe.request(
      "PATCH", "/beta/users/u1/profile/phones/p1", token: token, body: #"{"number":"1"}"#)
    #expect(write.status == 503 || write.status == 500)
    #expect(write.errorMessage?.isEmpty == false)
    #expect(try await facet.stop() == 0)
  }

  @Test("A request that never ends does not keep the server from stopping")
  func stuckRequest() async throws {
    let facet = try await FacetProcess.start()
    let port = facet.httpPort
    let connection = try await blocking { Kept(try HTTPConnection(port: port)) }
    try connection.value.send("PATCH /beta/me HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1")
    let end = try await facet.stopTimed()
    #expect(end.status == 0)
    #expect(end.seconds < Double(Limits.drainSeconds * 3))
    withExtendedLifetime(connection) {}
  }

  /// Safety: the same task creates it and uses it.
  private final class Kept: @unchecked Sendable {
    let value: HTTPConnection
    init(_ value: HTTPConnection) { self.value = value }
  }
}
