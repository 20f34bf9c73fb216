import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import OData
import Profiles
import Testing

@testable import Authentication
@testable import AuthenticationSupport
@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer

@Suite("The token endpoint")
struct TokenEndpointTests {
  private static let demo = DemoCredentials()
  private static let clock = TestClock()

  private func authority(demo: DemoCredentials? = Self.demo, publicURL: String? = nil) async throws -> AuthorityRoutes {
    let directory = try TemporaryDirectory()
    let addresses = try #require(AuthorityAddresses(publicURL: publicURL))
    addresses.setBound(httpPort: 8_080, httpsPort: 8_443)
    return AuthorityRoutes(
      authority: TokenAuthority(
        issuer: try await OwnIssuer.forTests(directory: directory.path), addresses: addresses, demo: demo,
        clock: { Self.clock.now }, makeID: { UUID().uuidString.lowercased() }))
  }

  private func request(_ form: String, change: (inout TokenEndpointRequest) -> Void = { _ in }) -> TokenEndpointRequest
  {
    var request = TokenEndpointRequest(
      tenant: TenantID.demo.text, contentType: "application/x-www-form-urlencoded", authorization: nil,
      correlationID: "c-1", body: Array(form.utf8))
    change(&request)
    return request
  }

  private static let good =
    "grant_type=client_credentials&client_id=\(demo.client.id)&client_secret=\(demo.clientSecret)"
    + "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&claims=%7B%7D&client_info=1"

  @Test("A client with its secret gets an app-only token, which this server accepts")
  func success() async throws {
    let authority = try await authority()
    let answer = await authority.token(request(Self.good))
    #expect(answer.status == 200)
    let tree = try JSONTree(answer.body)
    #expect(tree["token_type"]?.text == "Bearer")
    #expect(tree["expires_in"] == .number(3_600))
    let verifier = TokenVerifier(
      own: authority.authority.issuer, addresses: authority.authority.addresses, issuers: [], clock: { Self.clock.now },
      logger: .init(label: "test"))
    let token = try #require(tree["access_token"]?.text)
    let caller = try #require(verifier.verify(token: token).caller)
    #expect(caller.actor == .application)
    #expect(caller.tenant == .demo)
    #expect(caller.permissions == [.userReadWriteAll, .groupReadWriteAll])
    #expect(caller.applicationID == Self.demo.client.id)
  }

  @Test(
    "Resources of this server are known by all their names",
    arguments: [
      ("https://graph.microsoft.com", true), ("https://graph.microsoft.com/", true),
      ("00000003-0000-0000-c000-000000000000", true), ("http://localhost", true), ("https://localhost", true),
      ("http://127.0.0.1", true), ("http://localhost:8080", true), ("https://localhost:8443", true),
      ("https://localhost:8443/", true), ("https://localhost:8443/arm", true),
      ("http://localhost:9", false), ("https://other.example", false), ("", false),
      ("https://other.example/arm", false),
      ("https://localhost:8443/x", false), ("https://localhost:9/arm", false),
    ])
  func resources(resource: String, isAccepted: Bool) async throws {
    let form = Self.good.replacing("https%3A%2F%2Fgraph.microsoft.com", with: resource)
    let answer = try await authority().token(request(form))
    #expect(answer.status == (isAccepted ? 200 : 400))
    let tree = try JSONTree(answer.body)
    guard isAccepted else {
      #expect(tree["error"]?.text == "invalid_scope")
      return
    }
    // Whatever name was asked for.
    #expect(try Self.claims(tree["access_token"]?.text)["aud"]?.text == "https://graph.microsoft.com")
  }

  @Test(
    "Bad requests are refused in the shape that official clients read",
    arguments: [
      ("", 400, "invalid_request"), ("x=%zz", 400, "invalid_request"), ("\(good)&scope=x", 400, "invalid_request"),
      ("grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
      ("grant_type=client_credentials", 400, "invalid_request"),
      (good.replacing("client_secret=", with: "client_secret=x"), 401, "invalid_client"),
      (good.replacing("client_secret", with: "other"), 401, "invalid_client"),
      (good.replacing("client_id=2", with: "client_id=3"), 401, "invalid_client"),
      (good.replacing("scope", with: "resource"), 400, "invalid_request"),
      (good.replacing(".default", with: "User.Read"), 400, "invalid_scope"),
      (good.replacing(".default", with: ".default+https%3A%2F%2Fx%2F.default"), 400, "invalid_scope"),
    ])
  func refusals(form: String, status: Int, code: String) async throws {
    let answer = try await authority().token(request(form))
    #expect(answer.status == status)
    let tree = try JSONTree(answer.body)
    #expect(tree["error"]?.text == code)
    #expect(tree["error_description"]?.text?.hasPrefix("AADSTS") == true)
    #expect(tree["error_codes"]?.elements?.count == 1)
    #expect(tree["correlation_id"]?.text == "c-1")
    #expect(tree["trace_id"]?.text?.count == 36)
    #expect(tree["timestamp"]?.text == "2027-01-15 08:00:00Z")
    #expect(!String(decoding: answer.body, as: UTF8.self).contains(Self.demo.clientSecret))
  }

  @Test("The secret may come by HTTP Basic, but not twice")
  func basic() async throws {
    let authority = try await authority()
    let form = "grant_type=client_credentials&scope=https://graph.microsoft.com/.default"
    func basic(_ secret: String) -> String {
      "Basic " + Data("\(Self.demo.client.id):\(secret)".utf8).base64EncodedString()
    }
    #expect(await authority.token(request(form) { $0.authorization = basic(Self.demo.clientSecret) }).status == 200)
    let wrong = await authority.token(request(form) { $0.authorization = basic("wrong") })
    #expect(wrong.status == 401)
    #expect(wrong.challenge != nil)
    #expect(await authority.token(request(form) { $0.authorization = "Basic !" }).status == 401)
    #expect(
      await authority.token(request(Self.good) { $0.authorization = basic(Self.demo.clientSecret) }).status == 400)
  }

