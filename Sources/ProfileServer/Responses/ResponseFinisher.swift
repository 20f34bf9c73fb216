import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Turns the result of a request into its response: an error, entity, list, count or stream, with the header fields
/// that every response has. Counts and logs each response. One for each event loop, which owns it.
final class ResponseFinisher {
  private let sourceShape: SourceShape
  /// The response to a token of a disabled account.
  private let accountDisabled: GraphError
  /// Counts responses and connections.
  let metrics: ServerMetrics
  /// Logs responses and store errors.
  let logger: Logger
  private var requestIDs = RequestIDGenerator()
  private var clock = HTTPDateClock()

  /// A finisher that counts in `metrics` and logs to `logger`. `accountDisabled` is the refusal of a token whose person's
  /// account is disabled.
  init(sourceShape: SourceShape, accountDisabled: GraphError, metrics: ServerMetrics, logger: Logger) {
    self.sourceShape = sourceShape
    self.accountDisabled = accountDisabled
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
  func finish(_ exchange: Exchange, _ response: consuming GraphResponse) {
    addCommonFields(to: &response, exchange.identity, exchange.request.headers)
    if case .HEAD = exchange.request.method { response = response.withoutBody }
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
    guard error != .store(.accountDisabled) else { return finish(exchange, accountDisabled) }
    if let cause = error.cause {
      logger.error("store", metadata: ["request-id": "\(exchange.identity.requestID)", "reason": "\(cause.message)"])
    }
    if case .photo(.unavailable(let reason)) = error {
      logger.error("photo", metadata: ["request-id": "\(exchange.identity.requestID)", "reason": "\(reason)"])
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
  func refusal(_ error: GraphError, headers: RequestFields, target: String = "") -> GraphResponse {
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
    to response: inout GraphResponse, _ identity: RequestIdentity, _ request: RequestFields
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
      origin: exchange.request.origin, version: exchange.version,
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

/// Responses with entities, lists and counts.
extension ResponseFinisher {
  /// The representation of an item depends on the client and on what it accepts (RFC 9110 section 12.5.5).
  static let itemHeaders: HeaderFields = [.vary: "Accept, Prefer, User-Agent"]
  /// The representation of a directory entity depends on what the client accepts.
  static let directoryHeaders: HeaderFields = [.vary: "Accept, Prefer"]

  // MARK: Entities

  /// Responds to the read of a directory entity.
  func finish(_ exchange: Exchange, read result: Result<VisibleObject, ProfileError>) {
    onSuccess(of: result, exchange) { finish(exchange, entity(.ok, $0, exchange), ifNotCurrent: $0.version) }
  }

  /// Responds to the read of an item.
  func finish(_ exchange: Exchange, read result: Result<VisibleItem, ProfileError>) {
    onSuccess(of: result, exchange) { finish(exchange, entity(.ok, $0, exchange), ifNotCurrent: $0.version) }
  }

  /// Responds to the creation of a directory entity.
  func finish(_ exchange: Exchange, created result: Result<VisibleObject, ProfileError>) {
    onSuccess(of: result, exchange) { object in
      let location = encoder(exchange).location(of: object)
      finish(exchange, written: object.version, at: location, usually: .representation) {
        entity(.created, object, exchange)
      }
    }
  }

  /// Responds to the update of a directory entity: without content unless the client prefers it, as Graph does.
  func finish(_ exchange: Exchange, updated result: Result<VisibleObject, ProfileError>) {
    onSuccess(of: result, exchange) { object in
      finish(exchange, written: object.version, at: nil, usually: .minimal) { entity(.ok, object, exchange) }
    }
  }

  /// Responds to the write of an item. `mayCreate` says that `Prefer: create-if-missing` has an effect.
  func finish(_ exchange: Exchange, written result: Result<WriteResult, ProfileError>, mayCreate: Bool = false) {
    onSuccess(of: result, exchange) { written in
      guard case .item(let item, let isNew) = written else { return finish(exchange, .noContent()) }
      let location = isNew ? encoder(exchange).location(of: item.key) : nil
      finish(exchange, written: item.version, at: location, usually: .representation, mayCreate: mayCreate) {
        entity(isNew ? .created : .ok, item, exchange)
      }
    }
  }

  /// Responds with 204 to a write that leaves nothing to show.
  func finish(_ exchange: Exchange, removed result: Result<Void, ProfileError>) {
    onSuccess(of: result, exchange) { finish(exchange, .noContent()) }
  }

  private func entity(_ status: HTTPResponseStatus, _ object: VisibleObject, _ exchange: Exchange) -> GraphResponse {
    let body = encoder(exchange).object(object, exchange.options)
    var headers = Self.directoryHeaders
    if let version = object.version { headers[.entityTag] = version.entityTag }
    return .json(status, body, headers, as: exchange.representation.contentType)
  }

  private func entity(_ status: HTTPResponseStatus, _ item: VisibleItem, _ exchange: Exchange) -> GraphResponse {
    var headers = Self.itemHeaders
    headers[.entityTag] = item.version.entityTag
    return .json(
      status, encoder(exchange).entity(item, exchange.options.selection), headers,
      as: exchange.representation.contentType)
  }

  /// The response with an entity that belongs to no entity set, with its context URL.
  func entity(
    _ status: HTTPResponseStatus, _ object: VisibleObject, _ context: String, _ exchange: Exchange
  ) -> GraphResponse {
    .json(
      status, encoder(exchange).object(object, in: context, exchange.options.selection), Self.directoryHeaders,
      as: exchange.representation.contentType)
  }

  /// Responds with an entity as its preconditions allow: 304 when the client has this version, 412 when it demands
  /// another (RFC 9110 section 13.2.2).
  func finish(_ exchange: Exchange, _ entity: consuming GraphResponse, ifNotCurrent version: Version?) {
    do throws(GraphError) {
      let preconditions = try Preconditions(exchange.request.headers)
      // `*` matches an entity without an entity tag too.
      if let tags = preconditions.ifMatch, !(version.map(tags.matches) ?? (tags == .any)) {
        return finish(exchange, ProfileError.preconditionFailed)
      }
      guard let tags = preconditions.ifNoneMatch, version.map(tags.matches) ?? (tags == .any) else {
        return finish(exchange, entity)
      }
      var headers = entity.headers
      headers[.contentType] = nil
      finish(exchange, GraphResponse(status: .notModified, headers: headers, body: .none))
    } catch {
      finish(exchange, error)
    }
  }

  /// Responds to a write with the entity or with its tag alone, as the client prefers (RFC 7240 section 4.2) or as is
  /// `usual`. `location` is the URL of a new entity, which a response without content repeats in `OData-EntityId`
  /// (OData 4.01 part 1, 8.3.4).
  func finish(
    _ exchange: Exchange, written version: Version?, at location: String?, usually usual: Preferences.Return,
    mayCreate: Bool = false, _ entity: () -> GraphResponse
  ) {
    // `$select` asks for content (OData 4.01 part 1, 11.4.1.4).
    let usual = exchange.options.selection == nil ? usual : .representation
    let isMinimal = (exchange.preferences.returning ?? usual) == .minimal
    var response = isMinimal ? .noContent(version.map { [.entityTag: $0.entityTag] } ?? [:]) : entity()
    if let location {
      response.headers[.location] = location
      if isMinimal { response.headers[.entityID] = location }
    }
    if let applied = exchange.preferences.applied(mayCreate: mayCreate) {
      response.headers[.preferenceApplied] = applied
    }
    finish(exchange, response)
  }

  // MARK: Lists

  /// Responds with a page of a list and confirms a preferred page size. The body of a long page is streamed; `encode`
  /// encodes elements and is told whether they are the first ones.
  func finish<Element: Sendable>(
    _ exchange: Exchange, _ listing: Listing<Element>, _ context: String, _ page: PageRequest, _ headers: HeaderFields,
    _ encode: @escaping ([Element], Bool) -> [UInt8]
  ) {
    var headers = headers
    if let size = page.preferredSize {
      headers[.preferenceApplied] = "odata.maxpagesize=\(min(size, Limits.pageSizeMax))"
    }
    let encoder = encoder(exchange)
    let elements = encode(listing.elements, true)
    var opening = encoder.listOpening(listing, context, nextLink: page.nextLink(listing.next), elements)
    guard let rest = listing.rest else {
      opening += ItemEncoder.listClosing
      return finish(exchange, .json(.ok, opening, headers, as: exchange.representation.contentType))
    }
    let source = ListBodySource(
      opening: opening, rest: rest, closing: ItemEncoder.listClosing, isFirst: listing.elements.isEmpty, encode)
    finish(exchange, headers, from: source)
  }

  /// Responds with a list of directory entities, which belong to the entity set of `setType`.
  func finish(
    _ exchange: Exchange, _ result: Result<Listing<VisibleObject>, ProfileError>, _ page: PageRequest,
    setOf setType: StructuredType, of type: StructuredType
  ) {
    onSuccess(of: result, exchange) { listing in
      finish(exchange, listing, page) { $0.context(ofSetOf: setType, exchange.options, of: type) }
    }
  }

  /// Responds with a list of entities that are not items, with the context URL that the encoder makes.
  func finish(
    _ exchange: Exchange, _ listing: Listing<VisibleObject>, _ page: PageRequest, in context: (ItemEncoder) -> String
  ) {
    let (encoder, selection) = (encoder(exchange), exchange.options.selection)
    finish(exchange, listing, context(encoder), page, Self.directoryHeaders) {
      encoder.objects($0, selection, isFirst: $1)
    }
  }

  /// Responds with the reference to a directory entity, which belongs to the entity set of `set`.
  func finish(
    _ exchange: Exchange, _ result: Result<VisibleObject, ProfileError>, referenceTo set: StructuredType
  ) {
    onSuccess(of: result, exchange) { object in
      let body = encoder(exchange).reference(object, in: set)
      finish(exchange, .json(.ok, body, Self.directoryHeaders, as: exchange.representation.contentType))
    }
  }

  /// Responds with a list of references to directory entities, which belong to the entity set of `set`.
  func finish(
    _ exchange: Exchange, _ result: Result<Listing<VisibleObject>, ProfileError>, _ page: PageRequest,
    referencesTo set: StructuredType
  ) {
    onSuccess(of: result, exchange) { listing in
      let encoder = encoder(exchange)
      finish(exchange, listing, encoder.referencesContext, page, Self.directoryHeaders) {
        encoder.references($0, in: set, isFirst: $1)
      }
    }
  }

  /// Responds with the ids that an action returns.
  func finish(_ exchange: Exchange, ids: Result<[String], ProfileError>) {
    onSuccess(of: ids, exchange) { ids in
      let body = encoder(exchange).ids(ids)
      finish(exchange, .json(.ok, body, Self.directoryHeaders, as: exchange.representation.contentType))
    }
  }

  /// Responds with the directory entities that an action returns.
  func finish(_ exchange: Exchange, found: Result<[VisibleObject], ProfileError>) {
    onSuccess(of: found, exchange) { objects in
      let body = encoder(exchange).found(objects, exchange.options)
      finish(exchange, .json(.ok, body, Self.directoryHeaders, as: exchange.representation.contentType))
    }
  }

  /// Responds with a count as plain text (OData 4.01 part 1, 11.2.10).
  func finish(_ exchange: Exchange, count: Result<Int, ProfileError>) {
    onSuccess(of: count, exchange) { finish(exchange, .text(String($0))) }
  }

  /// Responds with the count of a list that was read only for its count.
  func finish<Element: Sendable>(_ exchange: Exchange, countOf list: Result<Listing<Element>, ProfileError>) {
    finish(exchange, count: list.map { $0.count ?? 0 })
  }
}

extension GraphResponse {
  /// A response 204 (RFC 9110 section 15.3.5).
  static func noContent(_ headers: HeaderFields = [:]) -> GraphResponse {
    GraphResponse(status: .noContent, headers: headers, body: .none)
  }
}

extension ProfileError {
  /// The error of the store behind this one; nil for what the request itself is to blame for.
  fileprivate var cause: StoreError? {
    if case .store(let error) = self { return error }
    if case .writtenButUnread(let error) = self { return error }
    return nil
  }
}
