import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// `/admin/people` and `/people`, against a running server.
@Suite("Settings of people, and people nearby")
struct PeopleSettingsTests {
  private static let root = "/admin/people"

  private static func writer(_ facet: FacetProcess) async throws -> String {
    try await facet.token(roles: "PeopleSettings.ReadWrite.All")
  }

  @Test("A source is created, found by both keys, changed and deleted, under both versions")
  func lifeOfASource() async throws {
    try await withFacet { facet in
      let token = try await Self.writer(facet)
      func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> HTTPAnswer {
        try await facet.probe.request(method, path, token: token, body: body)
      }
      for version in ["beta", "v1.0"] {
        let list = "/\(version)\(Self.root)/profileSources"
        let created = try await send(
          "POST", list,
          ##"{"@odata.type":"#microsoft.graph.profileSource","sourceId":"hr","kind":"HR","##
            + ##""localizations":[{"languageTag":"de","displayName":"Personal"}]}"##
        )
        let id = try #require(created.json["id"] as? String, "\(created.text)")
        #expect(created.status == 201)
        #expect(created.header("Location") == "http://localhost\(list)/\(id)")
        let context = "http://localhost/\(version)/$metadata#admin/people/profileSources"
        #expect(created.json["@odata.context"] as? String == context + "/$entity")
        for key in ["/\(id)", "('\(id)')", "(sourceId='hr')"] {
          let read = try await send("GET", list + key)
          #expect(read.status == 200 && read.json["sourceId"] as? String == "hr", "\(read.text)")
        }
        let updated = try await send("PATCH", list + "(sourceId='hr')", #"{"displayName":"People"}"#)
        #expect(updated.status == 200 && updated.json["displayName"] as? String == "People")
        #expect(updated.json["kind"] as? String == "HR")
        let all = try await send("GET", list + "?$filter=kind%20eq%20'HR'&$select=sourceId&$count=true")
        #expect(all.json["@odata.context"] as? String == context + "(sourceId)")
        #expect(all.json["@odata.count"] as? Int == 1 && !all.text.contains("People"))
        #expect(try await send("GET", list + "/$count").text == "1")
        #expect(try await send("GET", list + "(nothing='hr')").status == 400)
        #expect(try await send("POST", list, #"{"sourceId":"HR"}"#).status == 400)
        #expect(try await send("DELETE", list + "/\(id)").status == 204)
        #expect(try await send("GET", list + "/\(id)").errorCode == "Request_ResourceNotFound")
      }
    }
  }

  /// A person with items of three sources, which only an import gives to items.
  private static let sourcedItems: String = {
    let items = ["old", "hr", "crm"].enumerated().flatMap { number, source in
      let sources = #""sources":[{"sourceId":"\#(source)","isDefaultSource":true}]"#
      let time = #""createdDateTime":"2026-01-0\#(number + 1)T00:00:00Z""#
      return [
        ("notes", #""detail":{"contentType":"text","content":"of \#(source)"}"#),
        ("skills", #""displayName":"of \#(source)""#),
      ].map { collection, content in
        #"{"userId":"\#(Demo.amara)","collection":"\#(collection)","item":{\#(content),\#(time),\#(sources)}}"#
      }
    }
    return ([#"{"user":{"id":"\#(Demo.amara)","displayName":"Amara Okafor"}}"#] + items).joined(separator: "\n")
  }()

  @Test("The order of sources decides which item a computed property shows, and changing it is enough")
  func orderOfSources() async throws {
    let seed = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).ndjson")
    try Data(Self.sourcedItems.utf8).write(to: seed)
    defer { try? FileManager.default.removeItem(at: seed) }
    try await withFacet(arguments: ["--seed", seed.path]) { facet in
      let writer = try await Self.writer(facet)
      let token = try await facet.token(user: Demo.amara)
      let (orders, select) = ("/beta\(Self.root)/profilePropertySettings", "/v1.0/me?$select=aboutMe,skills")
      func send(_ method: String, _ path: String, _ body: String) async throws -> HTTPAnswer {
        let answer = try await facet.probe.request(method, path, token: writer, body: body)
        #expect((200...204).contains(answer.status), "\(answer.text)")
        return answer
      }
      let before = try await facet.probe.request("GET", select, token: token)
      #expect(before.json["aboutMe"] as? String == "of old", "\(before.text)")
      for source in ["hr", "crm"] {
        _ = try await send("POST", "/beta\(Self.root)/profileSources", #"{"sourceId":"\#(source)"}"#)
      }
      func about() async throws -> HTTPAnswer { try await facet.probe.request("GET", select, token: token) }
      #expect(try await about().json["aboutMe"] as? String == before.json["aboutMe"] as? String)
      func address(_ source: String) -> String { "\"/beta\(Self.root)/profileSources(sourceId='\(source)')\"" }
      let order = try await send(
        "POST", orders, #"{"prioritizedSourceUrls":[\#(address("crm")),\#(address("hr"))]}"#)
      let preferred = try await about()
      #expect(preferred.json["aboutMe"] as? String == "of crm", "\(preferred.text)")
      #expect(preferred.json["skills"] as? [String] == ["of crm", "of hr", "of old"], "\(preferred.text)")
      let id = try #require(order.json["id"] as? String)
      _ = try await send("PATCH", "\(orders)/\(id)", #"{"prioritizedSourceUrls":[\#(address("hr"))]}"#)
      #expect(try await about().json["aboutMe"] as? String == "of hr")
      // Lists of items keep their own order.
      let notes = try await facet.probe.request("GET", "/beta/me/profile/notes", token: token)
      let last = try #require((notes.json["value"] as? [[String: Any]])?.last?["detail"] as? [String: Any])
      #expect(last["content"] as? String == "of crm", "\(notes.text)")
      #expect(try await facet.probe.request("DELETE", "\(orders)/\(id)", token: writer).status == 204)
      #expect(try await about().json["aboutMe"] as? String == before.json["aboutMe"] as? String)
    }
  }

  @Test("Switches are read and set, and every setting has a form")
  func switches() async throws {
    try await withFacet { facet in
      let token = try await Self.writer(facet)
      for setting in ProfileModel.peopleAdminSettings.navigation {
        let read = try await facet.probe.request("GET", "/beta\(Self.root)/\(setting.name)", token: token)
        #expect(read.status == 200, "\(setting.name): \(read.text)")
        #expect(
          read.text.contains(#""@odata.context":"http://localhost/beta/$metadata#admin/people/\#(setting.name)""#))
      }
      let whole = try await facet.probe.request("GET", "/v1.0\(Self.root)", token: token)
      #expect(whole.status == 200 && whole.json["@odata.type"] as? String == "#microsoft.graph.peopleAdminSettings")
      for name in ["pronouns", "namePronunciation", "itemInsights"] {
        let path = "/v1.0\(Self.root)/\(name)"
        let read = try await facet.probe.request("GET", path, token: token)
        let new = read.json["isEnabledInOrganization"] as? Bool == true ? "false" : "true"
        let updated = try await facet.probe.request(
          "PATCH", path, token: token, body: #"{"isEnabledInOrganization":\#(new)}"#)
        #expect(updated.status == 200 && updated.text.contains(#""isEnabledInOrganization":\#(new)"#))
        let stale = try await facet.probe.request(
          "PATCH", path, token: token, headers: ["If-Match": #"W/"a""#], body: "{}")
        #expect(stale.status == 412)
        #expect(try await facet.probe.request("DELETE", path, token: token).status == 405)
      }
      let key = try await facet.probe.request(
        "POST", "/beta\(Self.root)/profileSources", token: token, headers: ["Idempotency-Key": "a"],
        body: #"{"sourceId":"x"}"#)
      #expect(key.status == 400)
    }
  }

  @Test("Decisions are in the audit log of the tenant, which is checked and exported with the rest")
  func auditLog() async throws {
    let facet = try await FacetProcess.start()
    let administrator = try await facet.token(
      user: Demo.innocentyName, scopes: "PeopleSettings.ReadWrite.All", extra: ["--administrator"])
    let path = "/beta\(Self.root)/profileSources"
    let created = try await facet.probe.request(
      "POST", path, token: administrator, body: #"{"sourceId":"hr","displayName":"Confidential"}"#)
    let id = try #require(created.json["id"] as? String, "\(created.text)")
    let refused = try await facet.probe.request("POST", path, token: administrator, body: #"{"sourceId":"hr"}"#)
    #expect(refused.status == 400)
    let application = try await Self.writer(facet)
    #expect(try await facet.probe.request("DELETE", "\(path)/\(id)", token: application).status == 204)
    let reader = try await facet.token(roles: "User.Read.All")
    let people = try await facet.probe.request("GET", "/v1.0/users?$select=id", token: reader)
    #expect(!people.text.contains(facet.ready.tenant))
    #expect(try await facet.probe.request("GET", "/v1.0/users/\(facet.ready.tenant)", token: reader).status == 404)
    #expect(try await facet.stop() == 0)
    let exported = try await FacetProcess.run(["export", "--data", facet.data.path, "--user", facet.ready.tenant])
    let rows = try exported.output.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }.compactMap { $0["change"] as? [String: Any] }
    #expect(rows.map { $0["kind"] as? String } == ["created", "deleted"], "\(exported.output)")
    #expect(rows.allSatisfy { $0["collection"] as? String == "profileSources" && $0["itemId"] as? String == id })
    #expect(rows.first?["userId"] as? String == Demo.innocenty && rows.last?["userId"] is NSNull)
    #expect(!exported.output.contains("Confidential"))
    let own = try await FacetProcess.run(["export", "--data", facet.data.path, "--user", Demo.innocenty])
    #expect(own.output.contains("profileSources"), "What somebody decided is part of what they did")
    let checked = try await FacetProcess.run(["check", "--data", facet.data.path])
    #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
    try FileManager.default.removeItem(at: facet.data)
  }

  @Test("A delegated caller needs an administrator beside the permission, and no other permission opens a setting")
  func permissions() async throws {
    try await withFacet { facet in
      let path = "/beta\(Self.root)/profileCardProperties"
      let all = Permission.allCases.map(\.rawValue)
      let others = all.filter { !$0.hasPrefix("PeopleSettings") }.joined(separator: " ")
      let reader = "PeopleSettings.Read.All"
      let plain = try await facet.token(user: Demo.innocentyName, scopes: all.joined(separator: " "))
      let refused = try await facet.probe.request("GET", path, token: plain)
      #expect(refused.status == 403 && refused.errorCode == "ErrorAccessDeniedForRole")
      let administrator = try await facet.token(
        user: Demo.innocentyName, scopes: reader, extra: ["--administrator"])
      #expect(try await facet.probe.request("GET", path, token: administrator).status == 200)
      let body = #"{"directoryPropertyName":"Fax"}"#
      for token in [
        administrator, try await facet.token(roles: reader), try await facet.token(roles: others),
        try await facet.token(user: Demo.innocentyName, scopes: others, extra: ["--administrator"]),
      ] {
        let written = try await facet.probe.request("POST", path, token: token, body: body)
        #expect(written.status == 403 && written.errorCode == "ErrorInsufficientPermissionsInAccessToken")
        #expect(written.errorMessage?.contains("PeopleSettings.ReadWrite.All") == true)
      }
      let application = try await facet.token(roles: reader)
      #expect(try await facet.probe.request("GET", path, token: application).json["value"] as? [String] == [])
    }
  }

  @Test("The people near somebody are listed with the forms of their page")
  func nearby() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName, scopes: "People.Read")
      for version in ["beta", "v1.0"] {
        let answer = try await facet.probe.request("GET", "/\(version)/me/people", token: token)
        #expect(answer.status == 200, "\(answer.text)")
        let context = "http://localhost/\(version)/$metadata#users('\(Demo.innocenty)')/people"
        #expect(answer.json["@odata.context"] as? String == context)
        let people = try #require(answer.json["value"] as? [[String: Any]])
        #expect(people.map { $0["id"] as? String } == [Demo.lena])
        #expect(people.first?["@odata.type"] as? String == "#microsoft.graph.person")
        #expect((people.first?["personType"] as? [String: Any])?["class"] as? String == "Person")
        #expect(!answer.text.contains("5550") && !answer.text.contains("@odata.etag"))
        #expect(try await facet.probe.request("GET", "/\(version)/me/people/$count", token: token).text == "1")
        let others = try await facet.probe.request("GET", "/\(version)/users/\(Demo.lena)/people", token: token)
        #expect(others.status == 403 && others.errorMessage?.contains("People.Read.All") == true)
      }
    }
  }
}
