import Foundation
import HTTPProbe
import OData
import Testing

@testable import Profiles

/// Batches over HTTP in forms that official clients do not send.
@Suite("Batches")
struct BatchTests {
  private static let phones = "/me/profile/phones"

  private struct Part {
    let id: String
    let status: Int
    let headers: [String: String]
    let body: Any?

    var members: [String: Any] { body as? [String: Any] ?? [:] }
    var errorCode: String? { (members["error"] as? [String: Any])?["code"] as? String }
  }

  /// Sends a batch and reads its responses; there are none when the whole batch is refused.
  private static func send(
    _ facet: FacetProcess, _ token: String, _ requests: [[String: Any]], status: Int = 200
  ) async throws -> [Part] {
    let body = String(decoding: try JSONSerialization.data(withJSONObject: ["requests": requests]), as: UTF8.self)
    let answer = try await facet.probe.request("POST", "/beta/$batch", token: token, body: body)
    #expect(answer.status == status, "\(answer.text.prefix(300))")
    return (answer.json["responses"] as? [[String: Any]] ?? []).map { part in
      Part(
        id: part["id"] as? String ?? "", status: part["status"] as? Int ?? 0,
        headers: part["headers"] as? [String: String] ?? [:], body: part["body"])
    }
  }

  private static func get(_ id: String, _ url: String, after: [String] = []) -> [String: Any] {
    ["id": id, "method": "GET", "url": url, "dependsOn": after]
  }

  private static func write(
    _ id: String, _ method: String, _ url: String, _ body: [String: Any], group: String? = nil,
    headers: [String: String] = [:], after: [String] = []
  ) -> [String: Any] {
    var part: [String: Any] = [
      "id": id, "method": method, "url": url, "body": body, "dependsOn": after,
      "headers": headers.merging(["content-type": "application/json"]) { $1 },
    ]
    if let group { part["atomicityGroup"] = group }
    return part
  }

