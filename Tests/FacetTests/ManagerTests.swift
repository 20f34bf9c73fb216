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
      #expect(other.status == 405 && other.header("Allow") == "PUT, DELETE", "\(other.text)")
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
