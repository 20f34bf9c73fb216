import Foundation
import HTTPProbe
import Testing

/// One request, with what its response must and must not hold.
struct Scenario: Sendable {
  enum Sender: Sendable {
    case nobody
    /// A delegated token of a person, with these scopes.
    case user(String, String)
    /// An app-only token, with these roles.
    case app(String)
    /// Any text in place of a token.
    case garbage(String)
  }

  let name: String
  let sender: Sender
  let method: String
  let path: String
  var headers: [String: String] = [:]
  var body: String?
  let status: Int
  var code: String?
  var holds: [String] = []
  var lacks: [String] = []

  /// The scenario with the entity tag in place of its placeholders.
  func with(tag: String) -> Scenario {
    var scenario = self
    scenario.headers = headers.mapValues { $0.replacing(Self.tag, with: tag) }
    scenario.holds = holds.map { $0.replacing(Self.escapedTag, with: tag.replacing("\"", with: "\\\"")) }
    return scenario
  }

  static let owner = Sender.user(Demo.innocentyName, "User.ReadWrite")
  /// The placeholder for the entity tag of the page's phone, which each scenario draws anew.
  static let tag = "{tag}"
  /// The placeholder inside JSON.
  static let escapedTag = "{tag in JSON}"
  static let secrets = ["+7 499 234 56 78", "Car Phone"]
}

/// Requests to a running server, each from the demo's initial state, with content that must not appear.
@Suite("Scenarios", .serialized)
struct ScenarioTests {
  private static let phone = Demo.phonePath
  private static let foreignPhone = "/beta/users/\(Demo.innocenty)/profile/phones/\(Demo.phone)"

