import Authentication
import Crypto
import CryptoExtras
import JWTKit
import OData
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A key pair of the built-in authority.
///
/// An RSA key signs, because libraries made for Entra accept RS256 alone (RFC 7518 section 3.3). An elliptic key, which
/// version 0.1.0 made, only verifies what it signed then.
struct SigningKey: Sendable {
  let verification: VerificationKey
  /// The key set entry of an RSA key; nil for an elliptic key, which is not published.
  private let published: PublishedKey?
  private let signer: any JWTAlgorithm

  /// The key in the text of a key file: an RSA key with its certificate, or an elliptic key alone; nil for anything
  /// else.
  init?(pem: String) async {
    guard let documents = try? PEMDocument.parseMultiple(pemString: pem) else { return nil }
    switch documents.count {
    case 1: await self.init(ellipticPEM: pem)
    case 2: await self.init(rsa: documents[0], certificate: documents[1])
    default: return nil
    }
  }

  private init?(rsa document: PEMDocument, certificate: PEMDocument) async {
    guard let key = try? _RSA.Signing.PrivateKey(derRepresentation: document.derBytes),
      let numbers = try? key.publicKey.getKeyPrimitives(), let wrapped = try? Insecure.RSA.PrivateKey(backing: key),
      let parsed = try? Certificate(pemDocument: certificate), parsed.publicKey == Certificate.PublicKey(key.publicKey)
    else { return nil }
    let published = PublishedKey(
      modulus: Base64URL.encode(numbers.modulus), exponent: Base64URL.encode(numbers.publicExponent),
      certificate: certificate.derBytes)
    let collection = JWTKeyCollection()
    await collection.add(
      rsa: wrapped, digestAlgorithm: .sha256, kid: JWKIdentifier(string: published.keyID))
    guard let signer = try? await collection.getKey(for: JWKIdentifier(string: published.keyID)) else { return nil }
    self.signer = signer
    self.published = published
    verification = VerificationKey(
      keyID: BytewiseString(published.keyID), algorithm: .rs256,
      material: BytewiseString("\(published.modulus).\(published.exponent)"), verify: Self.verify(with: signer))
  }

  /// The id of an elliptic key is its JWK thumbprint (RFC 7638).
  private init?(ellipticPEM pem: String) async {
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem),
      let wrapped = try? ES256PrivateKey(backing: key)
    else { return nil }
    let point = Array(key.publicKey.rawRepresentation)
    let (x, y) = (Base64URL.encode(point[..<32]), Base64URL.encode(point[32...]))
    let thumbprint = SHA256.hash(data: Data(#"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#.utf8))
    let keyID = Base64URL.encode(thumbprint)
    let collection = await JWTKeyCollection().add(ecdsa: wrapped, kid: JWKIdentifier(string: keyID))
    guard let signer = try? await collection.getKey(for: JWKIdentifier(string: keyID)) else { return nil }
    self.signer = signer
    published = nil
    verification = VerificationKey(
      keyID: BytewiseString(keyID), algorithm: .es256, material: BytewiseString("\(x).\(y)"),
      verify: Self.verify(with: signer))
  }

  private static func verify(with signer: any JWTAlgorithm) -> @Sendable ([UInt8], [UInt8]) -> Bool {
    { signature, bytes in (try? signer.verify(signature, signs: bytes)) ?? false }
  }

  /// Whether new tokens are signed with this key.
  var signs: Bool { published != nil }

  /// A token with these claims in compact serialization (RFC 7515 section 7.1); nil when the library fails. It takes 1
  /// ms: not for event loops.
  func sign(_ claims: [UInt8]) -> String? {
    let header = #"{"typ":"JWT","alg":"\#(verification.algorithm.rawValue)","kid":"\#(verification.keyID.text)"}"#
    let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims))"
    guard let signature = try? signer.sign(Array(signed.utf8)) else { return nil }
    return "\(signed).\(Base64URL.encode(signature))"
  }

  /// Writes the public key as an element of a key set (RFC 7517 section 4), in Entra's form, for tokens of `issuer`.
  /// Writes nothing for a key that is not published.
  func writeJWK(_ writer: inout JSONWriter, issuer: String) {
    guard let published else { return }
    writer.element()
    writer.beginObject()
    writer.member("kty", "RSA")
    writer.member("use", "sig")
    // Entra omits it; some libraries need it, and none is known to object.
    writer.member("alg", SignatureAlgorithm.rs256.rawValue)
    writer.member("kid", published.keyID)
    writer.member("x5t", published.keyID)
    writer.member("n", published.modulus)
    writer.member("e", published.exponent)
    writer.member("x5c", [Data(published.certificate).base64EncodedString()])
    writer.member("cloud_instance_name", TokenAuthority.cloudName)
    writer.member("issuer", issuer)
    writer.endObject()
  }
}

/// The key set entry of an RSA key.
private struct PublishedKey: Sendable {
  let modulus: String
  let exponent: String
  /// The certificate in DER.
  let certificate: [UInt8]

  /// The key id: as with Entra, the thumbprint of the certificate (RFC 7517 section 4.8).
  var keyID: String { Base64URL.encode(Insecure.SHA1.hash(data: certificate)) }
}

/// Makes the RSA keys of the built-in authority.
enum SigningKeyMaker {
  /// A new key of 2,048 bits with a certificate, as the bytes of a key file. It takes about 100 ms, sometimes five
  /// times as long: not for event loops. Throws `KeyFileError.notMade` when the library fails.
  static func newKey() throws(KeyFileError) -> [UInt8] {
    guard let key = try? _RSA.Signing.PrivateKey(keySize: .bits2048),
      let certificate = try? certificate(of: key, now: Date()).serializeAsPEM().pemString
    else { throw .notMade }
    return Array("\(key.pkcs8PEMRepresentation)\n\(certificate)\n".utf8)
  }

  /// The certificate only wraps the key: whoever trusts the key set trusts the key. It has no well-defined expiration
  /// date (RFC 5280 section 4.1.2.5), so nobody has to watch it.
  private static func certificate(of key: _RSA.Signing.PrivateKey, now: Date) throws -> Certificate {
    let name = try DistinguishedName { CommonName("Facet token signing") }
    return try Certificate(
      version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: now,
      notValidAfter: Date(timeIntervalSince1970: 253_402_300_799), issuer: name, subject: name,
      signatureAlgorithm: .sha256WithRSAEncryption,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
      }, issuerPrivateKey: .init(key))
  }
}
