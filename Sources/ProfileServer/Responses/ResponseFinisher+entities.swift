import NIOHTTP1
import OData
import Profiles

/// Answers with entities, lists and counts.
extension ResponseFinisher {
  /// How an item is written depends on who reads it, and in which form.
  static let itemHeaders: HeaderFields = [.vary: "Accept, Prefer, User-Agent"]
  /// How an entity of the directory is written depends on the form alone.
  static let directoryHeaders: HeaderFields = [.vary: "Accept, Prefer"]

  // MARK: Entities

  /// Answers the read of an entity of the directory.
  func finish(_ exchange: Exchange, read result: Result<VisibleObject, ProfileError>) {
    onSuccess(of: result, exchange) { finish(exchange, entity(.ok, $0, exchange), ifNotCurrent: $0.version) }
  }

  /// Answers the read of an item.
  func finish(_ exchange: Exchange, read result: Result<VisibleItem, ProfileError>) {
    onSuccess(of: result, exchange) { finish(exchange, entity(.ok, $0, exchange), ifNotCurrent: $0.version) }
  }

  /// Answers the creation of an entity of the directory.
  func finish(_ exchange: Exchange, created result: Result<VisibleObject, ProfileError>) {
    onSuccess(of: result, exchange) { object in
      let location = encoder(exchange).location(of: object)
      finish(exchange, written: object.version, at: location, usually: .representation) {
        entity(.created, object, exchange)
      }
    }
  }

  /// Answers the update of an entity of the directory: without a body unless the client asks for one, as on Graph.
  func finish(_ exchange: Exchange, updated result: Result<VisibleObject, ProfileError>) {
    onSuccess(of: result, exchange) { object in
      finish(exchange, written: object.version, at: nil, usually: .minimal) { entity(.ok, object, exchange) }
    }
  }

  /// Answers the write of an item.
  func finish(_ exchange: Exchange, written result: Result<WriteResult, ProfileError>, mayCreate: Bool = false) {
    onSuccess(of: result, exchange) { written in
      guard case .item(let item, let isNew) = written else { return finish(exchange, .noContent()) }
      let location = isNew ? encoder(exchange).location(of: item.key) : nil
      finish(exchange, written: item.version, at: location, usually: .representation, mayCreate: mayCreate) {
        entity(isNew ? .created : .ok, item, exchange)
      }
    }
  }

  /// Answers a write that leaves nothing to show.
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

  /// Answers with an entity, unless the client has it already or asked for another version.
  private func finish(_ exchange: Exchange, _ entity: GraphResponse, ifNotCurrent version: Version?) {
    do throws(GraphError) {
      let preconditions = try Preconditions(exchange.request.headers)
      // An entity that shows no entity tag exists all the same, for `*`.
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

  /// Answers a write with the entity or with its tag alone: as the client prefers (RFC 7240), else as is `usual`.
  /// `location` says where a new entity is; an answer without a body names it once more (OData 4.01 part 1, 8.3.4).
  private func finish(
    _ exchange: Exchange, written version: Version?, at location: String?, usually usual: Preferences.Return,
    mayCreate: Bool = false, _ entity: () -> GraphResponse
  ) {
    // Asking for members asks for an answer (OData 4.01 part 1, 11.4.1.4).
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

  /// Answers a list, and says that the size of its pages was honoured. A long page is sent in pieces; `encode` writes some
  /// of its elements, and is told whether they are the first.
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

  /// Answers a list of the directory, whose elements are of the set of `setType`.
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

  /// Answers a count: plain text without a byte order mark (OData 4.01 part 1, 11.2.10).
  func finish(_ exchange: Exchange, count: Result<Int, ProfileError>) {
    onSuccess(of: count, exchange) { finish(exchange, .text(String($0))) }
  }

  /// Answers the count of a list that was read for its count alone.
  func finish<Element: Sendable>(_ exchange: Exchange, countOf list: Result<Listing<Element>, ProfileError>) {
    finish(exchange, count: list.map { $0.count ?? 0 })
  }
}

extension GraphResponse {
  /// An answer without a body.
  static func noContent(_ headers: HeaderFields = [:]) -> GraphResponse {
    GraphResponse(status: .noContent, headers: headers, body: .none)
  }
}
