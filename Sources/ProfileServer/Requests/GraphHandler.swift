import Authentication
import Authority
import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Turns a `GraphRequest` into a `GraphResponse`: the steps that every Graph request takes, whatever it asks for.
///
/// One per event loop and owned by it; answers come back on that loop, at once or later.
final class GraphHandler {
  let session: ProfileSession
  let settings: GraphSettings
  let requests: RequestReader
  let responses: ResponseFinisher
  private let routes: RouteGroups
  private let authenticator: Authenticator

  init(
    session: ProfileSession, authenticator: Authenticator, settings: GraphSettings, metrics: ServerMetrics,
    logger: Logger
  ) {
    self.session = session
    self.authenticator = authenticator
    self.settings = settings
    requests = RequestReader(settings: settings, isOwn: authenticator.addresses.isOwn)
    responses = ResponseFinisher(sourceShape: settings.sourceShape, metrics: metrics, logger: logger)
    routes = RouteGroups(session, requests, responses)
  }

  /// Answers one request. `then` is called exactly once, on this event loop.
  func handle(_ request: GraphRequest, _ then: @escaping (GraphResponse) -> Void) {
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

  /// Refuses a token of a tenant that this server does not have as one of nobody's.
  private func admit(_ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller) {
    session.admit(caller) { [self] admitted in
      switch admitted {
      case .success: perform(exchange, endpoint, caller)
      case .failure(.unknownTenant): responses.finish(exchange, authenticator.refusal(.unknownTenant))
      case .failure(let error): responses.finish(exchange, error)
      }
    }
  }

  private func perform(_ exchange: Exchange, _ endpoint: ServiceEndpoint, _ caller: Caller) {
    do throws(GraphError) {
      try ProtocolFields.check(exchange.request.headers)
      try requests.checkMediaType(exchange.request)
      if case .batch = endpoint {
        exchange.label = .batch
        return try BatchRun.start(exchange, by: caller, handler: self)
      }
      let requested = try prepare(exchange)
      guard let resource = requested.resource, !resource.routes.isEmpty else { throw .notImplemented }
      guard let route = resource.route(of: exchange.request.method) else {
        throw .methodNotAllowed(resource.allowedMethods)
      }
      try route.handler.perform(routes, exchange, requested, caller)
    } catch {
      responses.finish(exchange, error)
    }
  }

  /// Reads all of a request but its body: which resource it names, what it asks of the resource, and in which form.
  func prepare(_ exchange: Exchange) throws(GraphError) -> RequestedResource {
    let request = exchange.request
    let requested = try RequestedResource(path: request.path)
    exchange.version = requested.version
    if let resource = requested.resource {
      exchange.label = resource.label
      exchange.isDirectory = resource.isDirectory
    }
    try requests.checkIdempotencyKey(request, requested.resource)
    exchange.options = try requests.options(request, requested)
    exchange.representation = try requests.representation(request, exchange.options, requested.resource)
    return requested
  }

  /// Why a request is refused on its header section alone: without a valid token no long body is read, which would be kept
  /// in memory.
  func refusalBeforeBody(_ check: RequestHeadValidation) -> GraphError? {
    guard check.mayHaveLongBody, RequestHeadValidation.isGraph(check.head.uri) else { return nil }
    return authenticator.refusalAtOnce(check.head.headers)
  }

  /// The answer to a request that was not read as a whole.
  func refusal(_ error: GraphError, headers: HTTPHeaders, target: String = "") -> GraphResponse {
    responses.refusal(error, headers: headers, target: target)
  }
}
