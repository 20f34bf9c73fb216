import NIOHTTP1
import OData
import Profiles

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
    let body = encoder(exchange).object(object, exchange.options.selection)
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

  /// Responds with an entity as its preconditions allow: 304 when the client has this version, 412 when it demands
  /// another (RFC 9110 section 13.2.2).
  private func finish(_ exchange: Exchange, _ entity: GraphResponse, ifNotCurrent version: Version?) {
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
  private func finish(
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
    let opening = encoder.listOpening(listing, context, nextLink: page.nextLink(listing.next), elements)
    guard let rest = listing.rest else {
      return finish(
        exchange, .json(.ok, opening + ItemEncoder.listClosing, headers, as: exchange.representation.contentType))
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
      let (encoder, selection) = (encoder(exchange), exchange.options.selection)
      let context = encoder.context(ofSetOf: setType, selection, of: type)
      finish(exchange, listing, context, page, Self.directoryHeaders) { encoder.objects($0, selection, isFirst: $1) }
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
