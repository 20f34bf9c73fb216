import Crypto
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A server certificate and its key, in PEM.
public struct ServerIdentity: Sendable {
  /// The certificate for all names and addresses of the server.
  public let certificatePEM: String
  /// The certificate for the DNS names alone.
  public let namedCertificatePEM: String
  /// The private key of both.
  public let keyPEM: String
  /// When the certificate for all names expires.
  let expires: Date
  /// Whether making it replaced an existing authority.
  let replacesAuthority: Bool

  /// The identity of two certificates with one key; nil when they cannot be encoded.
  init?(
    certificate: Certificate, namedCertificate: Certificate, key: P256.Signing.PrivateKey, replacesAuthority: Bool
  ) {
    guard let certificatePEM = try? certificate.serializeAsPEM().pemString,
      let namedCertificatePEM = try? namedCertificate.serializeAsPEM().pemString
    else { return nil }
    self.certificatePEM = certificatePEM
    self.namedCertificatePEM = namedCertificatePEM
    keyPEM = key.pemRepresentation
    expires = certificate.notValidAfter
    self.replacesAuthority = replacesAuthority
  }
}
