import Foundation
import HTTPProbe
import OData
import Profiles
import Testing

/// Which of their own properties people may write, and which identify them to others.
@Suite("Properties that people write themselves")
struct OwnPropertiesTests {
  private static let own = ["preferredLanguage", "mobilePhone", "businessPhones"]

  /// Values of properties that take no others.
  private static let values = [
    "accountEnabled": "true", "userType": "\"Guest\"", "ageGroup": "\"Adult\"", "usageLocation": "\"DE\"",
    "consentProvidedForMinor": "\"Granted\"", "passwordPolicies": "\"None\"", "mailNickname": "\"x\"",
    "employeeId": "\"7\"",
  ]

  /// A body that sets a property.
  private static func body(_ property: Property) -> String {
    let single =
      switch property.type {
      case .complex: "{}"
      case .primitive(.dateTimeOffset): "\"2024-01-01T00:00:00Z\""
      case .primitive, .enumeration: "\"x@contoso.example\""
      }
    return "{\"\(property.name)\":\(values[property.name] ?? (property.isCollection ? "[\(single)]" : single))}"
  }

  @Test("Every declared property of a person is one that people set themselves, or takes an administrator")
  func everyProperty() async throws {
    let declared = ProfileModel.user.properties.filter {
      $0.traits.isDisjoint(with: [.key, .readOnly]) && $0.refusal == nil
    }
    #expect(declared.filter { $0.traits.contains(.selfService) }.map(\.name) == Self.own)
    try await withFacet { facet in
      let tokens = [
        try await facet.token(user: Demo.innocentyName),
        try await facet.token(user: Demo.innocentyName, scopes: "User.ReadWrite User.ReadWrite.All"),
      ]
      let administrator = try await facet.token(user: Demo.innocentyName, extra: ["--administrator"])
      let application = try await facet.token(roles: "User.ReadWrite.All")
      for property in declared {
        let isOwn = Self.own.contains(property.name)
        for body in [Self.body(property), "{\"\(property.name)\":null}"] {
          for token in tokens {
            for path in ["/beta/me", "/v1.0/users/\(Demo.innocenty)", "/beta/user/\(Demo.innocentyName)"] {
              let answer = try await facet.probe.request("PATCH", path, token: token, body: body)
              #expect(answer.status == (isOwn ? 204 : 403), "\(body) \(path): \(answer.text)")
              guard !isOwn else { continue }
              #expect(answer.errorCode == "Authorization_RequestDenied")
              #expect(answer.errorMessage?.contains("'\(property.name)'") == true)
            }
          }
        }
        let set = Self.body(property)
        for (path, token) in [("/beta/me", administrator), ("/beta/users/\(Demo.lena)", application)] {
          let answer = try await facet.probe.request("PATCH", path, token: token, body: set)
          #expect(answer.status == 204 || answer.errorMessage?.contains("already exists") == true, "\(answer.text)")
          if answer.status == 204 {
            _ = try await facet.probe.request("PATCH", path, token: token, body: Self.reset(property))
          }
        }
      }
    }
  }

  /// Undoes the change, so that the next person may have the value.
  private static func reset(_ property: Property) -> String {
    ["displayName"].contains(property.name) ? "{\"displayName\":\"Somebody\"}" : "{\"\(property.name)\":null}"
  }

