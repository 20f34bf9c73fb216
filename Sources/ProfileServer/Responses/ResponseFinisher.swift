import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Turns what became of a request into its answer: errors, entities, lists, counts and streams, with the header fields
/// that every answer has. Counts and logs each answer. One per event loop and owned by it.
final class ResponseFinisher {
  private let sourceShape: SourceShape
  let metrics: ServerMetrics
  let logger: Logger
  private var requestIDs = RequestIDGenerator()
  private var clock = HTTPDateClock()

  init(sourceShape: SourceShape, metrics: ServerMetrics, logger: Logger) {
    self.sourceShape = sourceShape
    self.metrics = metrics
    self.logger = logger
  }

  /// A request under way, with ids of its own.
  func exchange(_ request: GraphRequest, _ then: @escaping (GraphResponse) -> Void) -> Exchange {
    let identity = requestIDs.identity(clientRequestID: request.headers.first(name: "client-request-id"))
    return Exchange(request: request, identity: identity, started: .now(), then: then)
  }

  // MARK: Any answer

  /// Sends an answer.
  func finish(_ exchange: Exchange, _ response: GraphResponse) {
    var response = response
    addCommonFields(to: &response, exchange.identity, exchange.request.headers)
    if exchange.request.method == .HEAD { response = response.withoutBody }
    metrics.count(exchange.label, response.status, since: exchange.started)
    log(exchange, response.status)
    exchange.then(response)
  }

  /// Refuses a request.
  func finish(_ exchange: Exchange, _ error: GraphError) {
    finish(exchange, Self.response(error, exchange.identity, clock.now()))
  }

  /// Refuses a request for what an operation says. What failed in the store is logged, since clients are not told.
  func finish(_ exchange: Exchange, _ error: ProfileError) {
    if case .store(let error) = error {
      logger.error("store", metadata: ["request-id": "\(exchange.identity.requestID)", "reason": "\(error.message)"])
    }
    finish(exchange, GraphError(error, isDirectory: exchange.isDirectory))
  }

  /// Goes on with a success; a failure is the answer.
  func onSuccess<Value>(
    of result: Result<Value, ProfileError>, _ exchange: Exchange, _ body: (Value) -> Void
  ) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(let value): body(value)
    }
  }

  /// The answer to a request that was not read as a whole. `target` is what it asks for, as far as that is known.
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
        "route": "\(exchange.label.text)", "status": "\(status.code)",
        "microseconds": "\((NIODeadline.now() - exchange.started).nanoseconds / 1_000)",
      ])
  }

  /// The writer of entities, in the form and with the addresses that fit the request.
  func encoder(_ exchange: Exchange) -> ItemEncoder {
    ItemEncoder(
      serviceRoot: "\(exchange.request.origin)/\(exchange.version.rawValue)/",
      showsSingleElement: sourceShape.showsSingleElement(for: exchange.request.headers),
      representation: exchange.representation)
  }
}

extension GraphResponse {
  /// The answer to HEAD: the header section of GET (RFC 9110 section 9.3.2).
  fileprivate var withoutBody: GraphResponse {
    var response = self
    response.setContentLength()
    response.body = .none
    return response
  }
}