  @Test("A client that gets no signature now is told when to try again")
  func busy() {
    let refusal = AuthorityRefusal.grant(GrantRefusal(.busy))
    #expect(refusal.status == 503 && refusal.retryAfterSeconds == Limits.signatureRetrySeconds)
  }

  @Test("Tenant, content type and size are checked")
  func surroundings() async throws {
    let authority = try await authority()
    for tenant in ["common", "organizations", "", "x", testTenant] {
      #expect(await authority.token(request(Self.good) { $0.tenant = tenant }).status == 400)
    }
    #expect(await authority.token(request(Self.good) { $0.tenant = TenantID.demo.text.uppercased() }).status == 200)
    #expect(await authority.token(request(Self.good) { $0.contentType = "application/json" }).status == 400)
    #expect(await authority.token(request(Self.good) { $0.contentType = nil }).status == 400)
    let charset = "Application/X-WWW-form-urlencoded; charset=utf-8"
    #expect(await authority.token(request(Self.good) { $0.contentType = charset }).status == 200)
    let free = Limits.formBytesMax - Self.good.utf8.count - 3
    #expect(await authority.token(request(Self.good + "&x=" + String(repeating: "y", count: free))).status == 200)
    #expect(await authority.token(request(Self.good + "&x=" + String(repeating: "y", count: free + 1))).status == 400)
    let many = (6..<Limits.formParametersMax).map { "&p\($0)=" }.joined()
    #expect(await authority.token(request(Self.good + many)).status == 200)
    #expect(await authority.token(request(Self.good + many + "&last=")).status == 400)
  }

  @Test("Without --demo nobody gets a token")
  func withoutDemo() async throws {
    let authority = try await authority(demo: nil)
    #expect(await authority.token(request(Self.good)).status == 401)
    let query = "api-version=2019-08-01&resource=http://localhost"
    #expect(await authority.managedIdentityToken(query: query, header: Self.demo.identityHeader).status == 404)
    // What clients take for a machine without an identity.
    #expect(await authority.machineIdentityToken(query: query, metadata: "true", isForwarded: false).status == 400)
  }

  private static let identity = "22222222-2222-4222-8222-222222222222"

  @Test(
    "The managed identity needs its header and gives a token",
    arguments: [
      ("api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com", true, 200),
      ("api-version=2019-08-01&resource=http://localhost", true, 200),
      ("api-version=2019-08-01&resource=http://localhost&client_id=\(identity)", true, 200),
      ("api-version=2019-08-01&resource=http://localhost&client_id=3", true, 400),
      ("api-version=2019-08-01&resource=https://other.example", true, 400), ("resource=http://localhost", true, 400),
      ("", true, 400), ("api-version=2019-08-01&resource=http://localhost", false, 401),
    ])
  func managedIdentity(query: String, hasHeader: Bool, status: Int) async throws {
    let header = hasHeader ? Self.demo.identityHeader : "wrong"
    let answer = try await authority().managedIdentityToken(query: query, header: header)
    #expect(answer.status == status)
    let tree = try JSONTree(answer.body)
    if status == 200 {
      #expect(tree["expires_on"]?.text == String(Self.clock.now + 3_600))
      #expect(tree["access_token"]?.text != nil)
      #expect(tree["token_type"]?.text == "Bearer")
    } else {
      #expect(tree["message"]?.text?.hasSuffix(".") == true)
    }
  }

