import Crypto
import NIOCore
import NIOSSL
import OData
import SwiftASN1
import Synchronization
import X509

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// The certificates of the HTTPS listener: a certificate authority of this server's own, made on first start, and a
/// server certificate that it signs and renews.
///
/// They lie in one directory: `ca.pem` for clients to trust, `ca.key`, `server.pem`, `server.key`. `ca.pem` is
/// replaced only when it is about to expire, since every client has to trust it again.
public final class LocalCertificateAuthority: Sendable {
  private let files: CertificateFiles
  private let names: CertificateNames
  private let current: Mutex<ServerIdentity>

  private init(files: CertificateFiles, names: CertificateNames, identity: ServerIdentity) {
    self.files = files
    self.names = names
    current = Mutex(identity)
  }

  /// The path of the certificate that clients must trust.
  public var certificatePath: String { files.path(.authorityCertificate) }

  /// When the server certificate in use ends.
  public var expires: Date { current.withLock(\.expires) }

  /// Reads the certificates of `directory` and makes those that are missing, expiring or made for other names.
  ///
  /// The names are `localhost` and the loopback addresses, and `hosts`: the hosts of `--public-url` and `--host`.
  public static func load(
    directory: String, hosts: [String], now: Date
  ) async throws(KeyFileError) -> LocalCertificateAuthority {
    guard let names = CertificateNames(hosts: hosts) else { throw .invalidHost }
    let files = CertificateFiles(directory: directory)
    let identity = try await PrivateFiles.offPool { () throws(KeyFileError) in
      try files.identity(for: names, now: now)
    }
    return LocalCertificateAuthority(files: files, names: names, identity: identity)
  }

  /// Renews what is about to expire; new connections get the new certificate at once.
  ///
  /// Says whether there is a new one. Call it once a day or more often.
  @discardableResult
  public func renewIfNeeded(now: Date) async throws(KeyFileError) -> Bool {
    let identity = try await PrivateFiles.offPool { [files, names] () throws(KeyFileError) in
      try files.identity(for: names, now: now)
    }
    return current.withLock { current in
      defer { current = identity }
      return current.certificate != identity.certificate
    }
  }

  /// The configuration of the listener. It is made once and follows renewals, by asking for the certificate in use
  /// at each handshake.
  func tlsConfiguration() -> TLSConfiguration {
    let identity = current.withLock { $0 }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(identity.certificate)], privateKey: .privateKey(identity.privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.sslContextCallback = { [self] _, promise in
      let identity = current.withLock { $0 }
      var override = NIOSSLContextConfigurationOverride()
      override.certificateChain = [.certificate(identity.certificate)]
      override.privateKey = .privateKey(identity.privateKey)
      promise.succeed(override)
    }
    return configuration
  }
}

/// A server certificate in use, with its key.
struct ServerIdentity: Sendable {
  let certificate: NIOSSLCertificate
  let privateKey: NIOSSLPrivateKey
  let expires: Date

  /// The identity of a certificate and its key, or nil when the TLS library refuses them.
  init?(certificate: Certificate, key: P256.Signing.PrivateKey) {
    guard let pem = try? certificate.serializeAsPEM().pemString,
      let parsed = try? NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem),
      let privateKey = try? NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem)
    else { return nil }
    self.certificate = parsed
    self.privateKey = privateKey
    expires = certificate.notValidAfter
  }
}
