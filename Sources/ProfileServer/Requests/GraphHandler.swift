import Authentication
import Authority
import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Turns a `GraphRequest` into a `GraphResponse`: the steps that every Graph request goes through.
///
/// One for each event loop, which owns it. Responses are given on that loop, at once or later.
final class GraphHandler {
  /// Runs operations on this event loop.
  let session: ProfileSession
  let settings: GraphSettings
  /// Reads requests.
  let requests: RequestReader
  /// Finishes and sends responses.
  let responses: ResponseFinisher
  private let routes: RouteGroups
  private let authenticator: RequestAuthenticator

  /// A handler that runs the operations of `session`.
  init(
    session: ProfileSession, authenticator: RequestAuthenticator, settings: GraphSettings, metrics: ServerMetrics,
    logger: Logger
  ) {
    self.session = session
    self.authenticator = authenticator
    self.settings = settings
    requests = RequestReader(settings: settings, isOwn: authenticator.addresses.isOwn)
    responses = ResponseFinisher(
      sourceShape: settings.sourceShape, accountDisabled: authenticator.refusal(.accountDisabled), metrics: metrics,
      logger: logger)
    routes = RouteGroups(session, requests, responses)
  }

  /// Handles a request. `caller` is known for a request of a batch, since the batch has been authenticated. `then` is
  /// called exactly once, on this event loop.
  func handle(_ request: GraphRequest, by caller: Caller? = nil, _ then: @escaping (GraphResponse) -> Void) {
    let exchange = responses.exchange(request, then)
    guard !CORS.isPreflight(request.method, request.headers) else {
      return responses.finish(exchange, CORS.preflight(request.headers))
    }
    do throws(GraphError) {
      let endpoint = try ServiceEndpoint(request)
      if case .document(let version, let document) = endpoint {
        exchange.label = .metadata
        return responses.finish(exchange, try ServiceMetadata.current.response(to: request, version, document))
      }
      if let caller { return performPart(exchange, endpoint, caller) }
      authenticate(exchange, endpoint)
    } catch {
      responses.finish(exchange, error)
    }
  }

  private func authenticate(_ exchange: Exchange, _ endpoint: ServiceEndpoint) {
    authenticator.authenticate(exchange.request) { [self] result in
      switch result {
      case .failure(let error): responses.finish(exchange, error)
      case .success(let caller): admit(exchange, endpoint, caller)
      }
    }
  }

  /// Checks that the caller's tenant exists. A token of an unknown tenant is refused like an invalid one.
  private func admit(_ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller) {
    session.admit(caller) { [self] admitted in
      switch admitted {
      case .success:
        guard !session.isKnownEnabled(caller), checksAccountFirst(endpoint) else {
          return perform(exchange, endpoint, caller)
        }
        checkAccount(exchange, caller) { [self] in perform(exchange, endpoint, caller) }
      case .failure(.unknownTenant): responses.finish(exchange, authenticator.refusal(.unknownTenant))
      case .failure(let error): responses.finish(exchange, error)
      }
    }
  }

  /// Performs a request of a batch, which runs as slowly as the client reads what comes before: the account may have been
  /// disabled since the batch began.
  private func performPart(_ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller) {
    guard !session.itemsCheckAccounts, !session.isKnownEnabled(caller) else {
      return perform(exchange, endpoint, caller)
    }
    checkAccount(exchange, caller) { [self] in perform(exchange, endpoint, caller) }
  }

  /// Whether it is found out before anything else that the caller's account is disabled. Where that takes a round trip of
  /// its own, only a batch waits for it here, so that none of it is performed.
  private func checksAccountFirst(_ endpoint: ServiceEndpoint) -> Bool {
    if case .batch = endpoint { return true }
    return !session.itemsCheckAccounts
  }

  /// Runs `body` unless the caller's account is disabled, and responds with 401 otherwise.
  private func checkAccount(_ exchange: Exchange, _ caller: Caller, _ body: @escaping () -> Void) {
    session.checkAccount(of: caller) { [responses] checked in responses.onSuccess(of: checked, exchange, body) }
  }

  private func perform(_ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller) {
    do throws(GraphError) {
      if case .batch = endpoint {
        exchange.label = .batch
        try checkFields(exchange.request)
        return try BatchRun.start(exchange, by: caller, handler: self)
      }
      if exchange.pathBelowTenant == nil, let prefix = TenantPrefix(exchange.request.path, of: caller) {
        return enter(prefix, exchange, endpoint, caller)
      }
      let requested = try prepare(exchange)
      guard let resource = requested.resource, !resource.routes.isEmpty else { throw .notImplemented }
      guard let route = resource.route(of: exchange.request.method) else {
        throw .methodNotAllowed(resource.allowedMethods)
      }
      guard session.itemsCheckAccounts, !(route.handler.isOfItems && requested.namesOwnerByID) else {
        return try route.handler.perform(routes, exchange, requested, caller)
      }
      checkAccount(exchange, caller) { [self] in perform(route, exchange, requested, caller) }
    } catch {
      responses.finish(exchange, error)
    }
  }

  private func perform(_ route: Route, _ exchange: Exchange, _ requested: RequestedResource, _ caller: Caller) {
    do throws(GraphError) {
      try route.handler.perform(routes, exchange, requested, caller)
    } catch {
      responses.finish(exchange, error)
    }
  }

