import JWTKit
import OData

/// A public key of an issuer, ready to verify signatures without suspending.
public struct VerificationKey: Sendable {
  /// `kid`, by which tokens name the key (RFC 7517 section 4.5).
  public let keyID: BytewiseString
  /// The one algorithm that the key may be used with (RFC 8725 section 3.1).
  public let algorithm: SignatureAlgorithm
  /// The public numbers, by which a key that was replaced under its old id is noticed.
  let material: BytewiseString
  private let verify: @Sendable (_ signature: [UInt8], _ bytes: [UInt8]) -> Bool

  /// A key for `algorithm`, of which `material` are the public numbers; `verify` says whether a signature is one of
  /// `bytes` by it.
  public init(
    keyID: BytewiseString, algorithm: SignatureAlgorithm, material: BytewiseString,
    verify: @escaping @Sendable (_ signature: [UInt8], _ bytes: [UInt8]) -> Bool
  ) {
    self.keyID = keyID
    self.material = material
    self.algorithm = algorithm
    self.verify = verify
  }

  /// Whether `signature` is a valid signature of `bytes` by this key.
  func isValid(_ signature: [UInt8], over bytes: [UInt8]) -> Bool { verify(signature, bytes) }
}

extension VerificationKey {
  /// The usable keys of a key set (RFC 7517 section 5). Each is read on its own, and those that this server cannot use
  /// are skipped.
  ///
  /// If two keys have the same id, the first is used.
  static func usable(in document: JSONTree) async -> [BytewiseString: VerificationKey] {
    var keys: [BytewiseString: VerificationKey] = [:]
    for element in document["keys"]?.elements ?? [] where keys.count < Limits.keysPerIssuerMax {
      guard let key = await VerificationKey(jwk: element), keys[key.keyID] == nil else { continue }
      keys[key.keyID] = key
    }
    return keys
  }

  /// The signing key of a JWK; nil for another use, key type, curve or algorithm, and for a key of an unsupported size.
  init?(jwk: JSONTree) async {
    guard let keyID = jwk["kid"]?.text, jwk["use"] == nil || jwk["use"]?.text == "sig" else { return nil }
    guard jwk["key_ops"] == nil || jwk["key_ops"]?.texts?.contains("verify") == true else { return nil }
    guard let (key, algorithm) = Self.publicKey(jwk, keyID: keyID) else { return nil }
    let collection = JWTKeyCollection()
    guard let added = try? await collection.add(jwk: key),
      let verifier = try? await added.getKey(for: JWKIdentifier(string: keyID)), verifier.name == algorithm.rawValue
    else { return nil }
    let material = BytewiseString((key.modulus ?? key.x ?? "") + "." + (key.exponent ?? key.y ?? ""))
    self.init(keyID: BytewiseString(keyID), algorithm: algorithm, material: material) { signature, bytes in
      (try? verifier.verify(signature, signs: bytes)) ?? false
    }
  }

  private static func publicKey(_ jwk: JSONTree, keyID: String) -> (JWK, SignatureAlgorithm)? {
    switch jwk["kty"]?.text {
    case "RSA": rsaKey(jwk, keyID: keyID).map { ($0, .rs256) }
    case "EC": ellipticKey(jwk, keyID: keyID).map { ($0, .es256) }
    case .some, .none: nil
    }
  }

  /// Entra omits `alg` and means RS256.
  private static func rsaKey(_ jwk: JSONTree, keyID: String) -> JWK? {
    guard jwk["alg"] == nil || jwk["alg"]?.text == "RS256", let modulus = jwk["n"]?.text, let exponent = jwk["e"]?.text,
      RSANumbers(modulus: modulus, exponent: exponent)?.areSound == true
    else { return nil }
    return .rsa(.rs256, identifier: JWKIdentifier(string: keyID), modulus: modulus, exponent: exponent)
  }

  private static func ellipticKey(_ jwk: JSONTree, keyID: String) -> JWK? {
    guard jwk["crv"]?.text == "P-256", jwk["alg"] == nil || jwk["alg"]?.text == "ES256",
      let x = jwk["x"]?.text, let y = jwk["y"]?.text,
      Base64URL.decode(x.utf8)?.count == 32, Base64URL.decode(y.utf8)?.count == 32
    else { return nil }
    return .ecdsa(.es256, identifier: JWKIdentifier(string: keyID), x: x, y: y, curve: .p256)
  }
}
