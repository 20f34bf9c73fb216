import Crypto
import CryptoExtras
import OData
import Profiles
import Testing

@testable import Authentication
@testable import AuthenticationSupport

@Suite("Hostile tokens")
struct HostileTokenTests {
  /// Asserts that a token is refused with `refusal`, and that a good one is accepted beside it.
  private func expect(
    _ refusal: TokenRefusal, _ token: (ExternalFixture) throws -> String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await withExternalIssuer { fixture, _ in
      #expect(try fixture.verifier.verify(token: token(fixture)).refusal == refusal, sourceLocation: sourceLocation)
      let good = try fixture.forge.rs256(fixture.claims())
      #expect(fixture.verifier.verify(token: good).caller != nil, sourceLocation: sourceLocation)
    }
  }

  @Test("A token with 'alg' none is refused", arguments: ["none", "None", "NONE", ""])
  func none(algorithm: String) async throws {
    try await expect(.unsupportedAlgorithm) {
      try $0.forge.token(#"{"alg":"\#(algorithm)","kid":"rsa"}"#, $0.claims(), signing: .rsa)
    }
  }

  @Test("An HS256 token that is signed with the public key is refused")
  func confusedAlgorithm() async throws {
    try await expect(.unsupportedAlgorithm) {
      let key = Array($0.forge.rsa.publicKey.pemRepresentation.utf8)
      return try $0.forge.token(#"{"alg":"HS256","kid":"rsa"}"#, $0.claims(), signing: .hmac(key: key))
    }
  }

  @Test("A token whose 'alg' is not the key's is refused, though the id is right")
  func otherAlgorithmThanTheKeys() async throws {
    try await expect(.unsupportedAlgorithm) { try $0.forge.rs256($0.claims(), keyID: "ec") }
    try await expect(.unsupportedAlgorithm) { try $0.forge.es256($0.claims(), keyID: "rsa") }
  }

  @Test("A token with another key's signature is refused")
  func foreignSignature() async throws {
    let stranger = try TokenForge()
    try await expect(.badSignature) { try stranger.es256($0.claims(), keyID: "ec") }
    try await expect(.badSignature) { try $0.forge.token(#"{"alg":"RS256","kid":"rsa"}"#, $0.claims(), signing: .none) }
  }

  @Test("A changed payload is refused")
  func changedPayload() async throws {
    try await expect(.badSignature) { fixture in
      let parts = try fixture.forge.rs256(fixture.claims()).split(separator: ".")
      return "\(parts[0]).\(Base64URL.encode(fixture.claims(["oid": "\"other\""]).utf8)).\(parts[2])"
    }
  }

