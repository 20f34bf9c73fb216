import Authentication
import Authority
import NIOCore
import NIOSSL
import Synchronization

/// TLS of the HTTPS listener, with the certificates of `LocalCertificateAuthority`. It follows their renewal.
final class ListenerTLS: Sendable {
  private let authority: LocalCertificateAuthority
  private let current: Mutex<Credentials>

  /// TLS with the current certificate. Throws `KeyFileError.broken` when the TLS library refuses it.
  init(_ authority: LocalCertificateAuthority) throws(KeyFileError) {
    guard let credentials = Credentials(authority.identity) else {
      throw .broken(path: authority.serverCertificatePath)
    }
    self.authority = authority
    current = Mutex(credentials)
  }

  /// The cipher suites of TLS 1.2, all with authenticated encryption and forward secrecy (RFC 9325 section 4.2): none
  /// in CBC mode, and none for RSA, since the key is an elliptic one. All suites of TLS 1.3 are sound.
  private static let cipherSuites: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  /// The configuration of the listener, made once. It asks for the current certificate at each handshake.
  ///
  /// A client that sends a server name gets the certificate without addresses: BoringSSL does not support name
  /// constraints on addresses, and refuses every certificate with an address whose authority has some. A client that
  /// connects to an address sends no server name (RFC 6066 section 3). HTTP/2 is not offered: there is no HTTP/2
  /// handler on the event loops.
  func configuration() -> TLSConfiguration {
    let credentials = current.withLock { $0 }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: [.certificate(credentials.certificate)], privateKey: .privateKey(credentials.key))
    configuration.minimumTLSVersion = .tlsv12
    configuration.cipherSuiteValues = Self.cipherSuites
    configuration.applicationProtocols = ["http/1.1"]
    configuration.sslContextCallback = { [self] client, promise in
      let credentials = renewed()
      // Some clients send an address as if it were a name.
      let sendsName = client.serverHostname.map { NetworkAddress($0) == nil } ?? false
      var override = NIOSSLContextConfigurationOverride()
      override.certificateChain = [.certificate(sendsName ? credentials.namedCertificate : credentials.certificate)]
      override.privateKey = .privateKey(credentials.key)
      promise.succeed(override)
    }
    return configuration
  }

  /// The current credentials, parsed again after a renewal. Those in use stay in use if the TLS library refuses new
  /// ones.
  private func renewed() -> Credentials {
    let identity = authority.identity
    return current.withLock { current in
      if current.certificatePEM != identity.certificatePEM, let fresh = Credentials(identity) { current = fresh }
      return current
    }
  }
}

/// A server certificate and its key, as the TLS library holds them.
private struct Credentials: Sendable {
  /// The certificate as its authority gave it, by which a renewal is noticed.
  let certificatePEM: String
  /// For all names and addresses.
  let certificate: NIOSSLCertificate
  /// For the DNS names alone.
  let namedCertificate: NIOSSLCertificate
  let key: NIOSSLPrivateKey

  /// Parses an identity; nil when the TLS library refuses it.
  init?(_ identity: ServerIdentity) {
    guard let certificate = try? NIOSSLCertificate(bytes: Array(identity.certificatePEM.utf8), format: .pem),
      let namedCertificate = try? NIOSSLCertificate(bytes: Array(identity.namedCertificatePEM.utf8), format: .pem),
      let key = try? NIOSSLPrivateKey(bytes: Array(identity.keyPEM.utf8), format: .pem)
    else { return nil }
    certificatePEM = identity.certificatePEM
    self.certificate = certificate
    self.namedCertificate = namedCertificate
    self.key = key
  }
}
