import Authentication
import Authority
import Foundation
import Logging
import OData
import ProfileServer
import Profiles
import ServiceLifecycle
import Stores
import UnixSignals

/// A server whose store keeps the audit log or leaves it out, to measure the cost of the log. Arguments: a data
/// directory that `facet` has filled, a file to write the address to, and `with` or `without`.
@main
struct AuditServer {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    guard arguments.count == 3, ["with", "without"].contains(arguments[2]) else {
      fatalError("AuditServer takes a data directory, a ready file, and 'with' or 'without'.")
    }
    let (data, ready) = (arguments[0], arguments[1])
    var options = SQLiteOptions()
    options.keepsAuditLog = arguments[2] == "with"
    let store = try SQLiteStore.open("\(data)/facet.db", options: options)
    let issuer = try await OwnIssuer.load(directory: "\(data)/keys")
    guard let addresses = AuthorityAddresses(publicURL: nil) else { fatalError("No address.") }
    let clock: @Sendable () -> Int64 = { SystemClock.now().unixSeconds }
    var logger = Logger(label: "bench")
    logger.logLevel = .error
    let environment = ServiceEnvironment(now: { SystemClock.now() }, makeID: { .random() })
    let server = FacetServer(
      configuration: ServerConfiguration(
        host: "127.0.0.1", port: 0, httpsPort: 0, publicURL: nil, sourceShape: .auto, lenientNames: false,
        pageTokenCipher: try await PageTokenCipher.load(path: "\(data)/pages.key"),
        batchRequestsMax: Limits.batchRequestsDefault),
      service: ProfileService(store: store, environment: environment, evaluations: .onThreads()),
      verifier: TokenVerifier(own: issuer, addresses: addresses, issuers: [], clock: clock, logger: logger),
      addresses: addresses,
      authority: TokenAuthority(
        issuer: issuer, addresses: addresses, demo: nil, clock: clock, makeID: { GUID.random() }),
      certificates: try await LocalCertificateAuthority.load(directory: "\(data)/tls", hosts: [], now: Date()),
      demo: nil, storeMetrics: { [] }, logger: logger,
      onReady: { ports in
        let isWritten = FileManager.default.createFile(
          atPath: "\(ready).part", contents: Data("{\"http\":\"http://127.0.0.1:\(ports.http)\"}".utf8))
        precondition(isWritten && rename("\(ready).part", ready) == 0, "The ready file cannot be written.")
      })
    try await ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: server)], gracefulShutdownSignals: [.sigterm], logger: logger)
    ).run()
  }
}