  @Test("Extensions in 'crit' are refused, known names and empty lists too", arguments: [#"["x"]"#, "[]", #"["b64"]"#])
  func criticalExtensions(value: String) async throws {
    try await expect(.criticalExtension) {
      try $0.forge.token(#"{"alg":"RS256","kid":"rsa","crit":\#(value),"x":1}"#, $0.claims(), signing: .rsa)
    }
  }

  @Test("A token without a key id never falls back to a key")
  func missingKeyID() async throws {
    try await expect(.unknownKey) { try $0.forge.token(#"{"alg":"RS256"}"#, $0.claims(), signing: .rsa) }
  }

  @Test("A token with an unknown key id is refused when the keys are fresh")
  func unknownKeyID() async throws {
    try await expect(.unknownKey) { try $0.forge.rs256($0.claims(), keyID: "other") }
  }

  @Test("A key inside the header is not used")
  func keyInHeader() async throws {
    let stranger = try TokenForge()
    try await expect(.badSignature) {
      let header = #"{"alg":"ES256","kid":"ec","jwk":\#(stranger.ellipticJWK("ec")),"jku":"https://evil.example"}"#
      return try stranger.token(header, $0.claims(), signing: .elliptic)
    }
  }

  @Test("Members that stand twice are refused in header and claims, at every depth")
  func duplicates() async throws {
    try await expect(.malformed) {
      try $0.forge.token(#"{"alg":"none","alg":"RS256","kid":"rsa"}"#, $0.claims(), signing: .rsa)
    }
    try await expect(.malformed) { try $0.forge.rs256(#"{"oid":"other","# + $0.claims().dropFirst()) }
    try await expect(.malformed) { try $0.forge.rs256($0.claims(["x": #"[{"a":1,"\u0061":2}]"#])) }
  }

  @Test(
    "The audience must be there and mean this server",
    arguments: [
      ("null", TokenRefusal.missingClaim("aud")), ("[]", .wrongAudience), ("\"https://other.example\"", .wrongAudience),
      ("[\"x\",\"y\"]", .wrongAudience), ("7", .invalidClaim("aud")), ("[\"api://facet\",7]", .invalidClaim("aud")),
      ("\"API://facet\"", .wrongAudience),
    ])
  func audience(value: String, refusal: TokenRefusal) async throws {
    try await expect(refusal) { try $0.forge.rs256($0.claims(["aud": value])) }
  }

  @Test(
    "Times must be numbers and hold now",
    arguments: [
      ("exp", "null", TokenRefusal.missingClaim("exp")), ("exp", "\"1900000000\"", .invalidClaim("exp")),
      ("exp", "1799999939.5", .expired), ("exp", "1799999940", .expired), ("exp", "1e300", .invalidClaim("exp")),
      ("exp", "-1", .expired), ("nbf", "1800000061", .notYetValid), ("iat", "1800000061", .notYetValid),
      ("nbf", "true", .invalidClaim("nbf")),
    ])
  func times(name: String, value: String, refusal: TokenRefusal) async throws {
    try await expect(refusal) { try $0.forge.rs256($0.claims([name: value])) }
  }

  @Test(
    "Issuers that are not configured are refused",
    arguments: [
      "null", "\"https://evil.example\"", "\"https://login.example.com/\(testTenant)/v2.0/\"",
      "\"https://LOGIN.example.com/\(testTenant)/v2.0\"", "7",
    ])
  func issuer(value: String) async throws {
    let refusal: TokenRefusal = value.hasPrefix("\"") ? .unknownIssuer : .missingClaim("iss")
    try await expect(refusal) { try $0.forge.rs256($0.claims(["iss": value])) }
  }

  @Test("A tenant that the issuer may not speak for is refused")
  func tenant() async throws {
    try await expect(.tenantNotAllowed) { try $0.forge.rs256($0.claims(["tid": "\"another\""])) }
    try await expect(.invalidClaim("tid")) { try $0.forge.rs256($0.claims(["tid": "[]"])) }
  }

  @Test(
    "Text that is no compact token is refused",
    arguments: [
      "", "a", "a.b", "a.b.c", "..", "...", "a.b.c.d", "e30.e30.e30", "e30=.e30.AA", "e30 .e30.AA", "é.e30.AA",
      "e30.e31.AA",
    ])
  func malformed(text: String) async throws {
    try await withExternalIssuer { fixture, _ in
      #expect(fixture.verifier.verify(token: text).refusal != nil)
    }
  }

  @Test("Parts that are JSON but no object, or nested too deep, are refused")
  func wrongShapes() async throws {
    try await expect(.malformed) { try $0.forge.rs256("[]", keyID: "rsa") }
    try await expect(.malformed) { try $0.forge.rs256("7") }
    try await expect(.malformed) { try $0.forge.token("null", $0.claims(), signing: .rsa) }
    let deep = String(repeating: "[", count: 3_000) + String(repeating: "]", count: 3_000)
    try await expect(.malformed) { try $0.forge.rs256($0.claims(["x": deep])) }
    try await expect(.malformed) { try $0.forge.rs256($0.claims() + " x") }
  }

  @Test("A token with any byte changed, lost or added is refused")
  func mutations() async throws {
    try await withExternalIssuer { fixture, _ in
      let good = Array(try fixture.forge.es256(fixture.claims()).utf8)
      for index in good.indices {
        var changed = good
        changed[index] ^= UInt8(1 << (index % 8))
        var shorter = good
        shorter.remove(at: index)
        var longer = good
        longer.insert(UInt8(ascii: "A"), at: index)
        for token in [changed, shorter, longer] where token != good {
          let verdict = token.withUnsafeBufferPointer { fixture.verifier.verify($0) }
          #expect(verdict.refusal != nil, "at \(index)")
        }
      }
    }
  }

  @Test("A token may be as long as the bound and no longer")
  func length() async throws {
    try await withExternalIssuer { fixture, _ in
      for (length, isAccepted) in [(Limits.tokenBytesMax - 3, true), (Limits.tokenBytesMax + 1, false)] {
        var filler = length / 4 * 3 - 900
        var token = ""
        while token.utf8.count < length {
          token = try fixture.forge.rs256(fixture.claims(["x": "\"\(String(repeating: "x", count: filler))\""]))
          filler += 1
        }
        #expect((token.utf8.count <= Limits.tokenBytesMax) == isAccepted)
        #expect((fixture.verifier.verify(token: token).caller != nil) == isAccepted)
        if !isAccepted { #expect(fixture.verifier.verify(token: token).refusal == .tooLong) }
      }
    }
  }

  @Test(
    "The Authorization value must be a bearer token",
    arguments: [
      nil, "", "Bearer", "Bearer ", "Basic eHg6eHg=", "Bearertoken", "  Bearer x",
    ])
  func scheme(value: String?) async throws {
    try await withExternalIssuer { fixture, _ in
      #expect(fixture.verifier.verify(authorization: value).refusal == .missing)
    }
  }

  @Test("The scheme's case and additional spaces do not matter", arguments: ["bearer ", "BEARER ", "Bearer   "])
  func schemeCase(prefix: String) async throws {
    try await withExternalIssuer { fixture, _ in
      let token = try fixture.forge.es256(fixture.claims())
      #expect(fixture.verifier.verify(authorization: prefix + token).caller != nil)
    }
  }

  @Test("Another issuer's key does not verify, though it is this server's own")
  func keysAreNotShared() async throws {
    try await withExternalIssuer { fixture, _ in
      let claims = fixture.claims([
        "iss": "\"https://localhost/\(testTenant)/v2.0\"", "aud": "\"https://graph.microsoft.com\"",
      ])
      #expect(try fixture.verifier.verify(token: fixture.forge.es256(claims)).refusal == .unknownKey)
      // The other way round: the name of the external issuer, and a key of this server's own.
      let own = try fixture.own.forge.es256(fixture.claims(), keyID: "own")
      #expect(fixture.verifier.verify(token: own).refusal == .unknownKey)
      let good = try fixture.own.forge.es256(claims, keyID: "own")
      #expect(fixture.verifier.verify(token: good).caller != nil)
    }
  }

  @Test("Every refusal has a sentence that ends properly, and none shows a value")
  func sentences() {
    let all: [TokenRefusal] = [
      .missing, .malformed, .tooLong, .unsupportedAlgorithm, .criticalExtension, .unknownIssuer, .unknownKey,
      .keysUnavailable, .badSignature, .wrongAudience, .expired, .notYetValid, .tenantNotAllowed, .missingClaim("oid"),
      .invalidClaim("exp"),
    ]
    for refusal in all { #expect(refusal.message.hasSuffix(".") && refusal.message.count > 40) }
    #expect(Set(all.map(\.message)).count == all.count)
  }
}
