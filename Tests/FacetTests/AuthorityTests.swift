import Crypto
import Foundation
import HTTPProbe
import Testing

/// The built-in token authority of a running server, as clients see it.
@Suite("The token authority of a running server")
struct AuthorityTests {
  private static let form = ["Content-Type": "application/x-www-form-urlencoded"]

  /// The form with which the demo's application requests a token.
  private static func credentials(_ facet: FacetProcess) throws -> String {
    let credentials = try #require(facet.ready.credentials)
    return "grant_type=client_credentials&client_id=\(credentials.clientId)&client_secret=\(credentials.clientSecret)"
      + "&scope=https://graph.microsoft.com/.default"
  }

  private static func token(_ facet: FacetProcess) async throws -> String {
    let answer = try await facet.probe.request(
      "POST", "/\(facet.ready.tenant)/oauth2/v2.0/token", headers: form, body: try credentials(facet))
    #expect(answer.status == 200, "\(answer.text)")
    return try #require(answer.json["access_token"] as? String)
  }

  /// One part of a token: 0 is the header, 1 the claims.
  private static func part(_ index: Int, of token: String) throws -> [String: Any] {
    let parts = token.split(separator: ".")
    try #require(parts.count == 3)
    var text = parts[index].replacing("-", with: "+").replacing("_", with: "/")
    text += String(repeating: "=", count: (4 - text.count % 4) % 4)
    let bytes = try #require(Data(base64Encoded: String(text)))
    return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
  }

