import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// The properties of people as on Graph, against a running server.
@Suite("Properties of people")
struct UserPropertiesTests {
  private static let usual = [
    "businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName",
  ]

  private static func encoded(_ query: String) throws -> String {
    try #require(query.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed)).replacing("+", with: "%2B")
  }

  private static func names(_ object: [String: Any]) -> [String] {
    object.keys.filter { !$0.hasPrefix("@") }.sorted()
  }

  @Test("/v1.0 answers the usual properties, and more when they are selected; /beta answers all that are set")
  func versions() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "User.Read.All")
      for path in ["/v1.0/users/\(Demo.lena)", "/v1.0/users?$filter=id%20eq%20'\(Demo.lena)'"] {
        let answer = try await facet.probe.request("GET", path, token: token)
        let object = (answer.json["value"] as? [[String: Any]])?.first ?? answer.json
        #expect(Self.names(object) == Self.usual, "\(path)")
      }
      let beta = try await facet.probe.request("GET", "/beta/users/\(Demo.lena)", token: token)
      let wanted = Self.usual + ["accountEnabled", "companyName", "createdDateTime", "department", "userType"]
      #expect(Set(Self.names(beta.json)).isSuperset(of: wanted), "\(beta.text)")
      #expect(beta.json["city"] == nil && beta.json["skills"] == nil && beta.json["passwordProfile"] == nil)
      let select =
        "id,displayName,accountEnabled,createdDateTime,userType,companyName,employeeId,usageLocation,proxyAddresses,city"
      let selected = try await facet.probe.request("GET", "/v1.0/users/\(Demo.lena)?$select=\(select)", token: token)
      #expect(Self.names(selected.json) == select.split(separator: ",").map(String.init).sorted())
      #expect(selected.json["accountEnabled"] as? Bool == true && selected.json["userType"] as? String == "Member")
      #expect(selected.json["proxyAddresses"] as? [String] == ["SMTP:lena@contoso.example"])
      #expect(selected.json["city"] is NSNull)
    }
  }

  @Test("A colleague reads no hidden number in the demo's directory")
  func demoNumbers() async throws {
    try await withFacet { facet in
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      for path in ["/beta/users", "/v1.0/users", "/beta/users/\(Demo.innocenty)"] {
        let answer = try await facet.probe.request("GET", path, token: colleague)
        #expect(answer.status == 200 && !answer.text.contains("234 56 78"), "\(path)")
      }
    }
  }

  @Test("People are filtered by their accounts")
  func filters() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "User.ReadWrite.All")
      let body = #"{"displayName":"Gast","userType":"Guest","accountEnabled":false,"mail":"gast@contoso.example"}"#
      #expect(try await facet.probe.request("POST", "/v1.0/users", token: token, body: body).status == 201)
      // As an older version stored them: nothing is said of the account.
      for (filter, count) in [
        ("accountEnabled eq true and userType eq 'member'", "3"), ("accountEnabled eq false", "1"),
        ("userType eq 'Guest'", "1"), ("proxyAddresses/any(p:p eq 'smtp:GAST@contoso.example')", "1"),
        ("mailNickname eq 'lena'", "1"), ("onPremisesSamAccountName eq null", "4"),
        ("createdDateTime ge 2021-10-01T00:00:00Z", "3"), ("employeeId in ('1001','1003')", "2"),
        ("companyName eq 'contoso'", "3"),
      ] {
        let answer = try await facet.probe.request(
          "GET", "/v1.0/users/$count?$filter=\(try Self.encoded(filter))", token: token)
        #expect(answer.text == count, "\(filter): \(answer.text)")
      }
    }
  }

  @Test("What Graph refuses to set is refused by name, and a password is accepted once and kept nowhere")
  func refusals() async throws {
    try await withFacet { facet in
      let token = try await facet.token(roles: "User.ReadWrite.All")
      let path = "/v1.0/users/\(Demo.lena)"
      let before = try await facet.probe.request("GET", "/beta/users/\(Demo.lena)", token: token)
      for property in ProfileModel.user.properties where property.refusal != nil {
        let answer = try await facet.probe.request("PATCH", path, token: token, body: "{\"\(property.name)\":null}")
        #expect(answer.status == 400 && answer.errorMessage?.contains("'\(property.name)'") == true, "\(answer.text)")
        if property.traits.contains(.computed) {
          #expect(answer.errorMessage?.contains("/profile/") == true, "\(answer.text)")
        }
      }
      let after = try await facet.probe.request("GET", "/beta/users/\(Demo.lena)", token: token)
      #expect(after.text == before.text)
      let secret = "xWwvJ-s3cret-s3cret"
      let body = """
        {"accountEnabled":true,"displayName":"Adele","mailNickname":"AdeleV","userPrincipalName":"adele@contoso.example",
        "passwordProfile":{"forceChangePasswordNextSignIn":true,"password":"\(secret)"}}
        """
      let created = try await facet.probe.request("POST", "/v1.0/users", token: token, body: body)
      #expect(created.status == 201 && !created.text.contains(secret), "\(created.text)")
      let exported = try await FacetProcess.run(["export", "--data", facet.data.path])
      #expect(exported.output.contains("AdeleV") && !exported.output.contains(secret))
      for file in try FileManager.default.subpathsOfDirectory(atPath: facet.data.path) {
        let bytes = FileManager.default.contents(atPath: facet.data.appending(path: file).path) ?? Data()
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)")
      }
    }
  }

  @Test("Computed properties are answered for one person, to who may read profiles, from visible items")
  func computed() async throws {
    try await withFacet { facet in
      let own = try await facet.token(user: Demo.lena, scopes: "User.Read")
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let basic = try await facet.token(user: Demo.amara, scopes: "User.ReadBasic.All")
      let query = "$select=id,interests,skills,birthday,aboutMe"
      let mine = try await facet.probe.request("GET", "/v1.0/me?\(query)", token: own)
      #expect(mine.json["interests"] as? [String] == ["Climbing", "Baking"], "\(mine.text)")
      let seen = try await facet.probe.request("GET", "/v1.0/users/\(Demo.lena)?\(query)", token: colleague)
      #expect(seen.json["interests"] as? [String] == ["Climbing"], "\(seen.text)")
      #expect(seen.json["birthday"] as? String == "1991-02-28T00:00:00Z")
      #expect(seen.header("ETag") == nil)
      let skills = try await facet.probe.request("GET", "/beta/users/\(Demo.lena)/skills", token: colleague)
      #expect(skills.json["value"] as? [String] == ["Electron microscopy", "Statistics"], "\(skills.text)")
      let denied = try await facet.probe.request("GET", "/v1.0/users/\(Demo.lena)?\(query)", token: basic)
      #expect(denied.status == 403 && denied.errorMessage?.contains("User.Read.All") == true)
      for path in [
        "/v1.0/users?$select=skills", "/v1.0/users?$filter=\(try Self.encoded("skills/any()"))",
        "/v1.0/users?$orderby=birthday",
      ] {
        #expect(try await facet.probe.request("GET", path, token: colleague).status == 400, "\(path)")
      }
      let written = try await facet.probe.request(
        "PATCH", "/beta/me?$select=skills", token: try await facet.token(user: Demo.lena), body: #"{"mobilePhone":"1"}"#
      )
      #expect(written.status == 400)
    }
  }

  @Test("What a policy withholds is in no answer, filter, search, order or count of somebody else")
  func withheld() async throws {
    try await withFacet { facet in
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let own = try await facet.token(user: Demo.lena, scopes: "User.Read.All")
      let app = try await facet.token(roles: "User.Read.All")
      let identity = #"{"signInType":"emailAddress","issuer":"x.example","issuerAssignedId":"lena@home.example"}"#
      let written = try await facet.probe.request(
        "PATCH", "/v1.0/users/\(Demo.lena)", token: try await facet.token(roles: "User.ReadWrite.All"),
        body: #"{"identities":[\#(identity)]}"#)
      #expect(written.status == 204, "\(written.text)")
      let before = try await facet.probe.request("GET", "/beta/users/\(Demo.lena)", token: colleague)
      #expect(before.text.contains("lena@home.example"), "\(before.text)")
      let decided = try await FacetProcess.run([
        "tenant", "policy", "--data", facet.data.path, facet.ready.tenant, "withheldProperties=contact",
      ])
      #expect(decided.status == 0, "\(decided.errors)")
      let secrets = ["lena@contoso.example\",\"jobTitle", "+49 171", "+49 30", "Berlin 7", "SMTP:lena", "home.example"]
      for path in ["/beta/users", "/v1.0/users", "/v1.0/users/\(Demo.lena)", "/beta/users/\(Demo.lena)"] {
        let seen = try await facet.probe.request("GET", path, token: colleague)
        #expect(seen.status == 200)
        for secret in secrets { #expect(!seen.text.contains(secret), "\(path): \(secret)") }
        #expect(try await facet.probe.request("GET", path, token: app).text.contains("+49 171"), "\(path)")
      }
      #expect(try await facet.probe.request("GET", "/v1.0/me", token: own).text.contains("+49 171"))
      for (query, toColleague, toApplication) in [
        ("$filter=startswith(mobilePhone,'+49')", "0", "1"), ("$filter=mail eq 'lena@contoso.example'", "0", "1"),
        ("$filter=mobilePhone eq null", "3", "1"), ("$filter=businessPhones/any(p:startswith(p,'+49'))", "0", "1"),
        ("$filter=identities/any(i:i/issuerAssignedId eq 'lena@home.example')", "0", "1"),
        ("$search=\"5550\"", "0", "1"), ("$search=\"mobilePhone:171\"", "0", "1"),
      ] {
        for (token, count) in [(colleague, toColleague), (app, toApplication)] {
          let answer = try await facet.probe.request(
            "GET", "/v1.0/users/$count?\(try Self.encoded(query))", token: token)
          // Of oneself nothing is withheld, and Amara has a business phone but no mobile one.
          #expect(answer.text == count, "\(query): \(answer.text)")
        }
      }
      func order(_ token: String) async throws -> [String] {
        let list = try await facet.probe.request("GET", "/v1.0/users?$orderby=mail%20desc&$select=id", token: token)
        return (list.json["value"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
      }
      #expect(try await order(app) == [Demo.lena, Demo.innocenty, Demo.amara])
      // Her own address alone sorts.
      #expect(try await order(colleague) == [Demo.amara, Demo.lena, Demo.innocenty])
    }
  }

  @Test("The tokens of a disabled account end with the next request, and begin again when it is enabled")
  func disabledAccounts() async throws {
    try await withFacet { facet in
      let app = try await facet.token(roles: "User.ReadWrite.All")
      let token = try await facet.token(user: Demo.lena, scopes: "User.ReadWrite User.Read.All")
      let other = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      let requests: [(String, String, String?)] = [
        ("GET", "/v1.0/me", nil), ("GET", "/beta/me/profile", nil), ("GET", "/beta/me/profile/phones", nil),
        ("GET", "/beta/users/\(Demo.amara)/profile/phones", nil), ("GET", "/v1.0/users", nil),
        ("PATCH", "/v1.0/me", #"{"mobilePhone":"1"}"#), ("POST", "/beta/me/profile/phones", #"{"number":"1"}"#),
        ("GET", "/v1.0/organization", nil), ("GET", "/beta/me/profile/changes", nil),
        ("POST", "/beta/$batch", #"{"requests":[{"id":"1","method":"GET","url":"/me"}]}"#),
      ]
      for isEnabled in [false, true, false] {
        let written = try await facet.probe.request(
          "PATCH", "/v1.0/users/\(Demo.lena)", token: app, body: "{\"accountEnabled\":\(isEnabled)}")
        #expect(written.status == 204, "\(written.text)")
        for (method, path, body) in requests {
          let answer = try await facet.probe.request(method, path, token: token, body: body)
          #expect((answer.status == 401) == !isEnabled, "\(method) \(path): \(answer.status)")
          guard !isEnabled else { continue }
          #expect(answer.errorCode == "InvalidAuthenticationToken")
          #expect(answer.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
        }
        #expect(try await facet.probe.request("GET", "/v1.0/users/\(Demo.lena)", token: other).status == 200)
      }
    }
  }

  @Test("A batch that disables the account of its caller ends there")
  func batchAfterDisabling() async throws {
    try await withFacet { facet in
      let token = try await facet.token(
        user: Demo.lena, scopes: "User.ReadWrite.All", extra: ["--administrator"])
      let parts = [
        #"{"id":"1","method":"GET","url":"/me"}"#,
        #"{"id":"2","method":"PATCH","url":"/me","body":{"accountEnabled":false},"#
          + #""headers":{"Content-Type":"application/json"}}"#,
        #"{"id":"3","method":"GET","url":"/me"}"#, #"{"id":"4","method":"GET","url":"/users"}"#,
        #"{"id":"5","method":"GET","url":"/me/profile/phones"}"#,
      ]
      let answer = try await facet.probe.request(
        "POST", "/beta/$batch", token: token, body: "{\"requests\":[\(parts.joined(separator: ","))]}")
      let responses = try #require(answer.json["responses"] as? [[String: Any]], "\(answer.text)")
      #expect(responses.map { $0["status"] as? Int } == [200, 204, 401, 401, 401], "\(answer.text)")
    }
  }
}
