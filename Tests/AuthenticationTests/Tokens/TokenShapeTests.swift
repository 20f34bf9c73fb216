import Profiles
import Testing

@testable import Authentication
@testable import AuthenticationSupport

@Suite("Shapes of tokens")
struct TokenShapeTests {
  private func caller(
    _ changes: [String: String], members: String = "", tenants: String = "[\"\(testTenant)\"]"
  ) async throws -> Caller? {
    var caller: Caller?
    try await withExternalIssuer(members: members, tenants: tenants) { fixture, _ in
      let verdict = fixture.verifier.verify(token: try fixture.forge.rs256(fixture.claims(changes)))
      caller = verdict.caller
      if case .caller(_, let expires) = verdict { #expect(expires == fixture.clock.now + 660) }
    }
    return caller
  }

  @Test("A delegated token of version 2.0 gives a person with their scopes")
  func delegatedV2() async throws {
    let caller = try #require(try await caller([:]))
    #expect(caller.actor == UserID("person-1").map { .user($0) })
    #expect(caller.tenant == TenantID(testTenant))
    #expect(caller.permissions == [.userReadWrite])
    #expect(caller.applicationID == "app-1")
    #expect(caller.displayName == "Ada")
    #expect(caller.userPrincipalName == "ada@example.com")
    #expect(!caller.isAdministrator)
  }

  @Test("A delegated token of version 1.0 gives the same person")
  func delegatedV1() async throws {
    let caller = try #require(
      try await caller([
        "azp": "null", "appid": "\"app-2\"", "preferred_username": "null", "upn": "\"ada@example.com\"",
        "unique_name": "\"live.com#ada\"", "ver": "\"1.0\"", "scp": "\"user.read.all\"", "app_displayname": "\"App\"",
        "exp": "1800000600.75",
      ]))
    #expect(caller.permissions == [.userReadAll])
    #expect(caller.applicationID == "app-2")
    #expect(caller.applicationName == "App")
    #expect(caller.userPrincipalName == "ada@example.com")
  }

  @Test("A delegated token takes nothing from roles, an application's nothing from scopes")
  func scopesAndRolesAreApart() async throws {
    let person = try await caller(["roles": "[\"User.ReadWrite.All\"]", "scp": "\"User.Read\""])
    #expect(person?.permissions == [.userRead])
    let application = try await caller(["idtyp": "\"app\"", "roles": "[\"User.Read.All\",\"Mail.Send\"]"])
    #expect(application?.actor == .application)
    #expect(application?.permissions == [.userReadAll])
    #expect(application?.displayName == nil)
  }

  @Test("Roles without scopes mean an application only when the subject is the application")
  func rolesAlone() async throws {
    let roles = ["scp": "null", "roles": "[\"User.ReadWrite.All\"]", "preferred_username": "null"]
    for own in [["oid": "\"sp\"", "sub": "\"sp\""], ["azp": "\"app-2\"", "sub": "\"app-2\""]] {
      let caller = try await caller(roles.merging(own) { $1 })
      #expect(caller?.actor == .application)
      #expect(caller?.permissions == [.userReadWriteAll])
    }
    // An ID token of a person: roles, a pairwise subject, traces of a sign-in.
    for person in [
      ["oid": "\"ada\"", "sub": "\"pairwise\""], ["oid": "\"ada\"", "sub": "\"ada\"", "nonce": "\"n\""],
      ["oid": "\"ada\"", "sub": "\"ada\"", "preferred_username": "\"ada@example.com\""],
    ] {
      #expect(try await caller(roles.merging(person) { $1 }) == nil)
    }
  }

  @Test("An application without roles has no permissions")
  func applicationWithoutRoles() async throws {
    let caller = try await caller(["scp": "null", "idtyp": "\"app\""])
    #expect(caller?.actor == .application)
    #expect(caller?.permissions == [])
  }

