import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// What Graph routes need to know of the server's settings.
struct GraphSettings: Sendable {
  let sourceShape: SourceShape
  /// Whether snake_case names of properties are accepted (`--lenient-names`).
  let lenientNames: Bool
  /// Seals links to further pages.
  let pageTokenCipher: PageTokenCipher
  /// Most requests of one batch.
  let batchRequestsMax: Int
}

/// Turns a `GraphRequest` into a `GraphResponse`: the walk that every Graph request takes, whatever its type.
///
/// One per event loop and owned by it; answers come back on that loop, at once or later.
final class GraphHandler {
  let session: ProfileSession
  let settings: GraphSettings
  let metrics: ServerMetrics
  let logger: Logger
  private let authenticator: Authenticator
  private var requestIDs = RequestIDSource()
  private var clock = HTTPDateClock()

  init(
    session: ProfileSession, authenticator: Authenticator, settings: GraphSettings, metrics: ServerMetrics,
    logger: Logger
  ) {
    self.session = session
    self.authenticator = authenticator
    self.settings = settings
    self.metrics = metrics
    self.logger = logger
  }

  /// Answers one request. `then` is called exactly once, on this event loop.
  func handle(_ request: GraphRequest, _ then: @escaping (GraphResponse) -> Void) {
    let exchange = exchange(request, then)
    guard !CORS.isPreflight(request.method, request.headers) else {
      return finish(exchange, CORS.preflight(request.headers))
    }
    if let metadata = ServiceMetadata.current.response(to: request) {
      exchange.route = .metadata
      switch metadata {
      case .success(let response): return finish(exchange, response)
      case .failure(let error): return finish(exchange, error)
      }
    }
    authenticator.authenticate(request) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success(let caller): admit(exchange, caller)
      }
    }
  }

  /// A token of a tenant that this server does not have is none of its own.
  private func admit(_ exchange: Exchange, _ caller: Caller) {
    session.admit(caller) { [self] admitted in
      switch admitted {
      case .success: route(exchange, caller)
      case .failure(.unknownTenant): finish(exchange, authenticator.refusal(.unknownTenant))
      case .failure(let error): finish(exchange, error)
      }
    }
  }

  /// A request under way, with ids of its own.
  func exchange(_ request: GraphRequest, _ then: @escaping (GraphResponse) -> Void) -> Exchange {
    let identity = requestIDs.identity(clientRequestID: request.headers.first(name: "client-request-id"))
    return Exchange(request: request, identity: identity, started: .now(), then: then)
  }

  /// Why a request is refused on its header section alone: who has no valid token may not send a long body, which would
  /// be kept in memory for them.
  func refusalBeforeBody(_ check: RequestHeadValidation) -> GraphError? {
    guard check.mayHaveLongBody, RequestHeadValidation.isGraph(check.head.uri) else { return nil }
    return authenticator.refusalAtOnce(check.head.headers)
  }

  /// An answer to a request that could not even be read. `target` is what it asks for, as far as that is known.
  func refusal(_ error: GraphError, headers: HTTPHeaders, target: String = "") -> GraphResponse {
    let identity = requestIDs.identity(clientRequestID: headers.first(name: "client-request-id"))
    var response = Self.response(error, identity, clock.now())
    if AuthorityEndpoint.isMeant(target) {
      response.body = .bytes(ByteBuffer(bytes: Self.documentForAuthority(error)))
    }
    addCommonFields(to: &response, identity, headers)
    metrics.count(.unreadable, response.status, since: nil)
    return response
  }

  /// The same refusal in the shape that clients of authorities read (RFC 6749 section 5.2).
  private static func documentForAuthority(_ error: GraphError) -> [UInt8] {
    AuthorityAnswer(status: Int(error.status.code)) { writer in
      writer.member("error", error.status.code >= 500 ? "server_error" : "invalid_request")
      writer.member("error_description", error.message)
    }.body
  }

  private func route(_ exchange: Exchange, _ caller: Caller) {
    do throws(GraphError) {
      try perform(exchange, on: try prepare(exchange), by: caller)
    } catch {
      finish(exchange, error)
    }
  }

  /// Reads an address that stands in a request.
  func address(
    _ text: String, in request: GraphRequest, from hosts: ServiceAddress.Hosts
  ) throws(GraphError) -> ServiceAddress {
    try ServiceAddress(text, in: request, from: hosts, isOwn: authenticator.addresses.isOwn)
  }

  /// Reads all of a request but its body: which resource it names, what it asks of it, and in which form.
  func prepare(_ exchange: Exchange) throws(GraphError) -> GraphResource {
    try ProtocolFields.check(exchange.request.headers)
    try checkMediaType(exchange.request)
    let resource: GraphResource = try Self.isBatch(exchange.request) ? .batch : try GraphResource(exchange.request)
    exchange.route = resource.route
    exchange.isDirectory = resource.isDirectory
    try checkIdempotencyKey(exchange.request, resource)
    if case .batch = resource { return resource }
    exchange.resource = resource
    exchange.options = try options(exchange.request, resource)
    exchange.representation = try representation(exchange, resource)
    return resource
  }

  // MARK: Checks

  /// Writes need a JSON body in UTF-8; Graph answers 400, not 415, when the type is another.
  private func checkMediaType(_ request: GraphRequest) throws(GraphError) {
    guard request.method == .POST || request.method == .PATCH || request.method == .PUT else { return }
    guard let contentType = request.headers.first(name: "Content-Type") else { throw .contentTypeMissing }
    guard MediaType(contentType)?.isJSONInUTF8 == true else { throw .contentTypeNotJSON }
  }

  /// Whoever sends a key relies on it, so that it is never ignored.
  private func checkIdempotencyKey(_ request: GraphRequest, _ resource: GraphResource) throws(GraphError) {
    guard request.headers.contains(name: "Idempotency-Key"), !resource.takesIdempotencyKey(request.method) else {
      return
    }
    throw .idempotencyKeyOfNoCreation
  }

  private func options(_ request: GraphRequest, _ resource: GraphResource) throws(GraphError) -> QueryOptions {
    do throws(QueryError) {
      return try QueryOptions(request.query, of: resource.type, supporting: resource.offer(to: request.method))
    } catch {
      throw GraphError(error)
    }
  }

  /// The form of the answer, decided before anything is written. Plain texts have one form only, in UTF-8.
  private func representation(_ exchange: Exchange, _ resource: GraphResource) throws(GraphError) -> Representation {
    guard exchange.request.method != .DELETE else { return Representation() }
    guard !resource.isPlainText else {
      guard Representation.takesUTF8(exchange.request.headers) != false else { throw .notAcceptable }
      return Representation()
    }
    guard let form = Representation(format: exchange.options.format, exchange.request.headers) else {
      throw .notAcceptable
    }
    return form
  }

  // MARK: Answers

  func finish(_ exchange: Exchange, _ error: ProfileError) {
    if case .store(let error) = error {
      logger.error("store", metadata: ["request-id": "\(exchange.identity.requestID)", "reason": "\(error.message)"])
    }
    finish(exchange, GraphError(error, isDirectory: exchange.isDirectory))
  }

  func finish(_ exchange: Exchange, _ error: GraphError) {
    finish(exchange, Self.response(error, exchange.identity, clock.now()))
  }

  func finish(_ exchange: Exchange, _ response: GraphResponse) {
    var response = response
    addCommonFields(to: &response, exchange.identity, exchange.request.headers)
    if exchange.request.method == .HEAD { response = response.withoutBody }
    metrics.count(exchange.route, response.status, since: exchange.started)
    log(exchange, response.status)
    exchange.then(response)
  }

  private static func response(
    _ error: GraphError, _ identity: RequestIdentity, _ now: DateTimeOffset
  ) -> GraphResponse {
    var response = GraphResponse.json(error.status, error.body(identity: identity, date: now), error.headers)
    response.headers[.contentType] = "application/json"
    response.headers[.contentLanguage] = "en"
    return response
  }

  private func addCommonFields(
    to response: inout GraphResponse, _ identity: RequestIdentity, _ request: HTTPHeaders
  ) {
    response.headers[.date] = clock.httpDate()
    response.headers[.odataVersion] = "4.0"
    response.headers[.requestID] = identity.requestID
    response.headers[.clientRequestID] = identity.clientRequestID
    response.headers[.cacheControl] = "private"
    CORS.expose(request, &response.headers)
  }

  /// Ids and templates only: paths and queries hold ids and names of people.
  private func log(_ exchange: Exchange, _ status: HTTPResponseStatus) {
    let level: Logger.Level = status == .internalServerError ? .error : .debug
    guard level >= logger.logLevel else { return }
    logger.log(
      level: level, "request",
      metadata: [
        "request-id": "\(exchange.identity.requestID)", "method": "\(exchange.request.method)",
        "route": "\(exchange.route.rawValue)", "status": "\(status.code)",
        "microseconds": "\((NIODeadline.now() - exchange.started).nanoseconds / 1_000)",
      ])
  }
}

/// One request on its way through the handler. Owned by one event loop.
final class Exchange {
  let request: GraphRequest
  let identity: RequestIdentity
  let started: NIODeadline
  let then: (GraphResponse) -> Void
  /// Known once the path was read.
  var resource: GraphResource?
  var route = RouteTemplate.unknown
  /// Whether errors are the directory's.
  var isDirectory = false
  /// Known once the query was read.
  var options = QueryOptions()
  /// Known once the headers were read.
  var representation = Representation()

  init(
    request: GraphRequest, identity: RequestIdentity, started: NIODeadline, then: @escaping (GraphResponse) -> Void
  ) {
    self.request = request
    self.identity = identity
    self.started = started
    self.then = then
  }
}

extension GraphResponse {
  /// The answer to HEAD: the header section of GET (RFC 9110 section 9.3.2).
  fileprivate var withoutBody: GraphResponse {
    var response = self
    response.stateLength()
    response.body = .none
    return response
  }
}
