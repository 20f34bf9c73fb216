import Authentication
import Authority
import Foundation
import Logging
import OData
import ProfileServer
import Profiles
import Stores

/// The parts of a server, made in the order in which they need each other.
struct ServerParts {
  let store: any AdministeredStore
  let service: ProfileService
  let issuer: OwnIssuer
  let certificates: LocalCertificateAuthority
  private let pageTokenCipher: PageTokenCipher
  let demo: DemoCredentials?
  let addresses: AuthorityAddresses
  private let verifier: TokenVerifier
  private let demoLines: [ImportLine]
  private let logger: Logger

  init(_ command: ServeCommand, _ logger: Logger) async throws {
    let options = command.options
    let environment = ServiceEnvironment.system
    guard let addresses = AuthorityAddresses(publicURL: command.publicURL) else {
      throw CommandFailure("--public-url must be an absolute http or https URL without query and fragment.")
    }
    let hosts = try Self.hosts(command)
    let issuers = try Self.issuers(command.issuers)
    let store = try options.open(policyDefaults: command.demo ? [.demo: .demo] : [:], forServer: true)
    do {
      (issuer, pageTokenCipher) = try await options.loadKeys(store)
    } catch {
      store.close()
      throw error
    }
    do throws(KeyFileError) {
      certificates = try await LocalCertificateAuthority.load(
        directory: options.certificates, hosts: hosts, now: Date())
    } catch {
      store.close()
      throw CommandFailure(error.message)
    }
    if certificates.replacesAuthority {
      logger.warning(
        """
        The certificate authority was made anew, for other names or because it was about to expire: clients must trust its \
        certificate again.
        """, metadata: ["certificate": "\(certificates.certificatePath)"])
    }
    self.store = store
    self.addresses = addresses
    self.logger = logger
    demo = command.demo ? DemoCredentials() : nil
    demoLines = command.demo ? try DemoData.lines(environment) : []
    service = ProfileService(store: store, environment: environment, evaluations: .onThreads())
    verifier = TokenVerifier(
      own: issuer, addresses: addresses, issuers: issuers, clock: { SystemClock.now().unixSeconds }, logger: logger)
    prepareKey()
    try prepareTenants(issuers)
    try fill(command, environment)
  }

  /// The server itself.
  func server(
    _ command: ServeCommand, openFilesMax: Int, onReady: @escaping @Sendable (ServerPorts) async -> Void
  ) -> FacetServer {
    let publicURL = command.publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    return FacetServer(
      configuration: ServerConfiguration(
        host: command.host, port: command.port, httpsPort: command.httpsPort, publicURL: publicURL,
        sourceShape: command.sourceShape, lenientNames: command.lenientNames, pageTokenCipher: pageTokenCipher,
        batchRequestsMax: command.batchSize, openFilesMax: openFilesMax),
      service: service, verifier: verifier, addresses: addresses,
      authority: TokenAuthority(
        issuer: issuer, addresses: addresses, demo: demo, clock: { SystemClock.now().unixSeconds },
        makeID: { GUID.random() }),
      certificates: certificates,
      demo: command.demo
        ? DemoSettings(
          lines: demoLines, mayReset: command.options.isDemoData, isReachedFromAnywhere: command.demoAnywhere)
        : nil,
      storeMetrics: { [store] in StoreMetrics.lines(store) }, logger: logger, onReady: onReady)
  }

  /// What is wrong with the data, or nil.
  var damage: String? {
    guard case .refusingWrites(let reason) = store.health else { return nil }
    return (store as? PostgreSQLStore)?.startFailure?.message ?? reason
  }

  /// Finishes the writes that are queued and releases the data directory.
  func close() async throws {
    let store = store
    await withCheckedContinuation { continuation in
      // Closing waits for the writer's last sync: not a wait for the cooperative pool.
      Thread {
        store.close()
        continuation.resume()
      }.start()
    }
  }

