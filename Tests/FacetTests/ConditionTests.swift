import Foundation
import HTTPProbe
import OData
import ProfileServer
import Testing

/// Writes that depend on the current state: creation under a chosen id, and repeated creation.
@Suite("Conditional writes")
struct ConditionTests {
  private static let mine = "/beta/me/profile/phones/mine"
  private static let upsert = ["Prefer": "create-if-missing"]

  @Test("The entity tag of a deleted item never matches a new item with the same id")
  func chosenIDs() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      func send(_ method: String, _ headers: [String: String], _ body: String? = nil) async throws -> HTTPAnswer {
        try await facet.probe.request(method, Self.mine, token: token, headers: headers, body: body)
      }
      let first = try await send("PATCH", Self.upsert, #"{"number":"1"}"#)
      let tag = try #require(first.header("ETag"))
      #expect(first.status == 201)
      #expect(try await send("PATCH", Self.upsert, #"{"number":"1"}"#).status == 200)
      #expect(try await send("PATCH", Self.upsert, #"{"number":"2"}"#).status == 200)
      #expect(try await send("DELETE", [:]).status == 204)
      let second = try await send("PATCH", Self.upsert, #"{"number":"1"}"#)
      #expect(second.status == 201 && second.header("ETag") != tag)
      #expect(try await send("GET", ["If-None-Match": tag]).status == 200)
      #expect(try await send("PATCH", ["If-Match": tag], #"{"number":"3"}"#).status == 412)
      #expect(try await send("DELETE", ["If-Match": tag]).status == 412)
      #expect(try await send("DELETE", ["If-Match": try #require(second.header("ETag"))]).status == 204)
      #expect(try await send("PATCH", Self.upsert.merging(["If-Match": "*"]) { $1 }, "{}").status == 404)
      #expect(try await send("PATCH", ["If-None-Match": "*"], "{}").status == 404)
      #expect(try await send("PATCH", Self.upsert.merging(["If-None-Match": "*"]) { $1 }, "{}").status == 201)
      #expect(try await send("PATCH", Self.upsert.merging(["If-None-Match": "*"]) { $1 }, "{}").status == 412)
    }
  }

  @Test("A caller who does not see every item cannot create or update under a chosen id, whether or not it exists")
  func strangers() async throws {
    try await withFacet { facet in
      let owner = try await facet.token(user: Demo.innocentyName)
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.ReadWrite.All")
      let made = try await facet.probe.request(
        "PATCH", Self.mine, token: owner, headers: Self.upsert,
        body: #"{"number":"1","allowedAudiences":"organization"}"#)
      #expect(made.status == 201)
      var answers: Set<String> = []
      for id in ["mine", Demo.phone, "nobody-has-this"] {
        let path = "/beta/users/\(Demo.innocenty)/profile/phones/\(id)"
        let answer = try await facet.probe.request(
          "PATCH", path, token: colleague, headers: Self.upsert, body: #"{"number":"9"}"#)
        let error = answer.json["error"] as? [String: Any]
        answers.insert("\(answer.status) \(error?["code"] ?? "") \(error?["message"] ?? "")")
      }
      #expect(answers.count == 1 && answers.first?.hasPrefix("404") == true, "\(answers)")
      #expect(try await facet.probe.request("GET", Self.mine, token: owner).json["number"] as? String == "1")
    }
  }

  @Test(
    "A profile has no entity tag to match, and an expansion without a value is refused before anything is sent")
  func profiles() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let stale = ["If-Match": "\"stale\""]
      let path = "/beta/me/profile"
      #expect(try await facet.probe.request("DELETE", path, token: token, headers: stale).status == 412)
      #expect(try await facet.probe.request("PATCH", path, token: token, headers: stale, body: "{}").status == 412)
      #expect(try await facet.probe.request("GET", path + "/phones/$count", token: token).text == "2")
      for number in ["+1", "1"] {
        let body = #"{"number":"\#(number)"}"#
        #expect(try await facet.probe.request("POST", path + "/phones", token: token, body: body).status == 201)
      }
      let failing = path + "?$expand=emails,phones($filter=1%20div%20(length(number)%20sub%201)%20gt%200)"
      let refused = try await facet.probe.request("GET", failing, token: token)
      #expect(refused.status == 400 && refused.errorCode == "BadRequest")
      let quotes = String(repeating: "'", count: 2_000)
      let long = try await facet.probe.request(
        "GET", path + "?$expand=phones($filter=number%20ne%20'\(quotes)')", token: token)
      #expect(long.status == 414)
      #expect(try await facet.probe.request("DELETE", path, token: token, headers: ["If-Match": "*"]).status == 204)
    }
  }