  static let reading: [Scenario] = [
    Scenario(
      name: "The owner reads a phone", sender: Scenario.owner, method: "GET", path: phone, status: 200,
      holds: ["Car Phone", #""type":"mobile""#, #""allowedAudiences":"me""#, #""source":{"type":"User"}"#]),
    Scenario(
      name: "A client of today's SDK gets source.type as a collection", sender: Scenario.owner, method: "GET",
      path: phone, headers: ["User-Agent": "python-httpx/0.28 kiota-python/1.9"], status: 200,
      holds: [#""source":{"type":["User"]}"#]),
    Scenario(
      name: "SdkVersion tells today's SDK too", sender: Scenario.owner, method: "GET", path: phone,
      headers: ["SdkVersion": "graph-python-beta/1.66.0"], status: 200, holds: [#""source":{"type":["User"]}"#]),
    Scenario(
      name: "The owner lists phones", sender: Scenario.owner, method: "GET", path: "/beta/me/profile/phones",
      status: 200, holds: ["Car Phone", "Office", #"profile/phones","value":[{"@odata.type""#]),
    Scenario(
      name: "A colleague does not see what is for the owner alone", sender: .user(Demo.amara, "User.Read.All"),
      method: "GET", path: foreignPhone, status: 404, code: "UnknownError", lacks: Scenario.secrets),
    Scenario(
      name: "A colleague's list holds only what they may see", sender: .user(Demo.amara, "User.Read.All"),
      method: "GET", path: "/beta/users/\(Demo.innocenty)/profile/phones", status: 200, holds: ["Office"],
      lacks: Scenario.secrets),
    Scenario(
      name: "Family and contacts are not everybody in the organisation",
      sender: .user(Demo.innocentyName, "User.Read.All"),
      method: "GET", path: "/beta/users/\(Demo.amara)/profile/phones", status: 200, holds: ["Desk", "Press desk"],
      lacks: ["+234 803 555 0177"]),
    Scenario(
      name: "User.Read does not reach another person", sender: .user(Demo.amara, "User.Read"), method: "GET",
      path: foreignPhone, status: 403, code: "ErrorInsufficientPermissionsInAccessToken",
      holds: ["User.Read.All"], lacks: Scenario.secrets),
    Scenario(
      name: "User.ReadBasic.All shows no profile", sender: .user(Demo.amara, "User.ReadBasic.All"), method: "GET",
      path: foreignPhone, status: 403, lacks: Scenario.secrets),
    Scenario(
      name: "User.ReadBasic.All shows the basic members of a person", sender: .user(Demo.amara, "User.ReadBasic.All"),
      method: "GET", path: "/beta/users/\(Demo.innocenty)", status: 200,
      holds: ["Innocenty Popov", "innocenty@contoso.example"], lacks: ["Field Engineer", "+7 499 555 01 10"]),
    Scenario(
      name: "An application reads all of its tenant", sender: .app("User.Read.All"), method: "GET", path: foreignPhone,
      status: 200, holds: ["Car Phone"]),
    Scenario(
      name: "An application cannot be /me", sender: .app("User.ReadWrite.All"), method: "GET", path: phone, status: 400,
      code: "BadRequest", holds: ["delegated"], lacks: Scenario.secrets),
    Scenario(
      name: "/me answers the caller", sender: .user(Demo.innocentyName, "User.Read"), method: "GET", path: "/beta/me",
      status: 200, holds: [#"$metadata#users/$entity"#, Demo.innocenty, "Field Engineer"]),
    Scenario(
      name: "A person is found by principal name in any case", sender: .user(Demo.innocentyName, "User.Read"),
      method: "GET", path: "/beta/users/INNOCENTY%40contoso.example", status: 200, holds: [Demo.innocenty]),
    Scenario(
      name: "Somebody unknown is not found", sender: .app("User.Read.All"), method: "GET",
      path: "/beta/users/nobody%40contoso.example/profile/phones", status: 404, code: "Request_ResourceNotFound",
      lacks: ["nobody@contoso.example"]),
    Scenario(
      name: "What the client has already is not sent again", sender: Scenario.owner, method: "GET", path: phone,
      headers: ["If-None-Match": "\"7\", \(Scenario.tag)"], status: 304, lacks: Scenario.secrets),
    Scenario(
      name: "A version that is gone is not read", sender: Scenario.owner, method: "GET", path: phone,
      headers: ["If-Match": "W/\"7\""], status: 412, code: "resourceModified", lacks: Scenario.secrets),
    Scenario(
      name: "A stranger's If-None-Match tells nothing", sender: .user(Demo.amara, "User.Read.All"), method: "GET",
      path: foreignPhone, headers: ["If-None-Match": "*"], status: 404, code: "UnknownError"),
    Scenario(
      name: "HEAD answers as GET without a body", sender: Scenario.owner, method: "HEAD", path: phone, status: 200,
      lacks: Scenario.secrets),
  ]

  static let paths: [Scenario] = [
    Scenario(
      name: "Doubled slashes count as one", sender: Scenario.owner, method: "GET",
      path: "/beta//me/profile/phones/\(Demo.phone)", status: 200),
    Scenario(
      name: "The builder's placeholder is /me", sender: Scenario.owner, method: "GET",
      path: "/beta/users/me-token-to-replace/profile/phones/\(Demo.phone)", status: 200),
    Scenario(
      name: "Segments compare in any case", sender: Scenario.owner, method: "GET",
      path: "/BETA/Me/PROFILE/Phones/\(Demo.phone)", status: 200),
    Scenario(
      name: "Keys compare exactly", sender: Scenario.owner, method: "GET",
      path: "/beta/me/profile/phones/\(Demo.phone.uppercased())", status: 404, code: "UnknownError"),
    Scenario(
      name: "Keys may stand in parentheses", sender: Scenario.owner, method: "GET",
      path: "/beta/users('\(Demo.innocenty)')/profile/phones('\(Demo.phone)')", status: 200),
    Scenario(
      name: "The profile is not on v1.0", sender: Scenario.owner, method: "GET", path: "/v1.0/me/profile/phones",
      status: 404, code: "Request_ResourceNotFound", holds: ["/beta"]),
    Scenario(
      name: "An unknown segment is named", sender: Scenario.owner, method: "GET", path: "/beta/me/profile/faxes",
      status: 400, code: "BadRequest", holds: ["'faxes'"]),
    Scenario(
      name: "A query option that is not offered is refused by name", sender: Scenario.owner, method: "GET",
      path: "/beta/me/profile/phones?%24filter=x", status: 400, holds: ["$filter"]),
    Scenario(
      name: "A plain option is ignored", sender: Scenario.owner, method: "GET",
      path: "/beta/me/profile/phones?colour=red", status: 200),
    Scenario(
      name: "A method that the resource does not take", sender: Scenario.owner, method: "PUT", path: phone,
      headers: ["Content-Type": "application/json"], body: "{}", status: 405, code: "Request_BadRequest",
      holds: ["PATCH"]),
  ]

  static let tokens: [Scenario] = [
    Scenario(
      name: "No token", sender: .nobody, method: "GET", path: phone, status: 401,
      code: "InvalidAuthenticationToken", lacks: Scenario.secrets),
    Scenario(
      name: "Garbage as a token", sender: .garbage("not.a.token"), method: "GET", path: phone, status: 401,
      code: "InvalidAuthenticationToken", lacks: Scenario.secrets + ["not.a.token"]),
  ]

  private static func patch(
    _ name: String, _ body: String, _ status: Int, code: String? = nil, headers: [String: String] = [:],
    holds: [String] = [], lacks: [String] = []
  ) -> Scenario {
    Scenario(
      name: name, sender: Scenario.owner, method: "PATCH", path: phone, headers: headers, body: body, status: status,
      code: code, holds: holds, lacks: lacks)
  }

  static let writing: [Scenario] = [
    patch("A member that is absent stays", #"{"displayName":"New"}"#, 200, holds: ["New", "+7 499 234 56 78"]),
    patch("null clears", #"{"number":null,"type":null}"#, 200, holds: [#""type":null,"number":null"#]),
    patch(
      "An update that changes nothing keeps the entity tag", #"{"type":"mobile"}"#, 200, holds: [Scenario.escapedTag]),
    patch(
      "An unknown property is named", #"{"colour":"red"}"#, 400, code: "RequestBodyRead", holds: ["'colour'"],
      lacks: ["red"]),
    patch(
      "A Python name gets a hint", #"{"display_name":null}"#, 400, code: "RequestBodyRead",
      holds: ["displayName", "--lenient-names"]),
    patch(
      "A bad enumeration value is refused", #"{"type":"satellite"}"#, 400, code: "UnknownError", lacks: ["satellite"]),
    patch("Nothing is applied when one member is bad", #"{"displayName":"Half","type":"no"}"#, 400),
    patch("Broken JSON says where", #"{"displayName":}"#, 400, code: "BadRequest", holds: ["byte 15"]),
    patch("A comma alone in an array is refused", #"{"sources":[,]}"#, 400, code: "BadRequest"),
    patch("A member twice is refused", #"{"number":"1","number":"2"}"#, 400, code: "BadRequest"),
    patch("A time without an offset is refused", #"{"createdDateTime":"2024-01-02T03:04:05"}"#, 400, holds: ["offset"]),
    patch(
      "A contradicting type is refused", ##"{"@odata.type":"#microsoft.graph.itemEmail"}"##, 400, code: "BadRequest"),
    patch("Annotations are ignored", ##"{"@odata.context":"x","@odata.type":"microsoft.graph.itemPhone"}"##, 200),
    patch("The key in a body is ignored", #"{"id":"other","displayName":"Same"}"#, 200, holds: [Demo.phone]),
    patch("No content type", #"{}"#, 400, code: "BadRequest", headers: ["Content-Type": ""]),
    patch("Another content type", #"{}"#, 400, code: "BadRequest", headers: ["Content-Type": "text/plain"]),
    patch("Another charset", #"{}"#, 400, headers: ["Content-Type": "application/json; charset=utf-16"]),
    patch("An unknown encoding", #"{}"#, 415, code: "unsupportedMediaType", headers: ["Content-Encoding": "br"]),
    patch("A stale entity tag", #"{"number":"1"}"#, 412, code: "resourceModified", headers: ["If-Match": "W/\"9\""]),
    patch("A malformed entity tag", #"{"number":"1"}"#, 400, code: "malformedEntityTag", headers: ["If-Match": "9"]),
    patch("The current entity tag", #"{"number":"1"}"#, 200, headers: ["If-Match": Scenario.tag]),
    patch("A write that must meet nothing", #"{"number":"1"}"#, 412, headers: ["If-None-Match": "*"]),
    patch("A write that must not meet this version", #"{"number":"1"}"#, 412, headers: ["If-None-Match": Scenario.tag]),
    patch("A write that meets another version", #"{"number":"1"}"#, 200, headers: ["If-None-Match": "W/\"2\""]),
    patch("Any entity tag", #"{"number":"1"}"#, 200, headers: ["If-Match": "*"]),
    patch(
      "unknownFutureValue means not sent", #"{"allowedAudiences":"unknownFutureValue"}"#, 200,
      holds: [#""allowedAudiences":"me""#]),
    patch("Flags combine", #"{"allowedAudiences":"Everyone, family"}"#, 200, holds: [#""family,everyone""#]),
    Scenario(
      name: "A stranger's If-Match tells nothing", sender: .user(Demo.amara, "User.ReadWrite.All"), method: "PATCH",
      path: foreignPhone, headers: ["If-Match": "W/\"9\""], body: "{}", status: 404, code: "UnknownError"),
    Scenario(
      name: "A stranger cannot delete what they do not see", sender: .user(Demo.amara, "User.ReadWrite.All"),
      method: "DELETE", path: foreignPhone, status: 404, code: "UnknownError"),
    Scenario(
      name: "A reader cannot write", sender: .user(Demo.innocentyName, "User.Read"), method: "PATCH", path: phone,
      body: "{}", status: 403, code: "ErrorInsufficientPermissionsInAccessToken", holds: ["User.ReadWrite"]),
    Scenario(
      name: "unknownFutureValue cannot be created", sender: Scenario.owner, method: "POST",
      path: "/beta/me/profile/phones", body: #"{"allowedAudiences":"unknownFutureValue"}"#, status: 400),
    Scenario(
      name: "A new item is for the organisation", sender: Scenario.owner, method: "POST",
      path: "/beta/me/profile/phones", body: #"{"number":"5"}"#, status: 201,
      holds: [#""allowedAudiences":"organization""#, #""displayName":null,"type":null,"number":"5""#]),
    Scenario(
      name: "null as audience means the owner alone", sender: Scenario.owner, method: "POST",
      path: "/beta/me/profile/phones", body: #"{"allowedAudiences":null}"#, status: 201,
      holds: [#""allowedAudiences":"me""#]),
  ]

  @Test("Every scenario gets its response and changes nothing else")
  func scenarios() async throws {
    try await withFacet { facet in
      let owner = try await facet.token(user: Demo.innocentyName)
      var tokens: [String: String] = [:]
      for scenario in Self.reading + Self.paths + Self.tokens + Self.writing {
        #expect(try await facet.probe.request("POST", "/_facet/reset").status == 204)
        let current = try await facet.probe.request("GET", Self.phone, token: owner)
        let scenario = scenario.with(tag: try #require(current.header("ETag")))
        var token: String?
        switch scenario.sender {
        case .nobody: break
        case .garbage(let text): token = text
        case .user(let user, let scopes):
          token = tokens[user + scopes]
          if token == nil { token = try await facet.token(user: user, scopes: scopes) }
          tokens[user + scopes] = token
        case .app(let roles):
          token = tokens[roles]
          if token == nil { token = try await facet.token(roles: roles) }
          tokens[roles] = token
        }
        let before = try await Self.state(facet)
        let answer = try await facet.probe.request(
          scenario.method, scenario.path, token: token, headers: scenario.headers, body: scenario.body)
        Self.check(scenario, answer)
        if answer.status >= 400 {
          #expect(try await Self.state(facet) == before, "\(scenario.name): nothing else may happen")
        }
      }
      Self.checkLog(facet.log)
    }
  }

  /// The content of the whole directory.
  private static func state(_ facet: FacetProcess) async throws -> String {
    try await FacetProcess.run(["export", "--data", facet.data.path]).output
  }

  private static func check(_ scenario: Scenario, _ answer: HTTPAnswer) {
    #expect(answer.status == scenario.status, "\(scenario.name): \(answer.text)")
    if let code = scenario.code { #expect(answer.errorCode == code, "\(scenario.name)") }
    if answer.status >= 400 {
      #expect(answer.errorMessage?.isEmpty == false, "\(scenario.name): a message says what was wrong")
      #expect(answer.text.contains("innerError"), "\(scenario.name)")
    }
    if answer.status == 401 {
      let challenge = answer.header("WWW-Authenticate") ?? ""
      #expect(challenge.hasPrefix("Bearer realm=\"\", authorization_uri=\""), "\(scenario.name)")
      #expect(challenge.contains("client_id=\"00000003-0000-0000-c000-000000000000\""), "\(scenario.name)")
    }
    #expect(answer.header("request-id")?.count == 36, "\(scenario.name)")
    #expect(answer.header("client-request-id") == answer.header("request-id"), "\(scenario.name)")
    for text in scenario.holds { #expect(answer.text.contains(text), "\(scenario.name): \(answer.text)") }
    for text in scenario.lacks {
      let everything = answer.text + answer.headers.map { $0.name + $0.value }.joined()
      #expect(!everything.contains(text), "\(scenario.name) must not show \(text)")
    }
  }

  /// Values of people that must never reach the log.
  private static func checkLog(_ log: String) {
    for secret in Scenario.secrets + ["+234", "Popov", "Okafor"] {
      #expect(!log.contains(secret), "the log must not hold \(secret)")
    }
  }

  @Test("Even at level trace, the log holds no value, path or query")
  func logIsSilentOnPeople() async throws {
    try await withFacet(arguments: ["--log-level", "trace"]) { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let canary = "canary-7319"
      for (method, path, body) in [
        ("PATCH", Demo.phonePath, #"{"number":"\#(canary)"}"#), ("PATCH", Demo.phonePath, #"{"type":"\#(canary)"}"#),
        ("GET", "/beta/me/profile/phones?x=\(canary)", nil), ("GET", "/beta/me/\(canary)", nil),
        ("GET", "/beta/users/\(canary)%40contoso.example", nil), ("GET", "/\(canary)", nil),
      ] {
        _ = try await facet.probe.request(method, path, token: token, body: body)
      }
      _ = try await facet.probe.request("GET", Demo.phonePath, token: canary)
      #expect(facet.log.contains("request-id"))
      #expect(!facet.log.contains(canary))
      #expect(!facet.log.contains(Demo.phone))
      #expect(!facet.log.contains("+7 499"))
      let metrics = try await facet.probe.request("GET", "/metrics")
      #expect(metrics.text.contains("facet_requests_total"))
      #expect(!metrics.text.contains(canary) && !metrics.text.contains(Demo.phone))
    }
  }
}