  /// A GET request with the given `Host`.
  private static func get(_ facet: FacetProcess, _ path: String, host: String, _ fields: String = "") async throws
    -> HTTPAnswer
  {
    let port = facet.httpPort
    return try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n")
      return try connection.readAnswer()
    }
  }

  // MARK: One issuer

  @Test("Every token names the same issuer, whatever name a client calls the server by")
  func issuer() async throws {
    try await withFacet { facet in
      let name = "\(facet.ready.https)/\(facet.ready.tenant)/v2.0"
      #expect(facet.ready.https.hasPrefix("https://localhost:"))
      for host in [
        "localhost:\(facet.httpPort)", "127.0.0.1", "[::1]:1", "evil.example", "EVIL.example:8443", "169.254.1.1",
      ] {
        let path = "/\(facet.ready.tenant)/v2.0/.well-known/openid-configuration"
        let document = try await Self.get(facet, path, host: host)
        #expect(document.json["issuer"] as? String == name, "\(host)")
        for (member, value) in document.json where member.hasSuffix("_endpoint") || member.hasSuffix("_uri") {
          #expect((value as? String)?.hasPrefix(facet.ready.https + "/") == true, "\(host): \(member)")
        }
        #expect(!document.text.lowercased().contains("evil"))
        let instances = try await Self.get(facet, "/common/discovery/instance?api-version=1.1", host: host)
        #expect(instances.status == 200 && !instances.text.lowercased().contains("evil"))
        let refusal = try await Self.get(facet, "/beta/me", host: host)
        let challenge = refusal.header("WWW-Authenticate") ?? ""
        #expect(refusal.status == 401 && challenge.contains("\"\(facet.ready.https)/common/"), "\(challenge)")
      }
      let commands = try await facet.token(user: Demo.innocentyName)
      let application = try await facet.token(app: Demo.amara, roles: "User.Read.All")
      for token in [try await Self.token(facet), commands, application] {
        #expect(try Self.part(1, of: token)["iss"] as? String == name)
        #expect(try Self.part(1, of: token)["aud"] as? String == "https://graph.microsoft.com")
        #expect(try Self.part(0, of: token)["alg"] as? String == "RS256")
      }
    }
  }

  @Test("The public URL, when there is one, is the issuer, even of a token made while no server runs")
  func publicIssuer() async throws {
    let data = try FacetProcess.temporaryFolder()
    let early = try await FacetProcess.run(["token", "--data", data.path, "--user", "u", "--scopes", "User.Read"])
    let first = try #require(early.output.split(separator: "\n").last.map(String.init))
    #expect((try Self.part(1, of: first)["iss"] as? String)?.hasPrefix("https://localhost:8443/") == true)
    let facet = try await FacetProcess.start(
      data: data, arguments: ["--public-url", "https://people.contoso.example/facet/"])
    #expect(try await facet.stop() == 0)
    let late = try await FacetProcess.run(["token", "--data", data.path, "--user", "u", "--scopes", "User.Read"])
    let second = try #require(late.output.split(separator: "\n").last.map(String.init))
    #expect(
      try Self.part(1, of: second)["iss"] as? String
        == "https://people.contoso.example/facet/\(facet.ready.tenant)/v2.0")
    // A changed address invalidates no token.
    let moved = try await FacetProcess.start(data: data)
    for token in [first, second] {
      #expect(try await moved.probe.request("GET", "/beta/me", token: token).status == 200)
    }
    #expect(try await moved.stop() == 0)
  }

  @Test("Tokens of a first-version directory stay valid, and it signs with RS256 from the next start on")
  func olderDirectory() async throws {
    let data = try FacetProcess.temporaryFolder()
    let keys = data.appendingPathComponent("keys")
    try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
    let elliptic = P256.Signing.PrivateKey()
    let file = keys.appendingPathComponent("key-0001.pem")
    try (elliptic.pemRepresentation + "\n").write(to: file, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    let facet = try await FacetProcess.start(data: data)
    let old = try Self.es256(elliptic, tenant: facet.ready.tenant)
    #expect(try await facet.probe.request("GET", Demo.phonePath, token: old).status == 200)
    let new = try await facet.token(user: Demo.innocenty)
    #expect(try Self.part(0, of: new)["alg"] as? String == "RS256")
    #expect(try await facet.probe.request("GET", Demo.phonePath, token: new).status == 200)
    let keySet = try await facet.probe.request("GET", "/\(facet.ready.tenant)/discovery/v2.0/keys")
    let members = keySet.json["keys"] as? [[String: Any]] ?? []
    #expect(members.map { $0["kty"] as? String } == ["RSA"])
    let keyID = try Self.part(0, of: new)["kid"] as? String
    #expect(members.first?["kid"] as? String == keyID)
    #expect(try await facet.stop() == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: keys.path).sorted() == ["key-0001.pem", "key-0002.pem"])
    #expect(try String(contentsOf: file, encoding: .utf8) == elliptic.pemRepresentation + "\n")
  }

  private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
    Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// A token as the first version signed it, with the issuer that it had then.
  private static func es256(_ key: P256.Signing.PrivateKey, tenant: String) throws -> String {
    let point = Array(key.publicKey.rawRepresentation)
    let jwk = #"{"crv":"P-256","kty":"EC","x":"\#(base64URL(point[..<32]))","y":"\#(base64URL(point[32...]))"}"#
    let header = #"{"alg":"ES256","kid":"\#(base64URL(SHA256.hash(data: Data(jwk.utf8))))","typ":"JWT"}"#
    let claims = """
      {"aud":"https://graph.microsoft.com","iss":"https://localhost/\(tenant)/v2.0","tid":"\(tenant)",\
      "exp":\(Int(Date().timeIntervalSince1970) + 600),"oid":"\(Demo.innocenty)","scp":"User.ReadWrite"}
      """
    let signed = "\(base64URL(header.utf8)).\(base64URL(claims.utf8))"
    return "\(signed).\(base64URL(try key.signature(for: Data(signed.utf8)).rawRepresentation))"
  }

  // MARK: Shapes

  private static let unknownPaths: [(method: String, path: String, status: Int)] = [
    ("POST", "/common/oauth2/v2.0/devicecode", 404), ("POST", "/organizations/oauth2/v2.0/devicecode", 404),
    ("GET", "/contoso.example/oauth2/v2.0/authorize?client_id=x", 404), ("POST", "/common/oauth2/token", 404),
    ("GET", "/common/userrealm/a@b.example?api-version=1.0", 404), ("GET", "/.well-known/openid-configuration", 404),
    ("GET", "/11111111-1111-4111-8111-111111111111/nowhere", 404), ("GET", "/consumers", 404),
    ("GET", "/devicelogin", 404), ("GET", "/msi/nowhere", 404), ("GET", "/metadata/instance", 404),
    ("GET", "/common/oauth2/v2.0/token", 405), ("PUT", "/common/oauth2/v2.0/token", 405),
    ("POST", "/common/discovery/v2.0/keys", 405), ("DELETE", "/common/v2.0/.well-known/openid-configuration", 405),
    ("POST", "/msi/token", 405), ("GET", "/contoso.example/v2.0/.well-known/openid-configuration", 400),
  ]

  @Test("What the authority does not support is refused in the shape that its clients read")
  func unknownPaths() async throws {
    try await withFacet { facet in
      for (method, path, status) in Self.unknownPaths {
        let answer = try await facet.probe.request(
          method, path, headers: Self.form.merging(["client-request-id": "id-7"]) { $1 },
          body: method == "POST" ? "client_id=x" : nil)
        #expect(answer.status == status, "\(path): \(answer.text)")
        #expect(answer.json["error"] as? String == "invalid_request", "\(path): \(answer.text)")
        let description = answer.json["error_description"] as? String
        #expect(description?.hasPrefix("AADSTS") == true && description?.hasSuffix(".") == true)
        #expect((answer.json["error_codes"] as? [Int])?.count == 1)
        if status != 400 { #expect(answer.json["correlation_id"] as? String == "id-7", "\(path)") }
        #expect((answer.header("Allow") != nil) == (status == 405), "\(path)")
        #expect(answer.header("request-id") != nil, "\(path)")
      }
    }
  }

  @Test("A request that is refused before it reaches the authority gets an error in the same shape")
  func earlyRefusals() async throws {
    try await withFacet { facet in
      let path = "/common/oauth2/v2.0/token"
      let compressed = try await facet.probe.request(
        "POST", path, headers: ["Content-Encoding": "gzip"], body: "grant_type=client_credentials")
      #expect(compressed.status == 415 && compressed.json["error"] as? String == "invalid_request")
      let large = try await facet.probe.request("POST", path, body: String(repeating: "x", count: 2 << 20))
      #expect(large.status == 413 && large.json["error_description"] as? String != nil)
      // Errors on Graph's paths keep Graph's shape, whatever an id looks like.
      let item = try await facet.probe.request(
        "PATCH", "/beta/users/oauth2/profile/phones/token", headers: ["Content-Encoding": "br"], body: "{}")
      #expect(item.status == 415 && item.errorCode == "unsupportedMediaType")
      for path in ["/me", "/users", "/", "/v3.0/me"] {
        #expect(try await facet.probe.request("GET", path).errorMessage != nil, "\(path)")
      }
    }
  }

  // MARK: Pages

  @Test("Web pages may read tokens only on this machine and only in a demo; anybody may read published documents")
  func origins() async throws {
    try await withFacet { facet in
      let token = "/\(facet.ready.tenant)/oauth2/v2.0/token"
      for (origin, isAllowed) in [
        ("http://localhost:3000", true), ("https://127.0.0.1:5173", true), ("http://[::1]", true),
        ("http://LOCALHOST:3000", true), ("https://app.example", false), ("null", false),
        ("http://localhost.evil.example", false), ("http://localhost:3000/x", false), ("localhost:3000", false),
        ("http://127.0.0.1.evil.example", false), ("file://", false), ("http://user@localhost", false),
      ] {
        let expected = isAllowed ? origin : nil
        let answer = try await facet.probe.request(
          "POST", token, headers: Self.form.merging(["Origin": origin]) { $1 }, body: try Self.credentials(facet))
        #expect(answer.status == 200 && answer.header("Access-Control-Allow-Origin") == expected, "\(origin)")
        #expect(answer.header("Vary")?.contains("Origin") == true)
        let wrong = try await facet.probe.request("POST", token, headers: ["Origin": origin], body: "x")
        #expect(wrong.status == 400 && wrong.header("Access-Control-Allow-Origin") == expected, "\(origin)")
        let preflight = try await facet.probe.request(
          "OPTIONS", token,
          headers: [
            "Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-client-sku",
          ])
        #expect(preflight.status == 204 && preflight.header("Access-Control-Allow-Origin") == expected, "\(origin)")
        let names = preflight.header("Access-Control-Allow-Headers")
        #expect(isAllowed ? names?.contains("x-client-sku") == true : names == nil, "\(origin)")
      }
      try await Self.checkOtherEndpoints(facet)
    }
    try await withFacet(demo: false) { facet in
      let path = "/common/oauth2/v2.0/token"
      for method in ["OPTIONS", "POST"] {
        let answer = try await facet.probe.request(
          method, path, headers: ["Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"])
        #expect(
          answer.header("Access-Control-Allow-Origin") == nil && answer.header("Access-Control-Allow-Headers") == nil)
      }
    }
  }

  private static func checkOtherEndpoints(_ facet: FacetProcess) async throws {
    for path in ["/common/v2.0/.well-known/openid-configuration", "/common/discovery/v2.0/keys"] {
      let answer = try await facet.probe.request("GET", path, headers: ["Origin": "https://app.example"])
      #expect(answer.status == 200 && answer.header("Access-Control-Allow-Origin") == "*", "\(path)")
    }
    for path in ["/msi/token", "/metadata/identity/oauth2/token", "/common/oauth2/v2.0/devicecode"] {
      for method in ["OPTIONS", "GET"] {
        let answer = try await facet.probe.request(
          method, path,
          headers: [
            "Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "metadata,x-identity-header",
          ])
        #expect(answer.header("Access-Control-Allow-Origin") == nil, "\(method) \(path)")
        #expect(answer.header("Access-Control-Allow-Headers") == nil, "\(method) \(path)")
      }
    }
  }

  // MARK: Managed identity and azure-cli

  @Test("The managed identity serves local programs of a demo only: no web page, no other host name, no proxy")
  func machineIdentity() async throws {
    let path = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://graph.microsoft.com"
    try await withFacet { facet in
      let answer = try await Self.get(facet, path, host: "localhost", "Metadata: true\r\n")
      #expect(answer.status == 200 && answer.header("Cache-Control") == "no-store")
      let token = try #require(answer.json["access_token"] as? String)
      #expect(try await facet.probe.request("GET", "/beta/users", token: token).status == 200)
      #expect(try await facet.probe.request("GET", "/beta/groups", token: token).status == 200)
      for (host, fields, status) in [
        ("127.0.0.1:\(facet.httpPort)", "Metadata: true\r\n", 200), ("localhost", "", 400),
        ("localhost", "Metadata: true\r\nX-Forwarded-For: 10.0.0.1\r\n", 400),
        ("localhost", "Metadata: true\r\nX-Forwarded-Proto: https\r\n", 400),
        ("localhost", "Metadata: true\r\nForwarded: for=10.0.0.1\r\n", 400),
        ("localhost", "Metadata: true\r\nVia: 1.1 proxy\r\n", 400),
        ("localhost", "Metadata: true\r\nX-Real-IP: 10.0.0.1\r\n", 400),
        ("evil.example", "Metadata: true\r\n", 403),
        ("localhost", "Metadata: true\r\nOrigin: http://localhost:3000\r\n", 403),
        ("localhost", "Metadata: true\r\nSec-Fetch-Site: cross-site\r\n", 403),
      ] {
        let answer = try await Self.get(facet, path, host: host, fields)
        #expect(answer.status == status, "\(host) \(fields)")
        if status != 200 { #expect(answer.json["error"] is String && answer.json["access_token"] == nil) }
      }
    }
    // A proxy before a public URL may forward requests under either name.
    try await withFacet(arguments: ["--public-url", "https://demo.example"]) { facet in
      for host in ["demo.example", "localhost"] {
        let answer = try await Self.get(facet, path, host: host, "Metadata: true\r\n")
        #expect(answer.status == 403 && answer.json["access_token"] == nil, "\(host)")
      }
    }
    try await withFacet(demo: false) { facet in
      for (path, status) in [
        (path, 400), ("/msi/token", 404), ("/subscriptions", 404), ("/tenants", 404), ("/metadata/endpoints", 404),
      ] {
        let answer = try await Self.get(facet, path, host: "localhost", "Metadata: true\r\n")
        #expect(answer.status == status, "\(path)")
      }
    }
  }

  @Test("A demo answers azure-cli's requests to a resource manager, for anyone with a token, on this machine only")
  func resourceManager() async throws {
    try await withFacet { facet in
      let token = try await Self.token(facet)
      let endpoints = try await Self.get(facet, "/metadata/endpoints?api-version=2022-09-01", host: "localhost")
      #expect(endpoints.json["resourceManager"] as? String == facet.ready.https)
      let authentication = endpoints.json["authentication"] as? [String: Any]
      #expect(authentication?["loginEndpoint"] as? String == facet.ready.https)
      #expect(authentication?["audiences"] as? [String] == [facet.ready.https])
      #expect(endpoints.json["microsoftGraphResourceId"] as? String == facet.ready.https + "/")
      #expect(endpoints.json["suffixes"] is [String: Any])
      for (path, member) in [("/subscriptions", "subscriptionId"), ("/tenants", "defaultDomain")] {
        let answer = try await facet.probe.request("GET", path + "?api-version=2022-12-01", token: token)
        let first = (answer.json["value"] as? [[String: Any]])?.first
        #expect(first?["tenantId"] as? String == facet.ready.tenant && first?[member] is String, "\(answer.text)")
        #expect(first?["displayName"] is String)
        let refused = try await facet.probe.request("GET", path)
        #expect(refused.status == 401 && refused.errorCode == "InvalidAuthenticationToken", "\(path)")
        #expect(refused.header("WWW-Authenticate")?.contains(facet.ready.https) == true)
        let field = "Authorization: Bearer \(token)\r\n"
        #expect(try await Self.get(facet, path, host: "evil.example", field).status == 403)
        #expect(
          try await Self.get(facet, path, host: "localhost", field + "Origin: http://x.example\r\n").status == 403)
      }
    }
  }

  @Test("The printed application may read and write people and groups")
  func printedApplication() async throws {
    try await withFacet { facet in
      let token = try await Self.token(facet)
      #expect(try Self.part(1, of: token)["roles"] as? [String] == ["User.ReadWrite.All", "Group.ReadWrite.All"])
      let made = try await facet.probe.request(
        "POST", "/v1.0/groups", token: token,
        body: #"{"displayName":"Readers","mailEnabled":false,"mailNickname":"readers","securityEnabled":true}"#)
      #expect(made.status == 201, "\(made.text)")
      let id = try #require(made.json["id"] as? String)
      #expect(try await facet.probe.request("DELETE", "/v1.0/groups/\(id)", token: token).status == 204)
    }
  }
}
