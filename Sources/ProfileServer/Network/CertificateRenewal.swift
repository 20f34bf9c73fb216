public import Authority
public import Logging
public import ServiceLifecycle

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Renews the server certificate when needed: checks twice a day until the server stops.
public struct CertificateRenewal: Service {
  private let authority: LocalCertificateAuthority
  private let logger: Logger
  private static let pause: Duration = .seconds(43_200)

  /// A service that renews the certificates of `authority`.
  public init(_ authority: LocalCertificateAuthority, logger: Logger) {
    self.authority = authority
    self.logger = logger
  }

  /// Runs until the server stops. A failure is logged and retried at the next check; the current certificate stays in
  /// use.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: Self.pause)) != nil {
        do throws(KeyFileError) {
          guard try await authority.renewIfNeeded(now: Date()) else { continue }
          logger.info("The server certificate was renewed.")
          guard authority.replacesAuthority else { continue }
          logger.warning(
            "The certificate authority was made anew before it expired: clients must trust its certificate again.",
            metadata: ["certificate": "\(authority.certificatePath)"])
        } catch {
          logger.error("The server certificate could not be renewed: \(error.message)")
        }
      }
    }
  }
}
