@testable import Authentication

/// A built-in issuer with one elliptic key, `own`, at `https://localhost`.
struct StubBuiltInIssuer: BuiltInIssuer {
  /// Signs tokens with the issuer's key.
  let forge: TokenForge
  private let keys: [BytewiseString: VerificationKey]

  init() async throws {
    forge = try TokenForge()
    keys = await VerificationKey.usable(in: try JSONTree(Array(#"{"keys":[\#(forge.ellipticJWK("own"))]}"#.utf8)))
  }

  func tenant(inIssuer name: String) -> String? {
    let parts = name.split(separator: "/")
    return parts.last == "v2.0" ? parts.dropLast().last.map(String.init) : nil
  }

  func key(_ keyID: BytewiseString) -> VerificationKey? { keys[keyID] }

  let lacksKeys = false

  func prepareKeys() async -> String? { nil }

  func isOwnIssuer(_ name: String) -> Bool { name.hasPrefix("https://localhost/") }

  func isOwnAudience(_ audience: String) -> Bool { audience == "https://graph.microsoft.com" }
}
