import Logging
import OData
import Testing

@testable import Authentication
@testable import AuthenticationSupport

@Suite("Authentication of requests")
struct BearerAuthenticatorTests {
  private static func isCaller(_ outcome: AuthenticationOutcome) -> Bool {
    if case .caller = outcome { true } else { false }
  }

  private static func refusal(_ outcome: AuthenticationOutcome) -> TokenRefusal? {
    if case .refused(let refusal) = outcome { refusal } else { nil }
  }

  private static func verifier(_ own: any BuiltInIssuer, _ clock: TestClock) -> TokenVerifier {
    TokenVerifier(
      own: own, issuers: [], clock: { clock.now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test("A token is verified once, however often it is looked at, until keys change or it expires")
  func once() async throws {
    let stub = try await StubBuiltInIssuer()
    let (own, clock) = (CountingIssuer(stub), TestClock())
    let verifier = Self.verifier(own, clock)
    let authenticator = BearerAuthenticator(verifier: verifier)
    let authorization = "Bearer " + (try stub.forge.es256(CountingIssuer.claims, keyID: "own"))
    // At the header section of a request, after its body, and for the next request.
    for _ in 0..<3 { #expect(Self.isCaller(authenticator.authenticate(authorization))) }
    #expect(own.lookupCount == 1)
    verifier.keysDidChange()
    for _ in 0..<2 { #expect(Self.isCaller(authenticator.authenticate(authorization))) }
    #expect(own.lookupCount == 2)
    clock.advance(600 + Limits.clockSkewSeconds)
    #expect(Self.refusal(authenticator.authenticate(authorization)) == .expired)
  }

  @Test("A token that is refused is not remembered, and a request without one is refused")
  func refused() async throws {
    let stub = try await StubBuiltInIssuer()
    let own = CountingIssuer(stub)
    let authenticator = BearerAuthenticator(verifier: Self.verifier(own, TestClock()))
    let authorization = "Bearer " + (try TokenForge().es256(CountingIssuer.claims, keyID: "own"))
    for count in 1...2 {
      #expect(Self.refusal(authenticator.authenticate(authorization)) == .badSignature)
      #expect(own.lookupCount == count)
    }
    for missing in [nil, "", "Basic eA=="] { #expect(Self.refusal(authenticator.authenticate(missing)) == .missing) }
  }

  @Test("Keys that must be fetched are asked for once; what is found after that is final")
  func keysNeeded() async throws {
    let forge = try TokenForge()
    try await StubServer.run { server in
      let fixture = try await ExternalFixture(server: server, forge: forge)
      let authenticator = BearerAuthenticator(verifier: fixture.verifier)
      let authorization = "Bearer " + (try forge.es256(fixture.claims()))
      guard case .keysNeeded(let issuer) = authenticator.authenticate(authorization) else {
        Issue.record("the keys were never fetched")
        return
      }
      // The issuer has no keys yet.
      await fixture.verifier.refreshKeys(of: issuer)
      #expect(authenticator.authenticateAfterRefresh(authorization) == .failure(.keysUnavailable))
      server.set("/keys", try forge.keySet())
      fixture.clock.advance(Limits.keyRefreshSeconds)
      await fixture.verifier.refreshKeys(of: issuer)
      #expect((try? authenticator.authenticateAfterRefresh(authorization).get()) != nil)
    }
  }
}