  @Test("An item cannot have an id that clients would resolve to another path")
  func dots() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      for id in ["%2E", "%2E%2E", ".", ".."] {
        let path = "/beta/me/profile/phones/\(id)"
        let answer = try await facet.probe.request("PATCH", path, token: token, headers: Self.upsert, body: "{}")
        #expect(answer.status == 400, "\(id)")
      }
      let fine = try await facet.probe.request(
        "PATCH", "/beta/me/profile/phones/...", token: token,
        headers: ["Prefer": "create-if-missing; return=minimal"], body: "{}")
      #expect(fine.status == 204 && fine.header("Preference-Applied") == "create-if-missing, return=minimal")
      #expect(fine.header("Location")?.hasSuffix("/phones/...") == true)
    }
  }

  @Test("A creation with an Idempotency-Key happens once, even when it is sent twice at the same time")
  func idempotency() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let phones = "/beta/me/profile/phones"
      let ids = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
        for _ in 0..<16 {
          group.addTask {
            try await facet.probe.request(
              "POST", phones, token: token, headers: ["Idempotency-Key": "once"], body: #"{"number":"1"}"#)
          }
        }
        return try await group.reduce(into: Set<String>()) { ids, answer in
          #expect(answer.status == 201)
          ids.insert(answer.json["id"] as? String ?? "")
        }
      }
      #expect(ids.count == 1)
      #expect(try await facet.probe.request("GET", phones + "/$count", token: token).text == "3")
      for (key, status) in [
        (String(repeating: "k", count: Limits.idempotencyKeyBytesMax), 201),
        (String(repeating: "k", count: Limits.idempotencyKeyBytesMax + 1), 400), ("", 400),
      ] {
        let answer = try await facet.probe.request(
          "POST", phones, token: token, headers: ["Idempotency-Key": key], body: #"{"number":"1"}"#)
        #expect(answer.status == status, "\(key.count)")
      }
    }
  }

  @Test("A link to the next page works for its caller and query only, whatever others write in between")
  func links() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let other = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let phones = "/beta/users/\(Demo.innocenty)/profile/phones"
      func make(_ number: Int) async throws {
        let body = #"{"number":"\#(number % 10)","allowedAudiences":"organization"}"#
        #expect(try await facet.probe.request("POST", phones, token: token, body: body).status == 201)
      }
      for number in 0..<30 { try await make(number) }
      let all = try await facet.probe.request("GET", phones, token: token)
      let before = (all.json["value"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
      for query in [
        "$top=7", "$top=7&$orderby=number%20desc", "$top=7&$filter=number%20ne%20'x'&$orderby=displayName,number",
      ] {
        var found: [String] = []
        var next: String? = "\(phones)?\(query)"
        var round = 0
        while let target = next {
          let page = try await facet.probe.request("GET", target, token: token)
          let items = page.json["value"] as? [[String: Any]] ?? []
          #expect(!items.isEmpty && page.status == 200)
          found += items.compactMap { $0["id"] as? String }
          let link = page.json["@odata.nextLink"] as? String
          next = link.flatMap { URL(string: $0) }.map { "\($0.path)?\($0.query() ?? "")" }
          if let next, round == 0 {
            let token = try await facet.probe.request("GET", next, token: other)
            #expect(token.status == 400, "A link of somebody else")
            let elsewhere = next.replacing("$top=7", with: "$top=7&$search=a")
            #expect(try await facet.probe.request("GET", elsewhere, token: self.token(facet)).status == 400)
          }
          round += 1
          try await make(round)
        }
        #expect(Set(found).count == found.count, "\(query)")
        #expect(Set(before).isSubset(of: Set(found)), "\(query)")
      }
    }
  }

  private func token(_ facet: FacetProcess) async throws -> String { try await facet.token(user: Demo.innocentyName) }

  @Test("The context URL names what is selected, inside expansions too")
  func contexts() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      for (path, suffix) in [
        (
          "phones?$select=number,inference($select=confidenceScore)",
          "/profile/phones(number,inference/confidenceScore)"
        ),
        ("phones/\(Demo.phone)?$select=number", "/profile/phones(number)/$entity"),
        ("?$expand=phones($select=number),emails", "/profile(phones(number))/$entity"),
        ("?$select=id,phones&$expand=phones($select=number)", "/profile(id,phones(number))/$entity"),
        ("", "/profile/$entity"),
      ] {
        let separator = path.hasPrefix("?") || path.isEmpty ? "" : "/"
        let answer = try await facet.probe.request("GET", "/beta/me/profile\(separator)\(path)", token: token)
        #expect(
          (answer.json["@odata.context"] as? String)?.hasSuffix(suffix) == true, "\(path) \(answer.text.prefix(300))")
      }
    }
  }
}
