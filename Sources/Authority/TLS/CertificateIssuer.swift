import Crypto
import OData
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The certificate and key of the local certificate authority, and the certificates that it signs (RFC 5280).
struct CertificateIssuer {
  let certificate: Certificate
  private let key: P256.Signing.PrivateKey

  private static func seconds(days: Int) -> Double { Double(days) * 86_400 }

  /// When a certificate made at `now` begins.
  private static func start(_ now: Date) -> Date { now - Double(Limits.certificateBackdateSeconds) }

  /// An existing authority.
  init(certificate: Certificate, key: P256.Signing.PrivateKey) {
    self.certificate = certificate
    self.key = key
  }

  /// A new authority for `key`, constrained to sign for `names`: even somebody who steals the key cannot impersonate
  /// other servers to clients that trust it. nil when the library refuses.
  init?(key: P256.Signing.PrivateKey, names: CertificateNames, now: Date) {
    let publicKey = Certificate.PublicKey(key.publicKey)
    guard
      let name = try? DistinguishedName(builder: {
        CommonName("Facet local CA")
        OrganizationName("Facet")
      }),
      let certificate = try? Certificate(
        version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: Self.start(now),
        notValidAfter: now + Self.seconds(days: Limits.certificateAuthorityDays), issuer: name, subject: name,
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

  /// Whether a certificate must be replaced: it ends soon, or is not valid yet.
  static func isDue(_ certificate: Certificate, now: Date) -> Bool {
    certificate.notValidAfter < now + seconds(days: Limits.certificateRenewalDays) || certificate.notValidBefore > now
  }

  /// A server certificate, or nil when the library refuses.
  func certificate(for publicKey: Certificate.PublicKey, names: CertificateNames, now: Date) -> Certificate? {
    let authorityKey = SubjectKeyIdentifier(hash: certificate.publicKey)
    let end = now + Self.seconds(days: Limits.serverCertificateDays)
    return try? Certificate(
      version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: Self.start(now),
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
