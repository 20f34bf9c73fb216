import Crypto
import OData
import SwiftASN1
import X509

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The four files of the local certificate authority. Every function blocks.
struct CertificateFiles: Sendable {
  /// The names of the files.
  enum Name: String {
    case authorityCertificate = "ca.pem"
    case authorityKey = "ca.key"
    case serverCertificate = "server.pem"
    case serverKey = "server.key"

    /// Whether only the owner may read the file.
    var isSecret: Bool {
      switch self {
      case .authorityKey, .serverKey: true
      case .authorityCertificate, .serverCertificate: false
      }
    }
  }

  let directory: String

  /// The path of a file.
  func path(_ name: Name) -> String { "\(directory)/\(name.rawValue)" }

  /// The server's certificate for `names`; what is missing or about to expire is made first. Throws `KeyFileError` when
  /// a file cannot be read or written, or holds something else.
  func identity(for names: CertificateNames, now: Date) throws(KeyFileError) -> ServerIdentity {
    try PrivateFiles.makeDirectory(directory)
    let (authority, isReplaced) = try authority(for: names, now: now)
    let key = try key(.serverKey)
    let certificate = try serverCertificate(of: key, for: names, signedBy: authority, now: now)
    // Made at each start and not stored: it is only needed together with the one for all names.
    guard
      let named = authority.certificate(
        for: Certificate.PublicKey(key.publicKey), names: names.withoutAddresses, now: now),
      let identity = ServerIdentity(
        certificate: certificate, namedCertificate: named, key: key, replacesAuthority: isReplaced)
    else { throw .broken(path: path(.serverCertificate)) }
    return identity
  }

  // MARK: The authority

  /// The authority for these names, and whether it replaces another.
  private func authority(
    for names: CertificateNames, now: Date
  ) throws(KeyFileError) -> (issuer: CertificateIssuer, isReplaced: Bool) {
    let found = try certificate(.authorityCertificate)
    if let found, !CertificateIssuer.isDue(found, now: now) {
      guard let text = try text(.authorityKey) else { throw .missing(path: path(.authorityKey)) }
      guard let key = try? P256.Signing.PrivateKey(pemRepresentation: text),
        found.publicKey == Certificate.PublicKey(key.publicKey)
      else { throw .broken(path: path(.authorityKey)) }
      if names.mayBeSigned(by: found) { return (CertificateIssuer(certificate: found, key: key), false) }
    }
    // The key comes first, so that a crash between the two leaves nothing unusable. An authority that has expired, or
    // may not sign for these names, keeps its key.
    let key = try key(.authorityKey)
    guard let issuer = CertificateIssuer(key: key, names: names, now: now) else {
      throw .broken(path: path(.authorityKey))
    }
    try write(issuer.certificate, to: .authorityCertificate)
    return (issuer, found != nil)
  }

  // MARK: The server

  private func serverCertificate(
    of key: P256.Signing.PrivateKey, for names: CertificateNames, signedBy issuer: CertificateIssuer, now: Date
  ) throws(KeyFileError) -> Certificate {
    let publicKey = Certificate.PublicKey(key.publicKey)
    // A server certificate that cannot be read is simply replaced.
    if let found = try? certificate(.serverCertificate), found.publicKey == publicKey, names.match(found),
      !CertificateIssuer.isDue(found, now: now),
      issuer.certificate.publicKey.isValidSignature(found.signature, for: found)
    {
      return found
    }
    guard let fresh = issuer.certificate(for: publicKey, names: names, now: now) else {
      throw .broken(path: path(.authorityCertificate))
    }
    try write(fresh, to: .serverCertificate)
    return fresh
  }

  // MARK: Files

  private func text(_ name: Name) throws(KeyFileError) -> String? {
    try PrivateFiles.readIfPresent(path(name), isSecret: name.isSecret).map { String(decoding: $0, as: UTF8.self) }
  }

  private func certificate(_ name: Name) throws(KeyFileError) -> Certificate? {
    guard let text = try text(name) else { return nil }
    guard let certificate = try? Certificate(pemEncoded: text) else { throw .broken(path: path(name)) }
    return certificate
  }

  /// The key in a file; a new one when there is no file.
  private func key(_ name: Name) throws(KeyFileError) -> P256.Signing.PrivateKey {
    if let text = try text(name) {
      guard let key = try? P256.Signing.PrivateKey(pemRepresentation: text) else { throw .broken(path: path(name)) }
      return key
    }
    let key = P256.Signing.PrivateKey()
    try PrivateFiles.write(
      Array((key.pemRepresentation + "\n").utf8), to: path(name), mode: 0o600, existing: .replace)
    return key
  }

  private func write(_ certificate: Certificate, to name: Name) throws(KeyFileError) {
    guard let pem = try? certificate.serializeAsPEM().pemString else { throw .broken(path: path(name)) }
    try PrivateFiles.write(Array((pem + "\n").utf8), to: path(name), mode: 0o644, existing: .replace)
  }
}
