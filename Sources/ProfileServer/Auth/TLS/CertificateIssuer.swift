import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The authority's certificate and key, and the certificates that it signs (RFC 5280).
struct CertificateIssuer {
  let certificate: Certificate
  private let key: P256.Signing.PrivateKey

  private static let secondsPerDay: Double = 86_400
  /// Clocks of containers may be a little behind.
  private static let startedBeforeSeconds: Double = 300
  private static let authorityDays: Double = 3_650
  /// Longer ones are refused by some clients.
  private static let serverDays: Double = 397
  private static let renewedBeforeDays: Double = 30

  /// An authority that was made before.
  init(certificate: Certificate, key: P256.Signing.PrivateKey) {
    self.certificate = certificate
    self.key = key
  }

  /// A new authority for `key`, which may sign for `names` alone: a client that trusts it need not fear that whoever gets
  /// at the key can stand for other servers. nil when the library refuses.
  init?(key: P256.Signing.PrivateKey, names: CertificateNames, now: Date) {
    let publicKey = Certificate.PublicKey(key.publicKey)
    guard
      let name = try? DistinguishedName(builder: {
        CommonName("Facet local CA")
        OrganizationName("Facet")
      }),
      let certificate = try? Certificate(
        version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: now - Self.startedBeforeSeconds,
        notValidAfter: now + Self.authorityDays * Self.secondsPerDay, issuer: name, subject: name,
        signatureAlgorithm: .ecdsaWithSHA256,
        extensions: try Certificate.Extensions {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
          Critical(KeyUsage(keyCertSign: true, cRLSign: true))
          Critical(names.constraints)
          SubjectKeyIdentifier(hash: publicKey)
        }, issuerPrivateKey: .init(key))
    else { return nil }
    self.certificate = certificate
    self.key = key
  }

  /// Whether a certificate must be made again: it ends soon, or does not hold yet.
  static func isDue(_ certificate: Certificate, now: Date) -> Bool {
    certificate.notValidAfter < now + renewedBeforeDays * secondsPerDay || certificate.notValidBefore > now
  }

  /// A server certificate, or nil when the library refuses.
  func certificate(for publicKey: Certificate.PublicKey, names: CertificateNames, now: Date) -> Certificate? {
    let authorityKey = SubjectKeyIdentifier(hash: certificate.publicKey)
    let end = now + Self.serverDays * Self.secondsPerDay
    return try? Certificate(
      version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: now - Self.startedBeforeSeconds,
      notValidAfter: min(end, certificate.notValidAfter), issuer: certificate.subject,
      subject: try DistinguishedName { CommonName("localhost") }, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        names.extensionValue
        SubjectKeyIdentifier(hash: publicKey)
        AuthorityKeyIdentifier(keyIdentifier: authorityKey.keyIdentifier)
      }, issuerPrivateKey: .init(key))
  }
}
