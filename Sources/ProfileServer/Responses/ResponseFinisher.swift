import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Turns the result of a request into its response: an error, entity, list, count or stream, with the header fields
/// that every response has. Counts and logs each response. One for each event loop, which owns it.
final class ResponseFinisher {
  private let sourceShape: SourceShape
  /// Counts responses and connections.
  let metrics: ServerMetrics
  /// Logs responses and store errors.
  let logger: Logger
  private var requestIDs = RequestIDGenerator()
  private var clock = HTTPDateClock()

  /// A finisher that counts in `metrics` and logs to `logger`.
  init(sourceShape: SourceShape, metrics: ServerMetrics, logger: Logger) {
    self.sourceShape = sourceShape
    self.metrics = metrics
    self.logger = logger
  }

  /// Begins an exchange, with new ids for the request.
  func exchange(_ request: GraphRequest, _ then: @escaping (GraphResponse) -> Void) -> Exchange {
    let identity = requestIDs.identity(clientRequestID: request.headers.first(name: "client-request-id"))
    return Exchange(request: request, identity: identity, started: .now(), then: then)
  }

  // MARK: All responses

  /// Sends a response.
  func finish(_ exchange: Exchange, _ response: GraphResponse) {
    var response = response
    addCommonFields(to: &response, exchange.identity, exchange.request.headers)
    if exchange.request.method == .HEAD { response = response.withoutBody }
    metrics.count(exchange.label, response.status, since: exchange.started)
    log(exchange, response.status)
    exchange.then(response)
  }

  /// Responds with an error.
  func finish(_ exchange: Exchange, _ error: GraphError) {
    finish(exchange, Self.response(error, exchange.identity, clock.now()))
  }

  /// Responds with the error of an operation. The reason of a store error is logged, because it is not for clients.
  func finish(_ exchange: Exchange, _ error: ProfileError) {
    if case .store(let error) = error {
      logger.error("store", metadata: ["request-id": "\(exchange.identity.requestID)", "reason": "\(error.message)"])
    }
    finish(exchange, GraphError(error, isDirectory: exchange.isDirectory))
  }

  /// Runs `body` with the value of a success, or responds with the error of a failure.
  func onSuccess<Value>(
    of result: Result<Value, ProfileError>, _ exchange: Exchange, _ body: (Value) -> Void
  ) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(let value): body(value)
    }
  }

  /// The response to a request that was not read to its end. `target` is its request target, as far as that is known.
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

  /// The error as a document of the authority (RFC 6749 section 5.2).
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

  /// Logs ids and templates only, because paths and queries contain personal data.
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

  // MARK: Generated bodies

  /// Responds with a generated body: whole when it is short, else streamed no faster than the client reads it. An error
  /// before the first chunk is an ordinary error response.
  func finish(
    _ exchange: Exchange, _ headers: HeaderFields, from source: some ResponseBodySource, as contentType: String? = nil
  ) {
    let stream = BufferedResponseStream(source)
    stream.next { [self] chunk in
      switch chunk {
      case .failure:
        finish(exchange, stream.failure ?? .store(.failed("An answer could not be made.")))
      case .success(let bytes):
        let contentType = contentType ?? exchange.representation.contentType
        var response = GraphResponse.json(.ok, [], headers, as: contentType)
        response.body = stream.isAtEnd ? .bytes(bytes ?? ByteBuffer()) : .stream(stream.unread(bytes))
        finish(exchange, response)
      }
    }
  }

  /// The encoder of entities for the client of an exchange.
  func encoder(_ exchange: Exchange) -> ItemEncoder {
    ItemEncoder(
      serviceRoot: "\(exchange.request.origin)/\(exchange.version.rawValue)/",
      showsSingleElement: sourceShape.showsSingleElement(for: exchange.request.headers),
      representation: exchange.representation)
  }
}

extension GraphResponse {
  /// The response to HEAD: the header section of the response to GET (RFC 9110 section 9.3.2).
  fileprivate var withoutBody: GraphResponse {
    var response = self
    response.setContentLength()
    response.body = .none
    return response
  }
}
