import Authentication
import Authority
import Foundation
import Logging
import OData
import ProfileServer
import Profiles
import Stores

/// The parts of a server, in the order in which they depend on each other.
struct ServerComposition {
  /// The opened store.
  let store: any AdministeredStore
  /// The operations on the store.
  let service: ProfileService
  /// The signing keys of the built-in authority.
  let issuer: OwnIssuer
  /// The certificates of the HTTPS listener.
  let certificates: LocalCertificateAuthority
  private let pageTokenCipher: PageTokenCipher
  /// The demo's credentials; nil outside a demo.
  let demo: DemoCredentials?
  /// The addresses of the built-in authority.
  let addresses: AuthorityAddresses
  private let verifier: TokenVerifier
  private let demoLines: [ImportLine]
  private let logger: Logger

  /// Opens the store, loads keys and certificates, and fills an empty store.
  ///
  /// - Throws: `CommandFailure` when an option, a key file or the store does not allow the server to start.
  init(_ command: ServeCommand, _ logger: Logger) async throws {
    let options = command.options
    let environment = ServiceEnvironment.system
    guard let addresses = AuthorityAddresses(publicURL: command.publicURL) else {
      throw CommandFailure("--public-url must be an absolute http or https URL without query and fragment.")
    }
    let hosts = try Self.hosts(command)
    let issuers = try Self.issuers(command.issuers)
    let store = try options.open(
      policyDefaults: command.demo ? [.demo: .demo] : [:], forServer: true, logger: logger)
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

  /// The server, which calls `onReady` with its ports once requests are answered.
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

  /// Why the store refuses writes; nil when it takes them.
  var damage: String? {
    guard case .refusingWrites(let reason) = store.health else { return nil }
    return (store as? PostgreSQLStore)?.startFailure?.message ?? reason
  }

  /// Finishes the queued writes and releases the data directory.
  func close() async throws {
    let store = store
    await withCheckedContinuation { continuation in
      // Closing waits for the last sync of the writer, which must not block the cooperative thread pool.
      Thread {
        store.close()
        continuation.resume()
      }.start()
    }
  }

  /// Commands that a newcomer can paste into a terminal.
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

  // MARK: Preparation

  /// Creates the signing key in the background, when there is none yet. Requests with other tokens are answered
  /// meanwhile.
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

  /// The hosts that the server certificate must name, beside this machine's own names.
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

  /// Adds the tenants that external issuers may issue tokens for: the operator has named them.
  private func prepareTenants(_ issuers: [ExternalIssuer]) throws {
    guard store.health == .healthy else { return }
    do {
      for tenant in Set(issuers.flatMap(\.tenants)) { try store.addTenant(tenant) }
    } catch let error as StoreError {
      logger.error("Tenants could not be prepared.", metadata: ["reason": "\(error.message)"])
    }
  }

  /// Fills an empty store with the seed file or the demo's data. A store that refuses writes is left alone.
  private func fill(_ command: ServeCommand, _ environment: ServiceEnvironment) throws {
    guard store.health == .healthy, command.seed != nil || command.demo else { return }
    do {
      guard try store.isEmpty() else { return }
      if command.demo { try command.options.markAsDemoData() }
      if let seed = command.seed {
        _ = try FileImport(environment: environment).run(seed, into: store)
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

/// The store's metrics, for `/metrics`.
enum StoreMetrics {
  /// The store's counters as lines in Prometheus' text format.
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
    ] + lines(store.nodeConditions)
  }

  /// One sample of each metric for each node. Whoever may read the metrics learns the addresses of the nodes.
  private static func lines(_ nodes: [StoreNodeCondition]) -> [PrometheusLine] {
    func gauge(_ name: String, _ help: String, _ value: (StoreNodeCondition) -> Int) -> [PrometheusLine] {
      nodes.map { node in
        PrometheusLine(
          name, .gauge, help, Int64(value(node)), labels: [("node", node.name), ("role", node.role.rawValue)])
      }
    }
    return gauge("facet_store_node_up", "Whether the node answered when it was last asked.") { $0.isAnswering ? 1 : 0 }
      + gauge("facet_store_node_writable", "Whether the node takes writes.") { $0.takesWrites ? 1 : 0 }
      + gauge("facet_store_node_waiting", "Writes that wait for the node.") { $0.waitingWrites }
      + gauge("facet_store_node_shards", "Shards of people on the node.") { $0.shards }
  }
}