  /// Handles a request whose path names a tenant behind the version. Any tenant but the caller's is not found.
  private func enter(_ prefix: TenantPrefix, _ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller) {
    exchange.pathBelowTenant = prefix.rest
    switch prefix.tenant {
    case .own: performBelow(prefix, exchange, endpoint, caller)
    case .other: responses.finish(exchange, GraphError.tenantNotFound)
    case .domain(let domain):
      session.organizations.ownsDomain(domain, caller) { [self] isOwn in
        responses.onSuccess(of: isOwn, exchange) { isOwn in
          guard isOwn else { return responses.finish(exchange, GraphError.tenantNotFound) }
          performBelow(prefix, exchange, endpoint, caller)
        }
      }
    }
  }

  private func performBelow(
    _ prefix: TenantPrefix, _ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller
  ) {
    guard prefix.namesBatch else { return perform(exchange, endpoint, caller) }
    // Only here is it known to be a batch, none of which is performed for a disabled account.
    checkAccount(exchange, caller) { [self] in perform(exchange, .batch, caller) }
  }

  /// Reads the path, the query and the header fields of a request into its exchange. Throws the refusal of what cannot
  /// be read or is not offered.
  func prepare(_ exchange: Exchange) throws(GraphError) -> RequestedResource {
    let request = exchange.request
    let mayBePhoto = BodyBound(request.method, request.target) == .photo
    try checkFields(request, isPhoto: mayBePhoto)
    let requested = try RequestedResource(path: exchange.pathBelowTenant ?? request.path)
    if mayBePhoto, requested.resource?.route(of: request.method)?.takesImage != true {
      try requests.checkMediaType(request)
    }
    exchange.version = requested.version
    if let resource = requested.resource {
      exchange.label = resource.label
      exchange.isDirectory = resource.isDirectory
    }
    try requests.checkIdempotencyKey(request, requested.resource)
    if !request.query.isEmpty {
      exchange.type = requested.type
      exchange.options = try requests.options(request, requested)
    }
    exchange.representation = try requests.representation(request, exchange.options.format, requested.resource)
    return requested
  }

  /// Throws when the request is of another protocol version, or a write without a JSON body, unless that is a photo. Every
  /// request is checked once: a batch, and each request in it, the members of a changeset too.
  private func checkFields(_ request: GraphRequest, isPhoto: Bool = false) throws(GraphError) {
    try ProtocolFields.check(request.headers)
    if !isPhoto { try requests.checkMediaType(request) }
  }

  /// The refusal of a request with a long body, which would be buffered, and without a valid token; nil for any other.
  func refusalBeforeBody(_ validation: RequestHeadValidation) -> GraphError? {
    guard validation.mayHaveLongBody, RequestHeadValidation.isGraph(validation.head.uri) else { return nil }
    return authenticator.refusalAtOnce(validation.head.headers)
  }
}

/// The settings of the server that Graph routes use.
struct GraphSettings: Sendable {
  /// How `source.type` is shown in responses.
  let sourceShape: SourceShape
  /// Whether snake_case names of properties are accepted (`--lenient-names`).
  let lenientNames: Bool
  /// Seals the `$skiptoken` of links to further pages.
  let pageTokenCipher: PageTokenCipher
  /// Most requests in one batch.
  let batchRequestsMax: Int
}

/// A request that is being handled, with what has been read of it so far. Owned by one event loop.
final class Exchange {
  /// The request.
  let request: GraphRequest
  /// The ids of the request.
  let identity: RequestIdentity
  /// When the request was complete.
  let started: NIODeadline
  /// Receives the response, once.
  let then: (GraphResponse) -> Void
  /// The preferences of the client.
  private(set) lazy var preferences = Preferences(request.headers)
  /// The service version. Set when the path is read.
  @exclusivity(unchecked) var version = ResourcePath.ServiceVersion.beta
  /// The label in metrics and logs. Set when the path is read.
  @exclusivity(unchecked) var label = RouteLabel.unknown
  /// Whether errors have the codes of the directory. Set when the path is read.
  @exclusivity(unchecked) var isDirectory = false
  /// The path without the caller's tenant; nil when it names none. Set before the path is read.
  @exclusivity(unchecked) var pathBelowTenant: [UInt8]?
  /// The type against which the query is read; nil where there is no query. Set when the path is read.
  @exclusivity(unchecked) var type: StructuredType?
  /// Set when the query is read.
  @exclusivity(unchecked) var options = QueryOptions()
  /// Set when the header fields are read.
  @exclusivity(unchecked) var representation = Representation()

  /// The exchange of a request that was complete at `started`.
  init(
    request: GraphRequest, identity: RequestIdentity, started: NIODeadline, then: @escaping (GraphResponse) -> Void
  ) {
    self.request = request
    self.identity = identity
    self.started = started
    self.then = then
  }
}

/// The ids by which a request is found in logs and in reports of clients.
struct RequestIdentity: Sendable {
  /// A new GUID.
  let requestID: String
  /// The `client-request-id` that the client sent, or else `requestID`.
  let clientRequestID: String
}

/// Generates request ids, which are unique but not secret. Owned by one event loop.
struct RequestIDGenerator {
  private var state: UInt64 = .random(in: .min ... .max)

  /// A new identity. The client's id is echoed when it is short and printable.
  mutating func identity(clientRequestID: String?) -> RequestIdentity {
    let requestID = nextGUID()
    guard let sent = clientRequestID, (1...Limits.clientRequestIDBytesMax).contains(sent.utf8.count),
      sent.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    else { return RequestIdentity(requestID: requestID, clientRequestID: requestID) }
    return RequestIdentity(requestID: requestID, clientRequestID: sent)
  }

  /// A version 4 UUID (RFC 9562 section 5.4) without a system call.
  private mutating func nextGUID() -> String {
    let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return GUID.text(high: high, low: low)
  }

  /// The next number of the SplitMix64 generator.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
