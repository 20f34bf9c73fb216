import Synchronization

#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// The certificates of the HTTPS listener: a local certificate authority, made on first start, and a server certificate
/// that it signs and renews.
///
/// They are files in one directory: `ca.pem` for clients to trust, `ca.key`, `server.pem` and `server.key`. When
/// `ca.pem` is replaced, every client has to trust it again, so that happens only when it is about to expire or may not
/// sign for a new name of the server. It may sign for the server's names and no others.
public final class LocalCertificateAuthority: Sendable {
  private let files: CertificateFiles
  private let names: CertificateNames
  private let current: Mutex<ServerIdentity>

  private init(files: CertificateFiles, names: CertificateNames, identity: ServerIdentity) {
    self.files = files
    self.names = names
    current = Mutex(identity)
  }

  /// Whether loading the certificates replaced an authority that clients trusted.
  public var replacesAuthority: Bool { current.withLock(\.replacesAuthority) }

  /// Whether a certificate can name `host`: an IP address, or a host name in ASCII.
  public static func canName(_ host: String) -> Bool { CertificateNames(hosts: [host]) != nil }

  /// The path of the certificate that clients must trust.
  public var certificatePath: String { files.path(.authorityCertificate) }

  /// When the current server certificate expires.
  public var expires: Date { current.withLock(\.expires) }

  /// The current server certificate with its key; a renewal replaces it.
  public var identity: ServerIdentity { current.withLock { $0 } }

  /// The path of the server certificate.
  public var serverCertificatePath: String { files.path(.serverCertificate) }

  /// Reads the certificates in `directory`, and makes those that are missing, about to expire or made for other names.
  ///
  /// The names are `localhost`, the loopback addresses, and `hosts`: the hosts of `--public-url` and `--host`. Throws
  /// `KeyFileError` when a host cannot be named, or a file cannot be read or written or holds something else.
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

  /// Renews what is about to expire; new connections get the new certificate at once. To be called at least once a day.
  ///
  /// Returns whether there is a new certificate. Throws `KeyFileError` when a file cannot be read or written; the
  /// current certificate stays in use then.
  @discardableResult
  public func renewIfNeeded(now: Date) async throws(KeyFileError) -> Bool {
    let identity = try await PrivateFiles.offPool { [files, names] () throws(KeyFileError) in
      try files.identity(for: names, now: now)
    }
    return current.withLock { current in
      guard current.certificatePEM != identity.certificatePEM else { return false }
      current = identity
      return true
    }
  }
}
