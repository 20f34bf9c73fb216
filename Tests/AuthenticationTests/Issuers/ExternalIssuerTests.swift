import Foundation
import Logging
import NIOHTTP1
import OData
import Testing

@testable import Authentication
@testable import AuthenticationSupport

@Suite("Keys of external issuers")
struct ExternalIssuerTests {
  private func verifier(_ entry: String, clock: TestClock, fetcher: KeyFetcher = .patient) async throws
    -> TokenVerifier
  {
    let file = try IssuersFile(Array("[\(entry)]".utf8))
    return TokenVerifier(
      own: try await StubBuiltInIssuer(), issuers: file.issuers, fetcher: fetcher, clock: { clock.now },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func claims(_ issuer: String, _ clock: TestClock) -> String {
    #"{"iss":"\#(issuer)","aud":"api","exp":\#(clock.now + 86_400 * 3),"tid":"t","oid":"o","scp":"User.Read"}"#
  }

  @Test("Keys are found through discovery, on first need")
  func discovery() async throws {
    let forge = try TokenForge()
    let clock = TestClock()
    try await StubServer.run { server in
      let issuer = "\(server.base)/realm"
      server.set(
        "/realm/.well-known/openid-configuration", #"{"issuer":"\#(issuer)","jwks_uri":"\#(server.base)/jwks"}"#)
      server.set("/jwks", try forge.keySet())
      let verifier = try await verifier(
        #"{"issuer":"\#(issuer)","audiences":["api"],"tenants":["t"]}"#, clock: clock)
      let token = try forge.rs256(claims(issuer, clock))
      #expect(verifier.verify(token: token).needsKeys)
      let before = verifier.generation
      await verifier.refreshKeys(of: IssuerName(issuer))
      #expect(verifier.verify(token: token).caller != nil)
      #expect(verifier.generation != before)
      #expect(server.hitCount("/jwks") == 1)
    }
  }

  @Test("A discovery document of another issuer is refused, Entra's template is accepted")
  func discoveredName() async throws {
    let forge = try TokenForge()
    for (suffix, isAccepted) in [
      ("/t/v2.0", true), ("/{tenantid}/v2.0", true), ("/x/v2.0", false), ("/t/v2.0/", false),
    ] {
      let clock = TestClock()
      try await StubServer.run { server in
        let issuer = "\(server.base)/t/v2.0"
        server.set("/d", #"{"issuer":"\#(server.base)\#(suffix)","jwks_uri":"\#(server.base)/jwks"}"#)
        server.set("/jwks", try forge.keySet())
        let verifier = try await verifier(
          #"{"issuer":"\#(issuer)","audiences":["api"],"tenants":["t"],"discoveryURL":"\#(server.base)/d"}"#,
          clock: clock)
        await verifier.refreshAllKeys()
        let verdict = verifier.verify(token: try forge.rs256(claims(issuer, clock)))
        #expect((verdict.caller != nil) == isAccepted, "\(suffix)")
        if !isAccepted { #expect(verdict.refusal == .keysUnavailable, "\(suffix)") }
      }
    }
  }

  @Test("A rotation is followed: a new key id asks for a refresh, which is then accepted and bumps the generation")
  func rotation() async throws {
    try await withExternalIssuer { fixture, server in
      let token = try fixture.forge.rs256(fixture.claims(["exp": "1800009999"]), keyID: "new")
      let before = fixture.verifier.generation
      server.set("/keys", try fixture.forge.keySet(rsaID: "new"))
      #expect(fixture.verifier.verify(token: token).refusal == .unknownKey)
      fixture.clock.advance(Limits.keyRefreshSeconds)
      #expect(fixture.verifier.verify(token: token).needsKeys)
      await fixture.verifier.refreshKeys(of: IssuerName(ExternalFixture.issuer))
      #expect(fixture.verifier.verify(token: token).caller != nil)
      #expect(fixture.verifier.generation > before)
      let old = try fixture.forge.rs256(fixture.claims(["exp": "1800009999"]))
      #expect(fixture.verifier.verify(token: old).refusal == .unknownKey)
    }
  }

  @Test("A key exchanged under its old id bumps the generation, the same keys do not")
  func exchangedKey() async throws {
    try await withExternalIssuer { fixture, server in
      let before = fixture.verifier.generation
      fixture.clock.advance(Limits.keyRefreshSeconds)
      await fixture.verifier.refreshAllKeys()
      #expect(server.hitCount("/keys") == 2)
      #expect(fixture.verifier.generation == before)
      server.set("/keys", "{\"keys\":[\(try TokenForge().ellipticJWK("ec")),\(try fixture.forge.rsaJWK("rsa"))]}")
      fixture.clock.advance(Limits.keyRefreshSeconds)
      await fixture.verifier.refreshAllKeys()
      #expect(fixture.verifier.generation > before)
    }
  }

  @Test("Unknown key ids cause no more fetches than the bound allows")
  func boundedRefresh() async throws {
    try await withExternalIssuer { fixture, server in
      let token = try fixture.forge.rs256(fixture.claims(["exp": "1800009999"]), keyID: "other")
      for _ in 0..<50 {
        await fixture.verifier.refreshKeys(of: IssuerName(ExternalFixture.issuer))
        #expect(fixture.verifier.verify(token: token).refusal == .unknownKey)
      }
      #expect(server.hitCount("/keys") == 1)
      fixture.clock.advance(Limits.keyRefreshSeconds)
      await withTaskGroup { group in
        for _ in 0..<20 {
          group.addTask { await fixture.verifier.refreshKeys(of: IssuerName(ExternalFixture.issuer)) }
        }
      }
      #expect(server.hitCount("/keys") == 2)
      #expect(fixture.verifier.verify(token: token).refusal == .unknownKey)
    }
  }

  @Test("Old keys are asked for again, and stay in use when the issuer does not answer")
  func oldKeys() async throws {
    try await withExternalIssuer { fixture, server in
      let token = try fixture.forge.rs256(fixture.claims(["exp": "1801000000"]))
      fixture.clock.advance(Limits.keyAgeSecondsMax - 1)
      #expect(fixture.verifier.verify(token: token).caller != nil)
      fixture.clock.advance(1)
      server.set("/keys", nil)
      #expect(fixture.verifier.verify(token: token).needsKeys)
      await fixture.verifier.refreshAllKeys()
      #expect(fixture.verifier.verify(token: token).caller != nil)
    }
  }

  /// What is told from waiting for ever; most of it is other tests, which share the threads of the pool.
  private static let patience = Duration.seconds(300)

  @Test("An issuer that cannot be reached gives a refusal, and is tried again later")
  func unreachable() async throws {
    let forge = try TokenForge()
    let clock = TestClock()
    let port = try await StubServer.run { $0.port }
    let issuer = "http://127.0.0.1:\(port)"
    let verifier = try await verifier(
      #"{"issuer":"\#(issuer)","audiences":["api"],"tenants":["t"]}"#, clock: clock)
    let token = try forge.rs256(claims(issuer, clock))
    #expect(verifier.verify(token: token).needsKeys)
    let start = ContinuousClock.now
    await verifier.refreshKeys(of: IssuerName(issuer))
    #expect(ContinuousClock.now - start < Self.patience)
    #expect(verifier.verify(token: token).refusal == .keysUnavailable)
    clock.advance(Limits.keyRefreshSeconds)
    #expect(verifier.verify(token: token).needsKeys)
  }

  @Test("An issuer that never answers is given up after the bound")
  func silent() async throws {
    let forge = try TokenForge()
    let clock = TestClock()
    try await StubServer.run { server in
      server.set("/keys", StubServer.Document(body: "", isSilent: true))
      let issuer = ExternalFixture.issuer
      let verifier = try await verifier(
        #"{"issuer":"\#(issuer)","audiences":["api"],"tenants":["t"],"keysURL":"\#(server.base)/keys"}"#, clock: clock,
        fetcher: KeyFetcher(timeout: .milliseconds(100)))
      let start = ContinuousClock.now
      await verifier.refreshAllKeys()
      #expect(ContinuousClock.now - start < Self.patience)
      #expect(try verifier.verify(token: forge.rs256(claims(issuer, clock))).refusal == .keysUnavailable)
    }
  }

  @Test(
    "Documents that are broken, too large or redirected give a refusal and keep the old keys",
    arguments: [
      (200, "{"), (200, "[]"), (200, "{}"), (200, "{\"keys\":7}"), (200, "{\"keys\":[]}"), (302, ""), (500, "{}"),
      (200, "{\"keys\":[],\"keys\":[]}"), (200, "large"),
    ])
  func brokenDocuments(status: Int, body: String) async throws {
    try await withExternalIssuer { fixture, server in
      let filler = String(repeating: " ", count: Limits.keyDocumentBytesMax)
      let text = body == "large" ? try fixture.forge.keySet(rsaID: "new") + filler : body
      server.set("/keys", StubServer.Document(status: .init(statusCode: status), body: text))
      fixture.clock.advance(Limits.keyRefreshSeconds)
      await fixture.verifier.refreshAllKeys()
      #expect(server.hitCount("/keys") == 2)
      #expect(try fixture.verifier.verify(token: fixture.forge.rs256(fixture.claims())).caller != nil)
    }
  }

  @Test("Keys of other kinds, uses, curves and sizes are skipped, those beside them are used")
  func unusableKeys() async throws {
    let forge = try TokenForge()
    let small = Base64URL.encode([UInt8](repeating: 0xC5, count: 128))
    let large = Base64URL.encode([UInt8](repeating: 0xC5, count: Limits.rsaModulusBytesMax + 1))
    let unusable = [
      "null", "7", "{}", #"{"kty":"oct","kid":"a","k":"AAAA"}"#, #"{"kty":"OKP","crv":"Ed25519","kid":"b","x":"AAAA"}"#,
      #"{"kty":"EC","crv":"secp256k1","alg":"ES256K","kid":"c","x":"AAAA","y":"AAAA"}"#,
      #"{"kty":"EC","crv":"P-256","kid":"d","x":"AAAA","y":"AAAA"}"#,
      #"{"kty":"RSA","kid":"e","n":"\#(small)","e":"AQAB"}"#, #"{"kty":"RSA","kid":"f","n":"\#(large)","e":"AQAB"}"#,
      #"{"kty":"RSA","kid":"g","n":"!","e":"AQAB"}"#, try forge.rsaJWK("h", members: #","alg":"PS256""#),
      try forge.rsaJWK("i").replacingOccurrences(of: "\"sig\"", with: "\"enc\""),
      forge.ellipticJWK("j", members: #","alg":"ES384""#), forge.ellipticJWK("k", members: #","key_ops":["sign"]"#),
      try forge.rsaJWK("l").replacingOccurrences(of: "\"kid\"", with: "\"id\""),
      #"{"kty":"EC","crv":"P-256","kid":"m","x":"\#(String(repeating: "A", count: 43))","#
        + #""y":"\#(String(repeating: "A", count: 43))"}"#,
      try forge.rsaJWK("n").replacingOccurrences(of: "AQAB", with: "AQ"),
    ]
    let tree = try JSONTree(Array(try forge.keySet(extra: unusable).utf8))
    let keys = await VerificationKey.usable(in: tree)
    #expect(Set(keys.keys) == ["rsa", "ec"])
    #expect(keys["rsa"]?.algorithm == .rs256)
    #expect(keys["ec"]?.algorithm == .es256)
  }

  @Test("RSA keys have 256 to 1024 bytes", arguments: [(255, false), (256, true), (1_024, true), (1_025, false)])
  func modulus(bytes: Int, isAccepted: Bool) async throws {
    let modulus = Base64URL.encode(RSANumbersTests.modulus(bits: bytes * 8))
    let jwk = try JSONTree(Array(#"{"kty":"RSA","kid":"a","n":"\#(modulus)","e":"AQAB"}"#.utf8))
    let key = await VerificationKey(jwk: jwk)
    #expect((key != nil) == isAccepted)
  }

  @Test("No more keys of an issuer are kept than the bound")
  func keyCount() async throws {
    let forge = try TokenForge()
    let many = (0..<(Limits.keysPerIssuerMax + 5)).map { forge.ellipticJWK("k\($0)") }
    let tree = try JSONTree(Array(try forge.keySet(extra: many).utf8))
    #expect(await VerificationKey.usable(in: tree).count == Limits.keysPerIssuerMax)
  }
}
