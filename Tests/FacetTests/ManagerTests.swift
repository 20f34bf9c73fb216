import Foundation
import HTTPProbe
import Testing

/// Managers and their reports, against a running server.
@Suite("Managers")
struct ManagerTests {
  private static let admin = "User.ReadWrite.All"
  private static let name = "Resource 'manager' does not exist"

  private static func reference(_ id: String, _ set: String = "users") -> String {
    #"{"@odata.id":"https://graph.microsoft.com/v1.0/\#(set)/\#(id)"}"#
  }

  private static func put(
    _ manager: String, of user: String, _ facet: FacetProcess, _ token: String
  ) async throws -> HTTPAnswer {
    try await facet.probe.request(
      "PUT", "/v1.0/users/\(user)/manager/$ref", token: token, body: reference(manager))
  }

  @Test("A manager is set, read, replaced and removed, under both versions")
  func life() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      for version in ["beta", "v1.0"] {
        let path = "/\(version)/users/\(Demo.innocenty)/manager"
        func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> HTTPAnswer {
          try await facet.probe.request(method, path, token: token, body: body)
        }
        #expect(try await send("GET", path).status == 404)
        #expect(try await send("DELETE", path + "/$ref").text.contains(Self.name))
        #expect(try await send("PUT", path + "/$ref", Self.reference(Demo.amara)).status == 204)
        let reference = try await send("GET", path + "/$ref")
        #expect(reference.json["@odata.context"] as? String == "http://localhost/\(version)/$metadata#$ref")
        let address = "http://localhost/\(version)/directoryObjects/\(Demo.amara)"
        #expect(reference.json["@odata.id"] as? String == address, "\(reference.text)")
        #expect(try await send("GET", "/\(version)/users/\(Demo.lena)/manager/$ref").status == 404)
        let found = try await send("GET", path + "?$select=id,displayName")
        #expect(found.status == 200 && found.json["id"] as? String == Demo.amara, "\(found.text)")
        #expect(found.text.contains(##""@odata.type":"#microsoft.graph.user""##))
        #expect(try await send("PUT", path + "/$ref", Self.reference(Demo.lena, "directoryObjects")).status == 204)
        let reports = try await send("GET", "/\(version)/users/\(Demo.lena)/directReports?$select=id&$count=true")
        #expect(reports.json["@odata.count"] as? Int == 1 && reports.text.contains(Demo.innocenty), "\(reports.text)")
        #expect(try await send("GET", "/\(version)/users/\(Demo.amara)/directReports/$count").text == "0")
        #expect(try await send("DELETE", path + "/$ref").status == 204)
        #expect(try await send("GET", path).status == 404)
      }
    }
  }

  @Test("A user is created and updated with the manager whom the body names, both or neither")
  func bound() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      func bind(_ id: String) -> String { #""manager@odata.bind":"https://graph.microsoft.com/v1.0/users/\#(id)""# }
      func create(_ name: String, _ more: String) async throws -> HTTPAnswer {
        let body = """
          {"accountEnabled":true,"displayName":"\(name)","mailNickname":"\(name)",\
          "userPrincipalName":"\(name)@contoso.example",\(more)}
          """
        return try await facet.probe.request("POST", "/v1.0/users", token: token, body: body)
      }
      func manager(of id: String) async throws -> String? {
        try await facet.probe.request("GET", "/v1.0/users/\(id)/manager", token: token).json["id"] as? String
      }
      let created = try await create("adele", bind(Demo.amara))
      let id = try #require(created.json["id"] as? String, "\(created.text)")
      #expect(created.status == 201 && created.json["manager"] == nil)
      #expect(try await manager(of: id) == Demo.amara)
      func update(_ body: String) async throws -> HTTPAnswer {
        try await facet.probe.request("PATCH", "/v1.0/users/\(id)", token: token, body: body)
      }
      #expect(try await update("{\(bind("lena@contoso.example"))}").status == 204)
      #expect(try await manager(of: id) == Demo.lena)
      #expect(try await update(#"{"jobTitle":"Welder",\#(bind(Demo.amara))}"#).status == 204)
      #expect(try await manager(of: id) == Demo.amara)
      for (bound, status) in [
        (bind(id), 400), (bind("nobody"), 404), (#""manager@odata.bind":null"#, 400),
        (#""manager@odata.bind":["users/\#(Demo.lena)"]"#, 400), (#""memberOf@odata.bind":["groups/a"]"#, 400),
        (#""manager@odata.bind":"https://evil.example/users/1""#, 400),
      ] {
        let refused = try await update(#"{"jobTitle":"Baker",\#(bound)}"#)
        #expect(refused.status == status, "\(bound): \(refused.text)")
      }
      #expect(try await manager(of: id) == Demo.amara)
      let kept = try await facet.probe.request("GET", "/v1.0/users/\(id)?$select=jobTitle", token: token)
      #expect(kept.json["jobTitle"] as? String == "Welder")
      let refused = try await create("nobody", bind("nobody"))
      #expect(refused.status == 404)
      let found = try await facet.probe.request("GET", "/v1.0/users/nobody@contoso.example", token: token)
      #expect(found.status == 404, "Somebody was created without the manager")
      let own = try await facet.token(user: Demo.innocenty)
      let denied = try await facet.probe.request("PATCH", "/v1.0/me", token: own, body: "{\(bind(Demo.lena))}")
      #expect(denied.status == 403 && denied.errorMessage?.contains("manager") == true, "\(denied.text)")
    }
  }

  @Test("Managers of managers are expanded, and people below are counted")
  func levels() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      for (manager, user) in [(Demo.amara, Demo.innocenty), (Demo.lena, Demo.amara)] {
        #expect(try await Self.put(manager, of: user, facet, token).status == 204)
      }
      func get(_ path: String) async throws -> HTTPAnswer {
        try await facet.probe.request(
          "GET", "/v1.0\(path)", token: token, headers: ["ConsistencyLevel": "eventual"])
      }
      let one = try await get("/users/\(Demo.innocenty)?$expand=manager($levels=max;$select=id)&$select=id")
      let manager = try #require(one.json["manager"] as? [String: Any], "\(one.text)")
      #expect(manager["id"] as? String == Demo.amara && manager["displayName"] == nil)
      let above = try #require(manager["manager"] as? [String: Any])
      #expect(above["id"] as? String == Demo.lena && above["manager"] is NSNull)
      let list = try await get("/users?$expand=manager&$top=999")
      let values = try #require(list.json["value"] as? [[String: Any]], "\(list.text)")
      let managers = Dictionary(
        uniqueKeysWithValues: values.map { ($0["id"] as? String ?? "", ($0["manager"] as? [String: Any])?["id"]) })
      #expect(managers[Demo.innocenty] as? String == Demo.amara && managers[Demo.amara] as? String == Demo.lena)
      #expect(values.allSatisfy { $0.keys.contains("manager") })
      #expect(try await get("/users/\(Demo.lena)/transitiveReports/$count").text == "2")
      #expect(try await get("/users/\(Demo.lena)/directReports/$count").text == "1")
      for (options, status) in [
        ("$expand=manager($levels=20)", 200), ("$expand=manager($levels=21)", 400), ("$expand=manager($levels=0)", 400),
        ("$expand=manager($filter=id eq '1')", 400), ("$expand=profile", 501), ("$expand=directReports", 400),
        ("$expand=manager($select=colour)", 400),
      ] {
        let encoded = options.replacing(" ", with: "%20")
        #expect(try await get("/users/\(Demo.innocenty)?\(encoded)").status == status, "\(options)")
      }
    }
  }

  @Test("Circles and what is no person are refused, and nothing changes")
  func refusals() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      #expect(try await Self.put(Demo.amara, of: Demo.innocenty, facet, token).status == 204)
      #expect(try await Self.put(Demo.lena, of: Demo.amara, facet, token).status == 204)
      for (manager, user, status) in [
        (Demo.innocenty, Demo.lena, 400), (Demo.lena, Demo.lena, 400), ("nobody", Demo.lena, 404),
        (Demo.lena, "nobody", 404),
      ] {
        #expect(try await Self.put(manager, of: user, facet, token).status == status, "\(manager) of \(user)")
      }
      for body in ["{}", "[]", #"{"@odata.id":"https://evil.example/users/1"}"#, #"{"@odata.id":5}"#] {
        let answer = try await facet.probe.request(
          "PUT", "/beta/users/\(Demo.lena)/manager/$ref", token: token, body: body)
        #expect(answer.status == 400, "\(body): \(answer.text)")
      }
      let manager = try await facet.probe.request("GET", "/beta/users/\(Demo.lena)/manager", token: token)
      #expect(manager.status == 404)
      let other = try await facet.probe.request(
        "POST", "/beta/users/\(Demo.lena)/manager/$ref", token: token, body: "{}")
      #expect(other.status == 405 && other.header("Allow")?.contains("POST") == false, "\(other.text)")
    }
  }

  @Test("Who may read a person reads their manager, as far as they may read people; only administrators set one")
  func permissions() async throws {
    try await withFacet { facet in
      let admin = try await facet.token(roles: Self.admin)
      #expect(try await Self.put(Demo.amara, of: Demo.innocenty, facet, admin).status == 204)
      let own = try await facet.token(user: Demo.innocenty, scopes: "User.Read")
      let shown = try await facet.probe.request("GET", "/v1.0/me/manager", token: own)
      // Without a permission on others the id alone is shown.
      #expect(shown.status == 200 && shown.json["id"] as? String == Demo.amara, "\(shown.text)")
      #expect(shown.json["displayName"] is NSNull && shown.header("ETag") == nil)
      let basic = try await facet.token(user: Demo.lena, scopes: "User.ReadBasic.All")
      let named = try await facet.probe.request("GET", "/v1.0/users/\(Demo.innocenty)/manager", token: basic)
      #expect(named.json["displayName"] as? String == "Amara Okafor" && named.json["jobTitle"] is NSNull)
      let writer = try await facet.token(user: Demo.innocenty, scopes: "User.ReadWrite")
      #expect(try await Self.put(Demo.lena, of: Demo.innocenty, facet, writer).status == 403)
      #expect(try await Self.put(Demo.lena, of: Demo.innocenty, facet, basic).status == 403)
      let removed = try await facet.probe.request("DELETE", "/v1.0/me/manager/$ref", token: writer)
      #expect(removed.status == 403)
    }
  }
}
