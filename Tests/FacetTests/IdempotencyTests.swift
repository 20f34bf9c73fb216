import Foundation
import HTTPProbe
import Testing

/// `Idempotency-Key` on every request that creates, and its refusal on every other.
@Suite("Idempotency keys")
struct IdempotencyTests {
  private static let key = ["Idempotency-Key": "one"]

  @Test("Whatever a POST creates is created once per key")
  func everyCreation() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "User.ReadWrite.All Group.ReadWrite.All")
      let phones = "/beta/users/\(Demo.innocenty)/profile/phones"
      for path in ["/beta/users", "/beta/groups", phones] {
        let body = #"{"displayName":"Made once"}"#
        var ids: Set<String> = []
        for _ in 0..<3 {
          let answer = try await facet.probe.request("POST", path, token: token, headers: Self.key, body: body)
          #expect(answer.status == 201 && answer.header("Location") != nil, "\(path): \(answer.text)")
          ids.insert(answer.json["id"] as? String ?? "")
        }
        #expect(ids.count == 1, "\(path)")
        let other = try await facet.probe.request(
          "POST", path, token: token, headers: Self.key, body: #"{"displayName":"Another"}"#)
        #expect(other.status == 409 && other.errorCode == "idempotencyKeyReused", "\(path): \(other.text)")
        let gone = try await facet.probe.request("DELETE", "\(path)/\(ids.first ?? "")", token: token)
        #expect(gone.status == 204)
        let missing = try await facet.probe.request("POST", path, token: token, headers: Self.key, body: body)
        #expect(missing.status == 404, "\(path): what was made is gone")
      }
    }
  }

  @Test("Adding a member again under the same key is no error")
  func memberships() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "Group.ReadWrite.All")
      let made = try await facet.probe.request("POST", "/beta/groups", token: token, body: #"{"displayName":"Team"}"#)
      let path = "/beta/groups/\(try #require(made.json["id"] as? String))/members/$ref"
      func add(_ user: String, _ headers: [String: String]) async throws -> Int {
        let body = #"{"@odata.id":"https://graph.microsoft.com/beta/users/\#(user)"}"#
        return try await facet.probe.request("POST", path, token: token, headers: headers, body: body).status
      }
      for _ in 0..<3 { #expect(try await add(Demo.amara, Self.key) == 204) }
      #expect(try await add(Demo.amara, [:]) == 400)
      #expect(try await add(Demo.lena, Self.key) == 409)
      #expect(try await add(Demo.lena, ["Idempotency-Key": "two"]) == 204)
    }
  }

  @Test("A request that creates nothing refuses the key by name and does nothing")
  func elsewhere() async throws {
    try await withFacet { facet in
      let own = try await facet.token(user: Demo.innocentyName)
      let application = try await facet.token(roles: "User.ReadWrite.All Group.ReadWrite.All")
      let person = "/beta/users/\(Demo.lena)"
      let cases: [(String, String, String, String?)] = [
        (own, "GET", "/beta/me", nil), (own, "HEAD", Demo.phonePath, nil), (own, "GET", "/beta/me/profile", nil),
        (own, "PATCH", Demo.phonePath, #"{"number":"9"}"#), (own, "DELETE", Demo.phonePath, nil),
        (own, "PATCH", "/beta/me", #"{"mobilePhone":"9"}"#), (own, "DELETE", "/beta/me/profile", nil),
        (own, "GET", "/beta/me/profile/phones/$count", nil), (application, "DELETE", person, nil),
        (application, "GET", "/beta/users", nil), (application, "GET", "/beta/groups", nil),
        (own, "POST", "/beta/$batch", #"{"requests":[]}"#),
      ]
      for (token, method, path, body) in cases {
        let answer = try await facet.probe.request(method, path, token: token, headers: Self.key, body: body)
        #expect(answer.status == 400, "\(method) \(path): \(answer.text)")
        if method != "HEAD" { #expect(answer.errorMessage?.contains("Idempotency-Key") == true, "\(method) \(path)") }
      }
      let phone = try await facet.probe.request("GET", Demo.phonePath, token: own)
      #expect(phone.text.contains("+7 499 234 56 78"))
      #expect(try await facet.probe.request("GET", person, token: application).status == 200)
    }
  }

  @Test("Requests in a batch accept the key as single requests do")
  func batches() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "User.ReadWrite.All Group.ReadWrite.All")
      func part(_ id: String, _ method: String, _ url: String) -> String {
        #"{"id":"\#(id)","method":"\#(method)","url":"\#(url)","headers":{"Content-Type":"application/json","#
          + #""Idempotency-Key":"k"},"body":{"displayName":"B"}}"#
      }
      let person = "/users/\(Demo.lena)"
      let body =
        "{\"requests\":[\(part("1", "POST", "/groups")),\(part("2", "POST", "/groups")),"
        + "\(part("3", "PATCH", person))]}"
      let answer = try await facet.probe.request("POST", "/beta/$batch", token: token, body: body)
      let parts = try #require(answer.json["responses"] as? [[String: Any]])
      #expect(parts.compactMap { $0["status"] as? Int } == [201, 201, 400], "\(answer.text)")
      let ids = parts.prefix(2).compactMap { ($0["body"] as? [String: Any])?["id"] as? String }
      #expect(Set(ids).count == 1)
    }
  }
}
