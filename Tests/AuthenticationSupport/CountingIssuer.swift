import Synchronization

@testable import Authentication

/// A built-in issuer that counts how often a key is asked for, which is once for each signature that is verified.
final class CountingIssuer: BuiltInIssuer {
  /// Claims that the issuer's key makes a valid token of, by the clock of tests.
  static let claims = """
    {"iss":"https://localhost/t/v2.0","aud":"https://graph.microsoft.com","exp":1800000600,"tid":"t","oid":"o",
    "scp":"User.Read"}
    """

  private let issuer: StubBuiltInIssuer
  private let lookups = Atomic<Int>(0)

  init(_ issuer: StubBuiltInIssuer) { self.issuer = issuer }

  var lookupCount: Int { lookups.load(ordering: .relaxed) }

  func tenant(inIssuer name: String) -> String? { issuer.tenant(inIssuer: name) }

  func key(_ keyID: BytewiseString) -> VerificationKey? {
    lookups.wrappingAdd(1, ordering: .relaxed)
    return issuer.key(keyID)
  }

  var lacksKeys: Bool { issuer.lacksKeys }

  func prepareKeys() async -> String? { await issuer.prepareKeys() }

  func isOwnIssuer(_ name: String) -> Bool { issuer.isOwnIssuer(name) }

  func isOwnAudience(_ audience: String) -> Bool { issuer.isOwnAudience(audience) }
}
