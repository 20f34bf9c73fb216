import Logging

@testable import Authentication

/// The tenant of the tokens in tests.
let testTenant = "aaaaaaaa-0000-4000-8000-000000000001"

/// A verifier with one external issuer, whose keys are already known, and a forge for its tokens.
struct ExternalFixture: Sendable {
  let forge: TokenForge
  let clock: TestClock
  let verifier: TokenVerifier
  let own: StubBuiltInIssuer
  static let issuer = "https://login.example.com/\(testTenant)/v2.0"

  /// Keys come from `server`; `members` go into the issuer's entry in the file of --issuers.
  init(
    server: StubServer, forge: TokenForge, members: String = "", tenants: String = "[\"\(testTenant)\"]",
    fetcher: KeyFetcher = .patient
  ) async throws {
    self.forge = forge
    let clock = TestClock()
    let entry = """
      [{"issuer":"\(Self.issuer)","audiences":["api://facet","https://graph.microsoft.com"],
        "tenants":\(tenants),"keysURL":"\(server.base)/keys"\(members)}]
      """
    let file = try IssuersFile(Array(entry.utf8))
    own = try await StubBuiltInIssuer()
    verifier = TokenVerifier(
      own: own, issuers: file.issuers, fetcher: fetcher, clock: { clock.now },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    self.clock = clock
  }

  /// Claims of a delegated token of version 2.0; `changes` replace claims, null removes one.
  func claims(_ changes: [String: String] = [:]) -> String {
    var claims = [
      "iss": "\"\(Self.issuer)\"", "aud": "\"api://facet\"", "exp": "\(clock.now + 600)", "nbf": "\(clock.now)",
      "iat": "\(clock.now)", "tid": "\"\(testTenant)\"", "oid": "\"person-1\"", "sub": "\"pairwise\"",
      "scp": "\"User.ReadWrite openid\"", "azp": "\"app-1\"", "name": "\"Ada\"",
      "preferred_username": "\"ada@example.com\"", "ver": "\"2.0\"",
    ]
    for (name, value) in changes { claims[name] = value == "null" ? nil : value }
    return "{" + claims.map { "\"\($0.key)\":\($0.value)" }.sorted().joined(separator: ",") + "}"
  }
}

/// Runs `body` with a fixture whose keys are loaded.
func withExternalIssuer(
  members: String = "", tenants: String = "[\"\(testTenant)\"]", extraKeys: [String] = [],
  _ body: (ExternalFixture, StubServer) async throws -> Void
) async throws {
  let forge = try TokenForge()
  try await StubServer.run { server in
    server.set("/keys", try forge.keySet(extra: extraKeys))
    let fixture = try await ExternalFixture(server: server, forge: forge, members: members, tenants: tenants)
    await fixture.verifier.refreshAllKeys()
    try await body(fixture, server)
  }
}

extension KeyFetcher {
  /// One for tests that are not about time: a machine that is busy with other tests must not fail them.
  static let patient = KeyFetcher(timeout: .seconds(120))
}
