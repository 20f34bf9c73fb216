import Crypto
import CryptoExtras
import Foundation

@testable import Authentication

/// Makes tokens of any shape, good and bad, with keys of an issuer that exists only in tests.
struct TokenForge: Sendable {
  /// How the two parts are signed, whatever the header says.
  enum Signing {
    case rsa, elliptic
    case hmac(key: [UInt8])
    case none
  }

  let rsa: _RSA.Signing.PrivateKey
  let elliptic = P256.Signing.PrivateKey()

  /// Making an RSA key is slow, so tests share one.
  private static let sharedRSA = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

  init() throws {
    guard let shared = Self.sharedRSA else { throw ForgeError.noKey }
    rsa = shared
  }

  enum ForgeError: Error { case noKey }

  /// A key set with both keys, `rsa` without `alg` as Entra publishes it.
  func keySet(rsaID: String = "rsa", ellipticID: String = "ec", extra: [String] = []) throws -> String {
    "{\"keys\":[\((extra + [try rsaJWK(rsaID), ellipticJWK(ellipticID)]).joined(separator: ","))]}"
  }

  func rsaJWK(_ keyID: String, members: String = "") throws -> String {
    let numbers = try rsa.publicKey.getKeyPrimitives()
    let (n, e) = (Base64URL.encode(numbers.modulus), Base64URL.encode(numbers.publicExponent))
    return #"{"kty":"RSA","use":"sig","kid":"\#(keyID)","n":"\#(n)","e":"\#(e)"\#(members)}"#
  }

  func ellipticJWK(_ keyID: String, members: String = "") -> String {
    let point = Array(elliptic.publicKey.rawRepresentation)
    let (x, y) = (Base64URL.encode(point[..<32]), Base64URL.encode(point[32...]))
    return #"{"kty":"EC","crv":"P-256","kid":"\#(keyID)","x":"\#(x)","y":"\#(y)"\#(members)}"#
  }

  func token(_ header: String, _ payload: String, signing: Signing) throws -> String {
    let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(payload.utf8))"
    return "\(signed).\(Base64URL.encode(try signature(of: signed, signing)))"
  }

  /// A token whose header tells the truth.
  func rs256(_ payload: String, keyID: String = "rsa") throws -> String {
    try token(#"{"alg":"RS256","typ":"JWT","kid":"\#(keyID)"}"#, payload, signing: .rsa)
  }

  func es256(_ payload: String, keyID: String = "ec") throws -> String {
    try token(#"{"alg":"ES256","kid":"\#(keyID)"}"#, payload, signing: .elliptic)
  }

  private func signature(of text: String, _ signing: Signing) throws -> [UInt8] {
    let bytes = Array(text.utf8)
    switch signing {
    case .rsa:
      let digest = SHA256.hash(data: bytes)
      return Array(try rsa.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
    case .elliptic: return Array(try elliptic.signature(for: bytes).rawRepresentation)
    case .hmac(let key): return Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: key)))
    case .none: return [0]
    }
  }
}
