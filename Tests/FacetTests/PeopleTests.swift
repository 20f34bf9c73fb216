import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// People, whole profiles, counts and single properties, against a running server.
@Suite("People and profiles")
struct PeopleTests {
  private static let admin = "User.ReadWrite.All"

  @Test("A person is created, read, updated and deleted, under both versions")
  func lifeOfAPerson() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      let body = #"{"displayName":"Ada","userPrincipalName":"Ada@Contoso.example","businessPhones":["1"]}"#
      for version in ["beta", "v1.0"] {
        let created = try await facet.probe.request("POST", "/\(version)/users", token: token, body: body)
        #expect(created.status == 201, "\(created.text)")
        let id = try #require(created.json["id"] as? String)
        #expect(created.header("Location") == "http://localhost/\(version)/users/\(id)")
        #expect(created.text.contains(#""@odata.context":"http://localhost/\#(version)/$metadata#users/$entity""#))
        let taken = try await facet.probe.request(
          "POST", "/beta/users", token: token,
          body: body.lowercased().replacing("displayname", with: "displayName").replacing(
            "userprincipalname", with: "userPrincipalName"
          ).replacing("businessphones", with: "businessPhones"))
        #expect(taken.status == 400 && taken.errorCode == "Request_BadRequest", "\(taken.text)")
        let path = "/\(version)/users/ADA%40contoso.example"
        let updated = try await facet.probe.request("PATCH", path, token: token, body: #"{"jobTitle":"Analyst"}"#)
        let tag = try #require(updated.header("ETag"))
        #expect(updated.status == 204 && tag != created.header("ETag"))
        let again = try await facet.probe.request("PATCH", path, token: token, body: #"{"jobTitle":"Analyst"}"#)
        #expect(again.status == 204 && again.header("ETag") == tag)
        let shown = try await facet.probe.request(
          "PATCH", path, token: token, headers: ["Prefer": "return=representation"], body: #"{"surname":null}"#)
        #expect(shown.status == 200 && shown.json["jobTitle"] as? String == "Analyst")
        #expect(shown.header("Preference-Applied") == "return=representation")
        let stale = try await facet.probe.request(
          "DELETE", path, token: token, headers: ["If-Match": try #require(created.header("ETag"))])
        #expect(stale.status == 412)
        #expect(try await facet.probe.request("DELETE", path, token: token).status == 204)
        #expect(try await facet.probe.request("DELETE", path, token: token).status == 404)
      }
    }
  }

  @Test("An invalid person is refused with the property's name, and nothing is created")
  func refusedPeople() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      for (body, word) in [
        ("{}", "displayName"), (#"{"displayName":""}"#, "displayName"), (#"{"displayName":null}"#, "displayName"),
        (#"{"displayName":"A","userPrincipalName":""}"#, "userPrincipalName"),
        (#"{"displayName":"A","userPrincipalName":" a"}"#, "blanks at its ends"),
        (#"{"displayName":"A","userPrincipalName":"a\u200Bb"}"#, "userPrincipalName"),
        (#"{"displayName":"A","userPrincipalName":"a\nb"}"#, "userPrincipalName"),
        (#"{"displayName":"A","userPrincipalName":"INNOCENTY@contoso.example"}"#, "userPrincipalName"),
        (#"{"displayName":"A","colour":"red"}"#, "colour"),
        (#"{"displayName":"A","businessPhones":5}"#, "businessPhones"),
      ] {
        let answer = try await facet.probe.request("POST", "/beta/users", token: token, body: body)
        #expect(answer.status == 400 && answer.errorMessage?.contains(word) == true, "\(body): \(answer.text)")
      }
      let cleared = try await facet.probe.request(
        "PATCH", "/beta/users/\(Demo.amara)", token: token, body: #"{"displayName":null}"#)
      #expect(cleared.status == 400)
      let count = try await facet.probe.request("GET", "/beta/users/$count", token: token)
      #expect(count.text == "3" && count.header("Content-Type")?.hasPrefix("text/plain") == true)
    }
  }

  @Test("A client finds what it created in any case: by name, filter, order and search")
  func lookUpThenCreate() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      func ids(_ query: String) async throws -> [String] {
        let encoded = try #require(query.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed))
        let list = try await facet.probe.request("GET", "/v1.0/users?\(encoded)", token: token)
        #expect(list.status == 200, "\(query): \(list.text)")
        return (list.json["value"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
      }
      let body = #"{"displayName":"Μαρία Straße","userPrincipalName":"MaryLogin","mail":"Mary@Contoso.example"}"#
      let created = try await facet.probe.request("POST", "/v1.0/users", token: token, body: body)
      #expect(created.status == 201, "\(created.text)")
      let id = try #require(created.json["id"] as? String)
      for query in [
        "$filter=userPrincipalName eq 'marylogin'", "$filter=userPrincipalName in ('x','MARYLOGIN')",
        "$filter=mail eq 'mary@contoso.EXAMPLE'", "$filter=displayName eq 'ΜΑΡΊΑ STRASSE'",
        "$filter=startswith(displayName,'μαρι\u{301}')", "$filter=endsWith(displayName,'STRASSE')",
        "$filter=not (contains(displayName,'ΡΊ') eq false) and displayName ne null", "$search=\"ΜΑΡΊΑ\"",
        "$search=\"displayName:straße\"", "$search=strasse or", "$filter=id eq '\(id)'",
      ] {
        let expected = query.hasSuffix(" or") ? [] : [id]
        #expect(try await ids(query) == expected, "\(query)")
      }
      #expect(try await ids("$filter=id eq '\(id.uppercased())'").isEmpty)
      let taken = try await facet.probe.request(
        "POST", "/v1.0/users", token: token, body: #"{"displayName":"M","userPrincipalName":"MARYLOGIN"}"#)
      #expect(taken.status == 400 && taken.errorCode == "Request_BadRequest")
      for path in ["/v1.0/users/MARYlogin", "/v1.0/users('marylogin')", "/v1.0/users(userPrincipalName='marylogin')"] {
        #expect(try await facet.probe.request("GET", path, token: token).json["id"] as? String == id, "\(path)")
      }
      let phones = "/beta/users/marylogin/profile/phones"
      #expect(try await facet.probe.request("POST", phones, token: token, body: #"{"number":"1"}"#).status == 201)
      // Items are compared exactly.
      for (number, count) in [("Desk", "1"), ("desk", "0")] {
        if number == "Desk" {
          let desk = try await facet.probe.request("POST", phones, token: token, body: #"{"number":"Desk\n2"}"#)
          #expect(desk.status == 201)
        }
        let counted = try await facet.probe.request(
          "GET", "\(phones)/$count?$filter=number%20eq%09'\(number)%0A2'", token: token)
        #expect(counted.text == count, "\(counted.text)")
      }
      let order = try await ids("$orderby=displayName")
      #expect(order.last == id)
    }
  }

  @Test("Each permission allows its operations on people and no others")
  func permissions() async throws {
    try await withFacet { facet in
      let own = try await facet.token(user: Demo.innocentyName, scopes: "User.ReadWrite")
      let administrator = try await facet.token(user: Demo.innocentyName, extra: ["--administrator"])
      let basic = try await facet.token(user: Demo.innocentyName, scopes: "User.ReadBasic.All")
      let app = try await facet.token(roles: "User.Read.All")
      let cases: [(String, String, String, String?, Int)] = [
        (own, "PATCH", "/v1.0/me", #"{"mobilePhone":"1"}"#, 204), (own, "GET", "/v1.0/users", nil, 403),
        (own, "PATCH", "/v1.0/me", #"{"jobTitle":"Pilot"}"#, 403),
        (administrator, "PATCH", "/v1.0/me", #"{"jobTitle":"Pilot"}"#, 204),
        (own, "POST", "/v1.0/users", #"{"displayName":"X"}"#, 403), (own, "DELETE", "/v1.0/me", nil, 403),
        (own, "PATCH", "/v1.0/users/\(Demo.amara)", "{}", 403), (basic, "GET", "/v1.0/users", nil, 200),
        (basic, "PATCH", "/v1.0/me", "{}", 403), (app, "GET", "/v1.0/users/\(Demo.lena)", nil, 200),
        (app, "DELETE", "/v1.0/users/\(Demo.lena)", nil, 403), (app, "GET", "/v1.0/me", nil, 400),
      ]
      for (token, method, path, body, status) in cases {
        let answer = try await facet.probe.request(method, path, token: token, body: body)
        #expect(answer.status == status, "\(method) \(path): \(answer.text)")
        if status == 403 { #expect(answer.errorCode == "Authorization_RequestDenied", "\(method) \(path)") }
      }
      let list = try await facet.probe.request("GET", "/v1.0/users", token: basic)
      #expect(list.text.contains("Lena Brandt") && !list.text.contains("Research Fellow"))
    }
  }

  @Test("Deleting a person deletes everything they hold and frees their name")
  func deletion() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: Self.admin)
      #expect(try await facet.probe.request("DELETE", "/beta/users/\(Demo.amara)", token: token).status == 204)
      let export = try await FacetProcess.run(["export", "--data", facet.data.path]).output
      #expect(!export.contains(#"{"userId":"\#(Demo.amara)""#) && !export.contains(#""user":{"id":"\#(Demo.amara)","#))
      #expect(!export.contains("+234 803 555 0177"))
      #expect(export.contains("Innocenty Popov"))
      let again = try await facet.probe.request(
        "POST", "/beta/users", token: token, body: #"{"displayName":"A","userPrincipalName":"amara@contoso.example"}"#)
      #expect(again.status == 201)
    }
  }

  @Test("A profile shows all collections, or the selected ones")
  func profile() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let whole = try await facet.probe.request("GET", "/beta/me/profile", token: token)
      #expect(whole.status == 200 && whole.json["id"] as? String == "profileId")
      #expect(
        whole.text.hasPrefix(
          #"{"@odata.context":"http://localhost/beta/$metadata#users('\#(Demo.innocenty)')/profile/$entity","#))
      for collection in ProfileModel.collections {
        #expect(whole.json[collection.name] is [Any], "\(collection.name)")
        #expect(
          (whole.json["\(collection.name)@odata.context"] as? String)?.hasSuffix("/profile/\(collection.name)") == true)
      }
      let phones = try #require(whole.json["phones"] as? [[String: Any]])
      #expect(phones.contains { $0["id"] as? String == Demo.phone })
      let expanded = try await facet.probe.request(
        "GET", "/beta/me/profile?$expand=phones($select=number,displayName)", token: token)
      let some = try #require(expanded.json["phones"] as? [[String: Any]])
      #expect(some.count == phones.count)
      #expect(some.allSatisfy { Set($0.keys.filter { !$0.hasPrefix("@") }) == ["number", "displayName"] })
      let selected = try await facet.probe.request("GET", "/beta/me/profile?$select=phones", token: token)
      #expect(selected.json["id"] == nil && (selected.json["phones"] as? [Any])?.count == phones.count)
      let only = try await facet.probe.request("GET", "/beta/me/profile?$select=id", token: token)
      #expect(Set(only.json.keys) == ["@odata.context", "@odata.type", "id"])
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let seen = try await facet.probe.request("GET", "/beta/users/\(Demo.innocenty)/profile", token: colleague)
      #expect(seen.status == 200 && !seen.text.contains("Car Phone"))
      let patched = try await facet.probe.request("PATCH", "/beta/me/profile", token: token, body: #"{"id":"x"}"#)
      #expect(patched.status == 200 && patched.json["id"] as? String == "profileId")
      let inline = try await facet.probe.request("PATCH", "/beta/me/profile", token: token, body: #"{"phones":[]}"#)
      #expect(inline.status == 400 && inline.errorMessage?.contains("own addresses") == true)
    }
  }

  @Test("A deleted profile is empty afterwards, except for items that the deleter does not see")
  func deletedProfile() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let colleague = try await facet.token(user: Demo.amara, scopes: Self.admin)
      let path = "/beta/users/\(Demo.innocenty)/profile"
      #expect(try await facet.probe.request("DELETE", path, token: colleague).status == 204)
      let left = try await facet.probe.request("GET", "/beta/me/profile/phones", token: token)
      #expect(left.text.contains("Car Phone") && !left.text.contains("Office"))
      #expect(try await facet.probe.request("DELETE", "/beta/me/profile", token: token).status == 204)
      let empty = try await facet.probe.request("GET", "/beta/me/profile", token: token)
      #expect(empty.status == 200)
      for collection in ProfileModel.collections {
        #expect((empty.json[collection.name] as? [Any])?.isEmpty == true, "\(collection.name)")
      }
    }
  }

  @Test("A count covers only what the caller sees")
  func counts() async throws {
    try await withFacet { facet in
      let own = try await facet.token(user: Demo.innocentyName)
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let path = "/beta/users/\(Demo.innocenty)/profile/phones"
      for (token, expected) in [(own, 2), (colleague, 1)] {
        let count = try await facet.probe.request(
          "GET", "\(path)/$count", token: token, headers: ["Accept": "text/plain"])
        #expect(count.status == 200 && count.text == String(expected))
        let list = try await facet.probe.request("GET", path, token: token)
        #expect((list.json["value"] as? [Any])?.count == expected)
      }
      #expect(try await facet.probe.request("POST", "\(path)/$count", token: own, body: "{}").status == 405)
    }
  }

  @Test("Single properties are read by their path, as raw values and as JSON")
  func properties() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let phone = Demo.phonePath
      let context = #"http://localhost/beta/$metadata#users('\#(Demo.innocenty)')/profile/phones('\#(Demo.phone)')"#
      for (path, status, text) in [
        ("/displayName", 200, #"{"@odata.context":"\#(context)/displayName","value":"Car Phone"}"#),
        ("/displayName/$value", 200, "Car Phone"), ("/DISPLAYNAME", 200, nil), ("/type/$value", 200, "mobile"),
        ("/createdDateTime/$value", 200, "2020-07-06T06:34:12.2294868Z"), ("/inference", 204, ""),
        ("/inference/confidenceScore", 204, ""), ("/inference/$value", 204, ""),
        ("/createdBy/user/displayName/$value", 200, "Innocenty Popov"), ("/createdBy/$value", 400, nil),
        (
          "/createdBy/user", 200,
          #"{"@odata.context":"\#(context)/createdBy/user","id":"\#(Demo.innocenty)","displayName":"Innocenty Popov"}"#
        ),
        ("/nosuch", 400, nil), ("/$value", 501, nil), ("/displayName?$select=x", 400, nil),
      ] as [(String, Int, String?)] {
        let answer = try await facet.probe.request("GET", phone + path, token: token)
        #expect(answer.status == status, "\(path): \(answer.text)")
        if let text { #expect(answer.text == text, "\(path)") }
      }
      let name = try await facet.probe.request("GET", "/v1.0/me/displayName/$value", token: token)
      #expect(name.text == "Innocenty Popov")
      let stranger = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let hidden = try await facet.probe.request(
        "GET", "/beta/users/\(Demo.innocenty)/profile/phones/\(Demo.phone)/displayName", token: stranger)
      #expect(hidden.status == 404)
    }
  }

  @Test("Members of items and people can be selected")
  func selection() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let item = try await facet.probe.request("GET", "\(Demo.phonePath)?$select=id,displayName,source", token: token)
      #expect(item.text.contains("/profile/phones(id,displayName,source)/$entity"))
      #expect(
        item.text.hasSuffix(#""id":"\#(Demo.phone)","source":{"type":"User"},"displayName":"Car Phone"}"#),
        "\(item.text)")
      let list = try await facet.probe.request("GET", "/beta/me/profile/phones?select=number", token: token)
      #expect(list.text.contains("/profile/phones(number)\"") && !list.text.contains("displayName"))
      let me = try await facet.probe.request("GET", "/v1.0/me?$select=displayName", token: token)
      #expect(me.text.hasSuffix(#""displayName":"Innocenty Popov"}"#) && !me.text.contains("jobTitle"))
      let bad = try await facet.probe.request("GET", "/v1.0/me?$select=nosuch", token: token)
      #expect(bad.status == 400 && bad.errorMessage?.contains("position 0") == true)
    }
  }
}
