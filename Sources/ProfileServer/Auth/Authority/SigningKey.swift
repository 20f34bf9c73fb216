import Crypto
import JWTKit
import OData

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A key pair of the built-in authority, for ES256 (RFC 7518 section 3.4).
struct SigningKey: Sendable {
  let verification: VerificationKey
  private let signer: any JWTAlgorithm
  private let x: String
  private let y: String

  /// The key of a PEM file's text, or nil when it holds no P-256 key. Its id is the thumbprint of RFC 7638.
  init?(pem: String) async {
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem),
      let wrapped = try? ES256PrivateKey(backing: key)
    else { return nil }
    let point = Array(key.publicKey.rawRepresentation)
    x = Base64URL.encode(point[..<32])
    y = Base64URL.encode(point[32...])
    let thumbprint = SHA256.hash(data: Data(#"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#.utf8))
    let keyID = Base64URL.encode(thumbprint)
    let collection = await JWTKeyCollection().add(ecdsa: wrapped, kid: JWKIdentifier(string: keyID))
    guard let signer = try? await collection.getKey(for: JWKIdentifier(string: keyID)) else { return nil }
    self.signer = signer
    verification = VerificationKey(
      keyID: ExactText(keyID), algorithm: .es256, material: ExactText("\(x).\(y)"), verifier: signer)
  }

  /// A compact token with these claims, or nil when the library cannot sign.
  func sign(_ claims: [UInt8]) -> String? {
    let header = #"{"alg":"ES256","kid":"\#(verification.keyID.text)","typ":"JWT"}"#
    let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims))"
    guard let signature = try? signer.sign(Array(signed.utf8)) else { return nil }
    return "\(signed).\(Base64URL.encode(signature))"
  }

  /// The public half as a member of a key set (RFC 7517 section 4).
  func writeJWK(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("kty", "EC")
    writer.member("use", "sig")
    writer.member("alg", "ES256")
    writer.member("kid", verification.keyID.text)
    writer.member("crv", "P-256")
    writer.member("x", x)
    writer.member("y", y)
    writer.endObject()
  }
}
