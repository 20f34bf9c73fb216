public import Authentication
public import Authority
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOPosix
import OData
public import Profiles
public import ServiceLifecycle

/// The server: two listeners, plain and TLS, and everything behind them.
public struct FacetServer: Service, CustomStringConvertible {
  /// The life cycle's log shows services by their description; the default one would contain personal data.
  public var description: String { "FacetServer" }

  let configuration: ServerConfiguration
  let service: ProfileService
  let verifier: TokenVerifier
  let addresses: AuthorityAddresses
  let authority: TokenAuthority
  let certificates: LocalCertificateAuthority
  let demo: DemoSettings?
  let storeMetrics: @Sendable () -> [PrometheusLine]
  let logger: Logger
  let onReady: @Sendable (ServerPorts) async -> Void
  /// Shared by the connections of both listeners.
  private let bufferBudget = BufferedBytesBudget()

  /// A server from its parts. `onReady` is called once, when both listeners are bound.
  public init(
    configuration: ServerConfiguration, service: ProfileService, verifier: TokenVerifier,
    addresses: AuthorityAddresses, authority: TokenAuthority, certificates: LocalCertificateAuthority,
    demo: DemoSettings?, storeMetrics: @escaping @Sendable () -> [PrometheusLine], logger: Logger,
    onReady: @escaping @Sendable (ServerPorts) async -> Void
  ) {
    self.configuration = configuration
    self.service = service
    self.verifier = verifier
    self.addresses = addresses
    self.authority = authority
    self.certificates = certificates
    self.demo = demo
    self.storeMetrics = storeMetrics
    self.logger = logger
    self.onReady = onReady
  }

