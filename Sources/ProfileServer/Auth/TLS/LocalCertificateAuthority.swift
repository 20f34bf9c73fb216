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
/// They lie in one directory: `ca.pem` for clients to trust, `ca.key`, `server.pem`, `server.key`. Every client has to
/// trust `ca.pem` again when it is replaced, which is done only when it is about to expire or may not sign for a name
/// that the server has got since. It may sign for the server's names and for no others.
public final class LocalCertificateAuthority: Sendable {
  private let files: CertificateFiles
  private let names: CertificateNames
  private let current: Mutex<ServerIdentity>

  private init(files: CertificateFiles, names: CertificateNames, identity: ServerIdentity) {
    self.files = files
    self.names = names
    current = Mutex(identity)
  }

  /// Whether a certificate that clients trusted was replaced when these were loaded.
  public var replacesAuthority: Bool { current.withLock(\.replacesAuthority) }

  /// Whether a certificate can be made for `host`: an address, or a name in ASCII.
  public static func canName(_ host: String) -> Bool { CertificateNames(hosts: [host]) != nil }

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
      guard current.certificate != identity.certificate else { return false }
      current = identity
      return true
    }
  }

  /// The suites of TLS 1.2, all with authenticated encryption and forward secrecy (RFC 9325 section 4.2). There are no
  /// suites in CBC mode among them, and none for RSA, since the key is an elliptic one. Those of TLS 1.3 are all sound.
  private static let cipherSuites: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  /// The configuration of the listener. A client that asks for a name gets the certificate without addresses: BoringSSL
  /// knows no constraints on addresses, and refuses every certificate with an address whose authority has some. One that
  /// connects to an address asks for no name (RFC 6066 section 3). The configuration is made once and follows renewals, by asking for the certificate in use
  /// at each handshake.
  func tlsConfiguration() -> TLSConfiguration {
    let identity = current.withLock { $0 }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(identity.certificate)], privateKey: .privateKey(identity.privateKey))
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuiteValues = Self.cipherSuites
    configuration.sslContextCallback = { [self] client, promise in
      let identity = current.withLock { $0 }
      // Some clients send an address as if it were a name.
      let asksForName = client.serverHostname.map { NetworkAddress($0) == nil } ?? false
      let certificate = asksForName ? identity.namedCertificate : identity.certificate
      var override = NIOSSLContextConfigurationOverride()
      override.certificateChain = [.certificate(certificate)]
      override.privateKey = .privateKey(identity.privateKey)
      promise.succeed(override)
    }
    return configuration
  }
}

/// A server certificate in use, with its key.
struct ServerIdentity: Sendable {
  /// For all names.
  let certificate: NIOSSLCertificate
  /// For those that are no addresses.
  let namedCertificate: NIOSSLCertificate
  let privateKey: NIOSSLPrivateKey
  let expires: Date
  /// Whether the authority was there, and had to be made anew.
  let replacesAuthority: Bool

  /// The identity of a certificate and its key, or nil when the TLS library refuses them.
  init?(
    certificate: Certificate, namedCertificate: Certificate, key: P256.Signing.PrivateKey, replacesAuthority: Bool
  ) {
    guard let parsed = Self.parsed(certificate), let parsedNamed = Self.parsed(namedCertificate),
      let privateKey = try? NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem)
    else { return nil }
    self.certificate = parsed
    self.namedCertificate = parsedNamed
    self.privateKey = privateKey
    expires = certificate.notValidAfter
    self.replacesAuthority = replacesAuthority
  }

  private static func parsed(_ certificate: Certificate) -> NIOSSLCertificate? {
    guard let pem = try? certificate.serializeAsPEM().pemString else { return nil }
    return try? NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
  }
}