  @Test(
    "An identity that is not the demo's is refused, by whatever name it is asked for",
    arguments: [
      ("client_id=\(identity)", 200), ("object_id=\(identity)", 200), ("principal_id=\(identity)", 200),
      ("clientid=\(identity.uppercased())", 200), ("client_id=\(identity)&object_id=\(identity)", 200),
      ("client_id=", 200),
      ("client_id=x", 400), ("clientid=x", 400), ("object_id=x", 400), ("principal_id=x", 400),
      ("mi_res_id=/subscriptions/x", 400), ("msi_res_id=/subscriptions/x", 400),
      ("client_id=\(identity)&object_id=x", 400), ("object_id=x&object_id=\(identity)", 400),
    ])
  func otherIdentities(names: String, status: Int) async throws {
    let authority = try await authority()
    let query = "api-version=2018-02-01&resource=https://graph.microsoft.com&\(names)"
    #expect(await authority.managedIdentityToken(query: query, header: Self.demo.identityHeader).status == status)
    let answer = await authority.machineIdentityToken(query: query, metadata: "true", isForwarded: false)
    #expect(answer.status == status)
    if status == 400 { #expect(try JSONTree(answer.body)["error"]?.text == "invalid_request") }
  }

  @Test(
    "A machine's identity needs the header that nobody forwards by accident, and no proxy",
    arguments: [
      ("true", false, 200), ("True", false, 200), ("false", false, 400), (nil, false, 400), ("true", true, 400),
    ])
  func machineIdentity(metadata: String?, isForwarded: Bool, status: Int) async throws {
    let query = "api-version=2018-02-01&resource=https://graph.microsoft.com"
    let answer = try await authority().machineIdentityToken(query: query, metadata: metadata, isForwarded: isForwarded)
    #expect(answer.status == status)
    let tree = try JSONTree(answer.body)
    guard status == 200 else {
      #expect(tree["error"]?.text == "invalid_request" && tree["error_description"]?.text?.hasSuffix(".") == true)
      return
    }
    #expect(tree["expires_in"]?.text == "3600")
    #expect(tree["expires_on"]?.text == String(Self.clock.now + 3_600))
    #expect(tree["not_before"]?.text == String(Self.clock.now))
    #expect(tree["resource"]?.text == "https://graph.microsoft.com")
    #expect(try Self.claims(tree["access_token"]?.text)["tid"]?.text == TenantID.demo.text)
  }

  private static func claims(_ token: String?) throws -> JSONTree {
    let parts = try #require(token).utf8.split(separator: UInt8(ascii: "."))
    try #require(parts.count == 3)
    return try JSONTree(try #require(Base64URL.decode(parts[1])))
  }

  @Test(
    "There is one discovery document, at the public URL or at the TLS port of this machine, and it names RS256 alone",
    arguments: [
      (nil, "https://localhost:8443"), ("https://people.example/", "https://people.example"),
      ("https://people.example/facet", "https://people.example/facet"),
    ])
  func discovery(publicURL: String?, base: String) async throws {
    let tenant = TenantID.demo.text
    let answer = try await authority(publicURL: publicURL).configuration(tenant: tenant)
    #expect(answer.status == 200)
    let tree = try JSONTree(answer.body)
    #expect(tree["issuer"]?.text == "\(base)/\(tenant)/v2.0")
    #expect(tree["token_endpoint"]?.text == "\(base)/\(tenant)/oauth2/v2.0/token")
    #expect(tree["authorization_endpoint"]?.text == "\(base)/\(tenant)/oauth2/v2.0/authorize")
    #expect(tree["jwks_uri"]?.text == "\(base)/\(tenant)/discovery/v2.0/keys")
    #expect(tree["id_token_signing_alg_values_supported"]?.texts == ["RS256"])
    #expect(tree["device_authorization_endpoint"] == nil)
  }

  @Test(
    "Discovery knows GUIDs and the three words",
    arguments: [
      ("common", 200, "{tenantid}"), ("organizations", 200, "{tenantid}"),
      ("consumers", 200, "9188040d-6c67-4c5b-b112-36a304b66dad"), ("contoso", 400, ""), ("1111", 400, ""),
      ("", 400, ""),
    ])
  func tenants(segment: String, status: Int, tenant: String) async throws {
    let answer = try await authority().configuration(tenant: segment)
    #expect(answer.status == status)
    guard status == 200 else { return }
    #expect(try JSONTree(answer.body)["issuer"]?.text == "https://localhost:8443/\(tenant)/v2.0")
  }

  @Test("The challenge of a 401 names this authority")
  func challenge() throws {
    let addresses = try #require(AuthorityAddresses(publicURL: nil))
    addresses.setBound(httpPort: 8_080, httpsPort: 8_443)
    #expect(
      addresses.challenge
        == #"Bearer realm="", authorization_uri="https://localhost:8443/common/oauth2/authorize", "#
        + #"client_id="00000003-0000-0000-c000-000000000000""#)
  }

  @Test("Instance discovery points back to this server")
  func instances() async throws {
    let query = "api-version=1.1&authorization_endpoint=https://localhost:8443/\(testTenant)/oauth2/v2.0/authorize"
    let tree = try JSONTree(try await authority().instances(query: query).body)
    #expect(
      tree["tenant_discovery_endpoint"]?.text
        == "https://localhost:8443/\(testTenant)/v2.0/.well-known/openid-configuration")
    #expect(tree["metadata"]?.elements?.first?["aliases"]?.texts == ["localhost:8443"])
  }
}