  @Test("One forbidden property refuses the whole body, and nothing is written")
  func together() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let before = try await facet.probe.request("GET", "/beta/me", token: token)
      let body = #"{"mobilePhone":"1","userPrincipalName":"director@contoso.example"}"#
      #expect(try await facet.probe.request("PATCH", "/beta/me", token: token, body: body).status == 403)
      let after = try await facet.probe.request("GET", "/beta/me", token: token)
      #expect(after.text == before.text)
      // Control information that identifies the resource or its version is not a property to set.
      let echo = ##"{"@odata.type":"#microsoft.graph.user","id":"\##(Demo.amara)","mobilePhone":"1"}"##
      #expect(try await facet.probe.request("PATCH", "/beta/me", token: token, body: echo).status == 204)
      #expect(try await facet.probe.request("PATCH", "/beta/me", token: token, body: "{}").status == 204)
    }
  }

  @Test("A policy that lets anyone write for others opens profiles, not the directory")
  func others() async throws {
    try await withFacet { facet in
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.ReadWrite.All")
      let administrator = try await facet.token(
        user: Demo.amara, scopes: "User.ReadWrite.All", extra: ["--administrator"])
      let path = "/beta/users/\(Demo.innocenty)"
      let phone = try await facet.probe.request(
        "POST", path + "/profile/phones", token: colleague, body: #"{"number":"1"}"#)
      #expect(phone.status == 201)
      for (method, path, body, status) in [
        ("PATCH", path, #"{"mobilePhone":"1"}"#, 204), ("PATCH", path, #"{"mail":"new@contoso.example"}"#, 204),
        ("POST", "/beta/users", #"{"displayName":"New"}"#, 201), ("DELETE", "/beta/users/\(Demo.lena)", nil, 204),
      ] {
        let refused = try await facet.probe.request(method, path, token: colleague, body: body)
        #expect(refused.status == 403 && refused.errorCode == "Authorization_RequestDenied", "\(method) \(path)")
        let done = try await facet.probe.request(method, path, token: administrator, body: body)
        #expect(done.status == status, "\(method) \(path): \(done.text)")
      }
    }
  }

  @Test("Members of the tenant's administrator group are administrators here too")
  func groupOfAdministrators() async throws {
    try await withFacet { facet in
      let groups = try await facet.token(roles: "Group.ReadWrite.All")
      let made = try await facet.probe.request(
        "POST", "/beta/groups", token: groups,
        body:
          #"{"displayName":"Admins","members@odata.bind":["https://graph.microsoft.com/beta/users/\#(Demo.amara)"]}"#)
      let group = try #require(made.json["id"] as? String)
      let decided = try await FacetProcess.run([
        "tenant", "policy", "--data", facet.data.path, "11111111-1111-4111-8111-111111111111",
        "administrators=\(group)",
      ])
      #expect(decided.status == 0, "\(decided.errors)")
      for (user, status) in [(Demo.amara, 204), (Demo.lena, 403)] {
        let token = try await facet.token(user: user)
        let answer = try await facet.probe.request("PATCH", "/beta/me", token: token, body: #"{"jobTitle":"Boss"}"#)
        #expect(answer.status == status, "\(answer.text)")
      }
    }
  }

  @Test("A mail address belongs to one person of a tenant, in any case and whoever asks")
  func mail() async throws {
    try await withFacet { facet in
      let application = try await facet.token(roles: "User.ReadWrite.All")
      func send(_ method: String, _ path: String, _ body: String) async throws -> HTTPAnswer {
        try await facet.probe.request(method, path, token: application, body: body)
      }
      let amara = "/beta/users/\(Demo.amara)"
      #expect(try await send("PATCH", amara, #"{"mail":"Director@contoso.example"}"#).status == 204)
      let mine = #"{"mail":"DIRECTOR@contoso.example"}"#
      let taken = try await send("PATCH", "/beta/users/\(Demo.lena)", mine)
      #expect(taken.status == 400 && taken.errorCode == "Request_BadRequest", "\(taken.text)")
      #expect((taken.json["error"] as? [String: Any])?["target"] as? String == "mail")
      #expect(
        try await send("POST", "/beta/users", #"{"displayName":"N","mail":"director@contoso.example"}"#).status == 400)
      #expect(try await send("PATCH", amara, mine).status == 204)
      for (bytes, status) in [(Limits.mailBytesMax, 204), (Limits.mailBytesMax + 1, 400)] {
        let long = "{\"mail\":\"\(String(repeating: "x", count: bytes))\"}"
        #expect(try await send("PATCH", "/beta/users/\(Demo.innocenty)", long).status == status, "\(bytes)")
      }
      #expect(try await send("PATCH", amara, #"{"mail":null}"#).status == 204)
      #expect(try await send("PATCH", "/beta/users/\(Demo.lena)", mine).status == 204)
    }
  }
}