  /// Runs until a graceful shutdown, which lets current requests finish. Throws `ListenError` when a port cannot be
  /// bound, `DescriptorsError` when the process may have too few files open, `KeyFileError` when a certificate is
  /// unusable, and `StoreError` when a session of the store cannot be opened.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
    for port in [ListenerPort.http(configuration.port), .https(configuration.httpsPort)] {
      try await check(port, group)
    }
    let metrics = ServerMetrics()
    // Built now rather than for the first request that needs it.
    _ = ServiceMetadata.current
    let listeners = Listeners(
      responder: router(metrics).buildResponder(), handlers: try await makeHandlers(group, metrics),
      budget: try await connectionBudget(), group: group)
    let readiness = Readiness { [addresses, onReady] ports in
      addresses.setBound(httpPort: ports.http, httpsPort: ports.https)
      await onReady(ports)
    }
    let plain = listener(.http(configuration.port), listeners) { await readiness.bound(http: $0) }
    let secure = listener(.https(configuration.httpsPort), listeners) { await readiness.bound(https: $0) }
    let services: [any Service] = [plain, secure, CertificateRenewal(certificates, logger: logger)]
    // So that first requests need not wait for an issuer; the server also starts when its issuers are unreachable.
    let warmUp = Task { [verifier] in await verifier.refreshAllKeys() }
    defer { warmUp.cancel() }
    // The event loops are not shut down: connections may still use them, and the process ends anyway.
    try await ServiceGroup(configuration: .init(services: services, logger: quietLogger)).run()
  }

  /// Binds a port and releases it, so that a port that is not available is reported before anything starts. Throws
  /// `ListenError`.
  private func check(_ port: ListenerPort, _ group: any EventLoopGroup) async throws {
    do {
      try await ServerBootstrap(group: group).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: configuration.host, port: port.number).get().close()
    } catch {
      throw ListenError(host: configuration.host, port: port.number, option: port.option, error)
    }
  }

  /// The budget of both listeners, computed when everything that a start opens is open.
  private func connectionBudget() async throws -> ConnectionBudget {
    let connectionsMax = try await OpenDescriptors.connectionsMax(
      allowed: configuration.openFilesMax, loops: System.coreCount)
    return ConnectionBudget(connectionsMax: connectionsMax, logger: logger)
  }

  private func makeHandlers(
    _ group: MultiThreadedEventLoopGroup, _ metrics: ServerMetrics
  ) async throws -> LoopHandlers {
    let settings = GraphSettings(
      sourceShape: configuration.sourceShape, lenientNames: configuration.lenientNames,
      pageTokenCipher: configuration.pageTokenCipher, batchRequestsMax: configuration.batchRequestsMax)
    return try await LoopHandlers(group: group) { [service, verifier, addresses, logger] loop in
      GraphHandler(
        session: try service.makeSession { work in loop.execute(work) },
        authenticator: RequestAuthenticator(verifier: verifier, addresses: addresses, eventLoop: loop),
        settings: settings, metrics: metrics, logger: logger)
    }
  }

  private func router(_ metrics: ServerMetrics) -> Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    let demoGuard = DemoGuard(
      publicURL: configuration.publicURL, takesAnyHost: demo?.isReachedFromAnywhere ?? false)
    let authority = AuthorityRoutes(authority: authority, machines: demoGuard)
    router.add(middleware: CommonFieldsMiddleware(authority: authority))
    HealthRoutes(service: service, metrics: metrics, storeMetrics: storeMetrics).add(to: router)
    MetadataRoutes().add(to: router)
    authority.add(to: router)
    if let demo {
      DemoRoutes(service: service, demo: demo).add(to: router.group("/_facet").add(middleware: demoGuard))
      ResourceManagerRoutes(verifier: verifier, addresses: addresses)
        .add(to: router.group("/").add(middleware: demoGuard))
    }
    return router
  }

  /// The parts that both listeners share.
  private struct Listeners<Responder: HTTPResponder<BasicRequestContext>> {
    let responder: Responder
    let handlers: LoopHandlers
    let budget: ConnectionBudget
    let group: MultiThreadedEventLoopGroup
  }

  private func listener(
    _ port: ListenerPort, _ shared: Listeners<some HTTPResponder<BasicRequestContext>>,
    onBound: @escaping @Sendable (Int) async -> Void
  ) -> some Service {
    let environment = GraphHTTP1Environment(
      isSecure: port.isSecure, origin: ServiceOrigin(publicURL: configuration.publicURL),
      timeouts: ConnectionTimeouts(), bufferBudget: bufferBudget)
    let (certificates, handlers, budget) = (certificates, shared.handlers, shared.budget)
    let builder = HTTPServerBuilder { responder -> any ServerChildChannel in
      let channel = GraphHTTP1Channel(responder: responder, handlers: handlers, environment: environment)
      guard port.isSecure else { return channel }
      return try TLSChannel(channel, tlsConfiguration: ListenerTLS(certificates).configuration())
    }
    return Application(
      responder: shared.responder, server: builder,
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: port.number), serverName: nil, backlog: 1_024,
        availableConnectionsDelegate: CountedConnections(budget: budget)),
      onServerRunning: { listener in
        // Fails only when the listener, and with it the server, is closed already.
        try? await AcceptLimitHandler.add(to: listener, budget)
        await onBound(listener.localAddress?.port ?? port.number)
      },
      eventLoopGroupProvider: .shared(shared.group), logger: quietLogger)
  }

  /// Hummingbird's log from warnings up; an operator needs no more.
  private var quietLogger: Logger {
    var logger = Logger(label: "facet.http")
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

/// The port of one of the two listeners.
private enum ListenerPort {
  case http(Int)
  case https(Int)

  var isSecure: Bool {
    switch self {
    case .http: false
    case .https: true
    }
  }

  var number: Int {
    switch self {
    case .http(let number), .https(let number): number
    }
  }

  /// The command-line option that sets it.
  var option: String { isSecure ? "--https-port" : "--port" }
}

/// Calls `then` once both listeners are bound.
private actor Readiness {
  private var http: Int?
  private var https: Int?
  private let then: @Sendable (ServerPorts) async -> Void

  init(_ then: @escaping @Sendable (ServerPorts) async -> Void) { self.then = then }

  func bound(http port: Int) async {
    http = port
    await callWhenComplete()
  }

  func bound(https port: Int) async {
    https = port
    await callWhenComplete()
  }

  private func callWhenComplete() async {
    guard let http, let https else { return }
    await then(ServerPorts(http: http, https: https))
  }
}