  @Test(
    "Administrators are known by the templates of their roles",
    arguments: [
      ("62e90394-69f5-4237-9190-012177145e10", true), ("FE930BE7-5e62-47db-91af-98c3a49a38b1", true),
      ("b79fbf4d-3ef9-4689-8143-76b194e85509", false),
    ])
  func administrators(role: String, isAdministrator: Bool) async throws {
    let caller = try await caller(["wids": "[\"\(role)\"]"])
    #expect(caller?.isAdministrator == isAdministrator)
  }

  @Test(
    "What a caller needs is asked for by name",
    arguments: [
      (["oid": "null", "sub": "null"], TokenRefusal.missingClaim("oid")), (["scp": "null"], .missingClaim("scp")),
      (["scp": "7"], .invalidClaim("scp")), (["roles": "{}"], .invalidClaim("roles")),
      (["oid": "7"], .invalidClaim("oid")),
      (["oid": "\"\""], .invalidClaim("oid")), (["wids": "[1]"], .invalidClaim("wids")),
    ])
  func missing(changes: [String: String], refusal: TokenRefusal) async throws {
    try await withExternalIssuer { fixture, _ in
      let token = try fixture.forge.rs256(fixture.claims(changes))
      #expect(fixture.verifier.verify(token: token).refusal == refusal)
    }
  }

  @Test("Keycloak's tokens are read through paths, and the only tenant is implied")
  func keycloak() async throws {
    let members = """
      ,"claims":{"objectId":"sub","scopes":"scope","roles":"realm_access.roles","principalName":"preferred_username"}
      """
    let caller = try #require(
      try await caller(
        [
          "tid": "null", "oid": "null", "scp": "null", "sub": "\"kc-7\"", "scope": "\"openid User.ReadWrite\"",
          "realm_access": #"{"roles":["User.ReadWrite.All"]}"#, "typ": "\"Bearer\"",
        ], members: members))
    #expect(caller.userID == UserID("kc-7"))
    #expect(caller.tenant == TenantID(testTenant))
    #expect(caller.permissions == [.userReadWrite])

    let application = try await self.caller(
      [
        "tid": "null", "scp": "null", "realm_access": #"{"roles":["User.Read.All"]}"#, "idtyp": "\"app\"",
      ], members: members)
    #expect(application?.actor == .application)
    #expect(application?.permissions == [.userReadAll])
  }

  @Test("Plain OpenID Connect with URLs as claim names and an array of scopes is read")
  func plainOpenID() async throws {
    let members = """
      ,"claims":{"objectId":"sub","tenant":"https://example.com/org","scopes":"permissions","displayName":"nick/name"}
      """
    let caller = try await caller(
      [
        "tid": "null", "https://example.com/org": "\"\(testTenant)\"", "permissions": #"["User.Read"]"#,
        "nick": #"{"name":"Countess"}"#,
      ], members: members)
    #expect(caller?.userID == UserID("pairwise"))
    #expect(caller?.permissions == [.userRead])
    #expect(caller?.displayName == "Countess")
  }

  @Test("Without a tenant claim and with two tenants the token is refused")
  func ambiguousTenant() async throws {
    try await withExternalIssuer(tenants: "[\"\(testTenant)\",\"b\"]") { fixture, _ in
      let token = try fixture.forge.rs256(fixture.claims(["tid": "null"]))
      #expect(fixture.verifier.verify(token: token).refusal == .missingClaim("tid"))
    }
  }

  @Test("One audience of several is enough, and clocks may differ by the forgiven time")
  func leniency() async throws {
    try await withExternalIssuer { fixture, _ in
      let now = fixture.clock.now
      let claims = fixture.claims([
        "aud": "[\"x\",\"api://facet\"]", "exp": "\(now - 59)", "nbf": "\(now + 60)", "iat": "\(now + 59).5",
      ])
      let token = try fixture.forge.es256(claims)
      #expect(fixture.verifier.verify(token: token).caller != nil)
    }
  }
}