  @Test("Each response has its own status, headers and body, in order, and equals that of the request alone")
  func parts() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let url = "/users/\(Demo.innocenty)/profile/phones/\(Demo.phone)"
      let parts = try await Self.send(
        facet, token,
        [
          Self.get("1", url), Self.write("2", "POST", Self.phones, ["number": "5"]),
          Self.get("3", "me/profile/phones/$count"), Self.get("4", "/me/nosuch"), Self.get("5", "/beta/me"),
          Self.get("6", Self.phones + "?$top=1"), ["id": "7", "method": "put", "url": url],
          ["id": "8", "method": "PATCH", "url": url, "body": ["number": "1"]],
          Self.get("9", "/$batch"), Self.get("10", "https://elsewhere.example/beta/me"), Self.get("11", "/me?x=a#b"),
        ])
      #expect(parts.map(\.id) == (1...11).map(String.init))
      #expect(parts.map(\.status) == [200, 201, 200, 400, 200, 200, 400, 400, 400, 400, 400])
      let alone = try await facet.probe.request("GET", "/beta" + url, token: token)
      #expect(NSDictionary(dictionary: parts[0].members) == NSDictionary(dictionary: alone.json))
      #expect(parts[0].headers["ETag"] == alone.header("ETag"))
      #expect(parts[0].headers["Content-Type"] == alone.header("Content-Type"))
      #expect(parts[0].headers["Date"] == nil && parts[0].headers["request-id"] != nil)
      #expect(parts[1].headers["Location"]?.contains("/beta/users/\(Demo.innocenty)/profile/phones/") == true)
      #expect(parts[2].body as? String == "3" && parts[2].headers["Content-Type"]?.hasPrefix("text/plain") == true)
      #expect(
        (parts[5].members["@odata.nextLink"] as? String)?.contains("/beta/me/profile/phones?$top=1&$skiptoken=") == true
      )
      #expect(parts[3].errorCode == "BadRequest")
    }
  }

  @Test("A request that depends on a failed one is not performed, and neither are its own dependents")
  func dependencies() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let parts = try await Self.send(
        facet, token,
        [
          Self.get("a", Self.phones + "/nosuch"), Self.write("B", "POST", Self.phones, ["number": "1"], after: ["A"]),
          Self.get("c", Self.phones, after: ["b"]), Self.get("d", Self.phones),
          Self.write("e", "POST", Self.phones, ["number": "2"], group: "g", after: ["d"]),
          Self.get("f", Self.phones, after: ["G"]),
        ])
      #expect(parts.map(\.status) == [404, 424, 424, 200, 201, 200])
      #expect(parts[1].errorCode == "failedDependency")
      #expect(try await facet.probe.request("GET", "/beta\(Self.phones)/$count", token: token).text == "3")
    }
  }

  @Test("An atomicity group is applied as a whole or not at all; one that cannot be is refused with the batch")
  func groups() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let phone = "\(Self.phones)/\(Demo.phone)"
      let read = try await facet.probe.request("GET", Demo.phonePath, token: token)
      let (before, tag) = (read.text, try #require(read.header("ETag")))
      let failing: [[[String: Any]]] = [
        [
          Self.write("1", "POST", Self.phones, ["number": "1"], group: "g"),
          Self.write("2", "PATCH", phone, ["number": "2"], group: "g"),
          Self.write("3", "PATCH", "\(Self.phones)/nosuch", ["number": "3"], group: "g"),
        ],
        [
          Self.write("1", "PATCH", phone, ["number": "1"], group: "g"),
          Self.write("2", "PATCH", phone, ["type": "nosuch"], group: "g"),
        ],
        [
          Self.write("1", "PATCH", phone, ["number": "1"], group: "g"),
          Self.write("2", "PATCH", phone, ["number": "2"], group: "g", headers: ["If-Match": tag]),
        ],
      ]
      for (requests, status) in zip(failing, [404, 400, 412]) {
        let parts = try await Self.send(facet, token, requests)
        #expect(parts.map(\.status) == Array(repeating: 424, count: requests.count - 1) + [status])
        #expect(try await facet.probe.request("GET", Demo.phonePath, token: token).text == before)
      }
      let refused: [[[String: Any]]] = [
        [Self.write("0", "POST", Self.phones, [:]), Self.get("1", phone).merging(["atomicityGroup": "g"]) { $1 }],
        [
          Self.write("1", "PATCH", phone, ["number": "1"], group: "g"),
          Self.write("2", "POST", "/users/\(Demo.amara)/profile/phones", ["number": "1"], group: "g"),
        ],
        [Self.write("1", "PATCH", "/me", ["displayName": "x"], group: "g")],
        [Self.write("1", "POST", Self.phones, ["number": "1"], group: "g", headers: ["Idempotency-Key": "k"])],
        [
          Self.write("1", "POST", Self.phones, [:], group: "g"), Self.write("2", "POST", Self.phones, [:]),
          Self.write("3", "POST", Self.phones, [:], group: "G"),
        ],
        [Self.write("g", "POST", Self.phones, [:], group: "g")],
      ]
      for requests in refused {
        #expect(try await Self.send(facet, token, requests, status: 400).isEmpty)
      }
      #expect(try await facet.probe.request("GET", "/beta\(Self.phones)/$count", token: token).text == "2")
      let parts = try await Self.send(
        facet, token,
        [
          Self.write("1", "POST", Self.phones, ["number": "1"], group: "g"),
          Self.write(
            "2", "PATCH", "/users/\(Demo.innocenty)/profile/phones/\(Demo.phone)", ["number": "2"], group: "g"),
          Self.write(
            "3", "PATCH", "\(Self.phones)/mine", ["number": "3"], group: "g", headers: ["Prefer": "create-if-missing"]),
          Self.write("4", "DELETE", "\(Self.phones)/mine", [:], group: "g").filter { $0.key != "body" },
        ])
      #expect(parts.map(\.status) == [201, 200, 201, 204])
      #expect(parts[1].members["number"] as? String == "2")
      #expect(try await facet.probe.request("GET", "/beta\(Self.phones)/$count", token: token).text == "3")
    }
  }

  @Test("A batch that is malformed or too long is refused as a whole")
  func malformed() async throws {
    try await withFacet(arguments: ["--batch-size", "30"]) { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let one = #"{"id":"1","method":"GET","url":"/me"}"#
      for body in [
        "[]", "{}", #"{"requests":null}"#, #"{"requests":{}}"#, #"{"requests":[1]}"#,
        #"{"requests":[{"id":1,"method":"GET","url":"/me"}]}"#, #"{"requests":[{"method":"GET","url":"/me"}]}"#,
        #"{"requests":[{"id":"1","url":"/me"}]}"#, #"{"requests":[{"id":"1","method":"GET"}]}"#,
        #"{"requests":[\#(one),\#(one)]}"#, #"{"requests":[\#(one)]"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["2"]},{"id":"2","method":"GET","url":"/me"}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["1"]}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":[]}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"a":1}}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"é":"x"}}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"":"x"}}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"a b":"x"}}]}"#,
        #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"a":"x\n"}}]}"#,
        #"{"requests":[{"id":"1","method":"GE\nT","url":"/me"}]}"#,
        #"{"requests":[{"id":"1","method":"É","url":"/me"}]}"#,
      ] {
        let answer = try await facet.probe.request("POST", "/beta/$batch", token: token, body: body)
        #expect(answer.status == 400 && answer.errorCode != nil, "\(body)")
      }
      func requests(_ count: Int) -> [[String: Any]] { (0..<count).map { Self.get("\($0)", "/me?$select=id") } }
      #expect(try await Self.send(facet, token, requests(30)).count == 30)
      #expect(try await Self.send(facet, token, requests(31), status: 400).isEmpty)
      for (method, path, status) in [
        ("GET", "/beta/$batch", 405), ("POST", "/beta/$batch?$format=json", 400), ("POST", "/v1.0/%24batch", 200),
      ] {
        let body = method == "POST" ? #"{"requests":[\#(one)]}"# : nil
        #expect(try await facet.probe.request(method, path, token: token, body: body).status == status, "\(path)")
      }
      let body = #"{"requests":[\#(one)]}"#
      for (name, value, status) in [("If-Match", "*", 400), ("Accept", "text/html", 406)] {
        let answer = try await facet.probe.request(
          "POST", "/beta/$batch", token: token, headers: [name: value], body: body)
        #expect(answer.status == status, "\(name)")
      }
      #expect(try await facet.probe.request("POST", "/beta/$batch", body: body).status == 401)
    }
  }

  @Test("A part cannot use another token, and the responses of a batch are bounded")
  func bounds() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let other = try await facet.token(user: Demo.amara)
      let me = try await Self.send(
        facet, token, [Self.get("1", "/me").merging(["headers": ["authorization": "Bearer \(other)"]]) { $1 }])
      #expect(me.first?.members["id"] as? String == Demo.innocenty)
      let text = String(repeating: "n", count: 60_000)
      for _ in 0..<40 {
        let body = #"{"displayName":"\#(text)"}"#
        #expect(try await facet.probe.request("POST", "/beta\(Self.phones)", token: token, body: body).status == 201)
      }
      // Each profile is about 2.4 MB, so the fourth exceeds the bound.
      let parts = try await Self.send(
        facet, token,
        (1...6).map { Self.get("\($0)", "/me/profile") } + [Self.write("7", "POST", Self.phones, ["number": "1"])])
      #expect(parts.map(\.status) == [200, 200, 200, 507, 507, 507, 201])
      #expect(parts[3].errorCode == "batchAnswerTooLarge")
    }
  }
}