  /// What a newcomer can paste into a terminal.
  func greeting(_ ready: ReadyFile) async -> String {
    guard let owner = UserID(DemoData.ownerID) else { return "" }
    let specification = TokenSpecification(
      subject: .user(
        owner, principalName: DemoData.ownerPrincipalName, displayName: DemoData.ownerName,
        applicationID: demo?.client.id ?? "", scopes: ["User.ReadWrite"], isAdministrator: false),
      tenant: .demo, issuedAt: SystemClock.now().unixSeconds, tokenID: GUID.random(), base: addresses.base,
      lifeSeconds: 86_400)
    guard let specification, let token = try? await issuer.sign(specification) else { return "" }
    return DemoData.greeting(ready, token: token, authority: addresses.base)
  }

  // MARK: Making

  /// Has the key made that signs tokens, when there is none yet. Requests with other tokens are answered meanwhile.
  private func prepareKey() {
    Task { [issuer, logger] in
      do throws(KeyFileError) { try await issuer.prepare() } catch {
        logger.error("No token can be signed.", metadata: ["reason": "\(error.message)"])
      }
    }
  }

  private static func issuers(_ path: String?) throws -> [ExternalIssuer] {
    guard let path else { return [] }
    do throws(IssuersFileError) {
      return try IssuersFile(path: path).issuers
    } catch {
      throw CommandFailure(error.message)
    }
  }

  /// Hosts that the server certificate must name beside this machine's own names.
  private static func hosts(_ command: ServeCommand) throws -> [String] {
    let published = command.publicURL.flatMap { URL(string: $0)?.host }
    let named = [("--public-url", published), ("--host", command.host)]
    return try named.compactMap { option, host in
      guard let host, !["0.0.0.0", "::", "127.0.0.1", "::1"].contains(host) else { return nil }
      guard LocalCertificateAuthority.canName(host) else {
        throw CommandFailure(
          "The host of \(option) is neither an IP address nor a host name in ASCII. Write it in its ASCII form.")
      }
      return host
    }
  }

  /// Tenants that issuers may speak for are the operator's word.
  private func prepareTenants(_ issuers: [ExternalIssuer]) throws {
    guard store.health == .healthy else { return }
    do {
      for tenant in Set(issuers.flatMap(\.tenants)) { try store.addTenant(tenant) }
    } catch let error as StoreError {
      logger.error("Tenants could not be prepared.", metadata: ["reason": "\(error.message)"])
    }
  }

  /// An empty store gets the seed file or the demo's data; one that refuses writes is left as it is.
  private func fill(_ command: ServeCommand, _ environment: ServiceEnvironment) throws {
    guard store.health == .healthy, command.seed != nil || command.demo else { return }
    do {
      guard try store.isEmpty() else { return }
      if command.demo { try command.options.markAsDemoData() }
      if let seed = command.seed {
        _ = try DirectoryImport(environment: environment).run(seed, into: store)
      } else {
        var lines = demoLines[...]
        _ = try store.importLines(at: environment.now()) { lines.popFirst() }
      }
    } catch let error as StoreError {
      logger.error("The store could not be filled.", metadata: ["reason": "\(error.message)"])
    } catch {
      store.close()
      throw error
    }
  }
}

/// What the store counts, for `/metrics`.
enum StoreMetrics {
  static func lines(_ store: any AdministeredStore) -> [PrometheusLine] {
    let counts = store.writeCounts
    return [
      PrometheusLine("facet_store_writes_total", .counter, "Writes answered after a commit.", Int64(counts.writes)),
      PrometheusLine(
        "facet_store_groups_total", .counter, "Transactions that committed them, each with one sync.",
        Int64(counts.groups)),
      PrometheusLine(
        "facet_store_largest_group", .gauge, "Most writes in one transaction.", Int64(counts.largestGroup)),
      PrometheusLine("facet_store_waiting", .gauge, "Writes that wait for the writer.", Int64(counts.waiting)),
    ]
  }
}
