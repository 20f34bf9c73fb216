import Foundation
import HTTPProbe
import Testing

/// Entity tags across everything that brings an entity back: no tag is used twice at one URL.
@Suite("The life of entity tags")
struct TagLifeTests {
  /// Reads an entity, which must exist, and returns its tag.
  private static func tag(_ facet: FacetProcess, _ path: String, _ token: String) async throws -> String {
    let answer = try await facet.probe.request("GET", path, token: token)
    #expect(answer.status == 200, "\(path): \(answer.text)")
    return try #require(answer.header("ETag"))
  }

  /// Checks that writes refuse an old tag and that reads with it return the entity.
  private static func expectStale(_ tag: String, _ facet: FacetProcess, _ path: String, _ token: String) async throws {
    let condition = ["If-None-Match": tag]
    #expect(try await facet.probe.request("GET", path, token: token, headers: condition).status == 200, "\(path)")
    for method in ["PATCH", "DELETE"] {
      let answer = try await facet.probe.request(
        method, path, token: token, headers: ["If-Match": tag], body: method == "PATCH" ? "{}" : nil)
      #expect(answer.status == 412, "\(method) \(path): \(answer.text)")
    }
  }

  private static let directory = [
    #"{"group":{"id":"team","displayName":"Team"}}"#,
    #"{"user":{"id":"ann","displayName":"Ann","userPrincipalName":"ann@contoso.example"}}"#,
    #"{"userId":"ann","collection":"phones","item":{"id":"p","number":"1"}}"#,
  ].joined(separator: "\n")
  private static let paths = ["/beta/groups/team", "/beta/users/ann", "/beta/users/ann/profile/phones/p"]
  private static let changes = [#"{"description":"C"}"#, #"{"jobTitle":"C"}"#, #"{"displayName":"C"}"#]

  private static func token(_ data: URL) async throws -> String {
    let result = try await FacetProcess.run([
      "token", "--data", data.path, "--app", "a", "--roles", "User.ReadWrite.All Group.ReadWrite.All",
    ])
    return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func run(_ arguments: [String], input: String? = nil) async throws {
    let result = try await FacetProcess.run(arguments, input: input)
    try #require(result.status == 0, "\(arguments): \(result.errors)")
  }

  /// Runs a server on a directory, with a token of an application.
  private static func serve(_ data: URL, _ body: (FacetProcess, String) async throws -> Void) async throws {
    let facet = try await FacetProcess.start(data: data, demo: false)
    do {
      try await body(facet, try await token(data))
    } catch {
      try await facet.stop()
      throw error
    }
    #expect(try await facet.stop() == 0)
  }

  @Test("A deleted person who comes back, by a first call or by creation, has another tag")
  func deletedPeople() async throws {
    try await withFacet { facet in
      let application = try await facet.token(roles: "User.ReadWrite.All")
      let own = try await facet.token(user: "newcomer")
      var seen: Set<String> = []
      for _ in 0..<3 {
        let tag = try await Self.tag(facet, "/beta/me", own)
        for old in seen { try await Self.expectStale(old, facet, "/beta/users/newcomer", application) }
        #expect(seen.insert(tag).inserted)
        let gone = try await facet.probe.request(
          "DELETE", "/beta/users/newcomer", token: application, headers: ["If-Match": tag])
        #expect(gone.status == 204)
      }
    }
  }

  @Test("After a reset of the demo every tag is different, and stays so after further writes")
  func reset() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let application = try await facet.token(roles: "User.ReadWrite.All")
      let person = "/beta/users/\(Demo.innocenty)"
      var seen: [String: [String]] = [:]
      for round in 0..<3 {
        for (path, token) in [(Demo.phonePath, token), (person, application)] {
          for old in seen[path] ?? [] { try await Self.expectStale(old, facet, path, token) }
          let body = path == person ? #"{"jobTitle":"\#(round)"}"# : #"{"number":"\#(round)"}"#
          let before = try await Self.tag(facet, path, token)
          let changed = try await facet.probe.request("PATCH", path, token: token, body: body)
          seen[path, default: []] += [before, try #require(changed.header("ETag"))]
        }
        #expect(try await facet.probe.request("POST", "/_facet/reset").status == 204)
      }
      for tags in seen.values { #expect(Set(tags).count == tags.count) }
    }
  }

  @Test("Tags that were given out after a backup are refused once the backup is restored")
  func restore() async throws {
    let data = try FacetProcess.temporaryFolder()
    let backup = data.path + "-backup.db"
    try await Self.run(["import", "--data", data.path], input: Self.directory)
    try await Self.run(["backup", "--data", data.path, backup])
    var lost: [String] = []
    try await Self.serve(data) { facet, token in
      for (path, change) in zip(Self.paths, Self.changes) {
        let answer = try await facet.probe.request("PATCH", path, token: token, body: change)
        #expect(answer.status < 300, "\(answer.text)")
        lost.append(try #require(answer.header("ETag")))
      }
    }
    try await Self.run(["restore", "--data", data.path, backup])
    try await Self.serve(data) { facet, token in
      for (index, path) in Self.paths.enumerated() {
        try await Self.expectStale(lost[index], facet, path, token)
        // As many writes as before the loss, with other content.
        let other = Self.changes[index].replacing("\"C\"", with: "\"D\"")
        let answer = try await facet.probe.request("PATCH", path, token: token, body: other)
        #expect(answer.header("ETag") != lost[index])
        try await Self.expectStale(lost[index], facet, path, token)
      }
    }
    for path in [data.path, backup] { try FileManager.default.removeItem(atPath: path) }
  }

  @Test("Exported entities get new tags when they are imported, into the same directory or another")
  func transfer() async throws {
    var directories: [URL] = []
    var seen: [[String]] = []
    var lines = Self.directory
    for round in 0..<3 {
      if round != 1 { directories.append(try FacetProcess.temporaryFolder()) }
      let data = try #require(directories.last)
      try await Self.run(["import", "--data", data.path], input: lines)
      try await Self.serve(data) { facet, token in
        var tags: [String] = []
        for (index, path) in Self.paths.enumerated() {
          for old in seen { try await Self.expectStale(old[index], facet, path, token) }
          tags.append(try await Self.tag(facet, path, token))
        }
        seen.append(tags)
      }
      lines = try await FacetProcess.run(["export", "--data", data.path]).output
    }
    #expect(Set(seen.flatMap { $0 }).count == 3 * Self.paths.count)
    for data in directories { try FileManager.default.removeItem(at: data) }
  }

  @Test("Each write of an atomicity group has a tag of its own, even when one entity is created and deleted in it")
  func withinAGroup() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let json = ["Content-Type": "application/json", "Prefer": "create-if-missing"]
      let requests: [[String: Any]] = [("PATCH", "1"), ("PATCH", "2"), ("DELETE", ""), ("PATCH", "3")].enumerated().map
      {
        index, write in
        var request: [String: Any] = [
          "id": "\(index)", "method": write.0, "url": "/me/profile/phones/mine", "atomicityGroup": "g",
        ]
        if write.0 == "PATCH" {
          request["headers"] = json
          request["body"] = ["number": write.1]
        }
        return request
      }
      let body = try JSONSerialization.data(withJSONObject: ["requests": requests])
      let answer = try await facet.probe.request(
        "POST", "/beta/$batch", token: token, body: String(decoding: body, as: UTF8.self))
      let parts = try #require(answer.json["responses"] as? [[String: Any]])
      #expect(parts.compactMap { $0["status"] as? Int } == [201, 200, 204, 201])
      let tags = parts.compactMap { ($0["headers"] as? [String: String])?["ETag"] }
      #expect(tags.count == 3 && Set(tags).count == 3)
      #expect(try await Self.tag(facet, "/beta/me/profile/phones/mine", token) == tags.last)
    }
  }
}
