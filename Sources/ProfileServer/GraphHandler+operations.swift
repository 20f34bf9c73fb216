import NIOCore
import NIOHTTP1
import OData
import Profiles

extension GraphHandler {
  /// Starts the operation that a method asks of a resource; 405 names the methods that it takes.
  func perform(_ exchange: Exchange, on resource: GraphResource, by caller: Caller) throws(GraphError) {
    let method = exchange.request.method == .HEAD ? .GET : exchange.request.method
    switch resource {
    case .user(let owner):
      guard method == .GET else { throw .methodNotAllowed([.GET, .HEAD]) }
      readUser(exchange, owner, caller)
    case .collection(let owner, let collection):
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      switch method {
      case .GET: listItems(exchange, request)
      case .POST: try createItem(exchange, request)
      default: throw .methodNotAllowed([.GET, .HEAD, .POST])
      }
    case .item(let owner, let collection, let id):
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      switch method {
      case .GET: readItem(exchange, id, request)
      case .PATCH: try updateItem(exchange, id, request)
      case .DELETE: try deleteItem(exchange, id, request)
      default: throw .methodNotAllowed([.GET, .HEAD, .PATCH, .DELETE])
      }
    case .people, .profile, .other: throw .notImplemented
    }
  }

  // MARK: Reads

  private func readUser(_ exchange: Exchange, _ owner: OwnerReference, _ caller: Caller) {
    session.readUser(owner, by: caller) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success(let user):
        finish(exchange, .json(.ok, encoder(exchange).user(user), ["ETag": user.version.entityTag]))
      }
    }
  }

  private func readItem(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) {
    session.readItem(id, of: request) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success(let item): finish(exchange, entity(.ok, item, exchange))
      }
    }
  }

  private func listItems(_ exchange: Exchange, _ request: CollectionRequest) {
    session.listItems(request) { [self] result in
      switch result {
      case .failure(let error): finish(exchange, error)
      case .success(let page):
        finish(exchange, list(page, request.collection.name, exchange))
      }
    }
  }

  private func list(_ page: ItemPage, _ collection: String, _ exchange: Exchange) -> GraphResponse {
    let encoder = encoder(exchange)
    var bytes = encoder.listOpening(of: page.owner, collection)
    bytes += encoder.elements(page.items, isFirst: true)
    guard let next = page.next else {
      return .json(.ok, bytes + ItemEncoder.listClosing, ["Vary": "User-Agent"])
    }
    let stream = ItemStream(
      session: session, encoder: encoder, opening: ByteBuffer(bytes: bytes), next: next,
      isFirst: page.items.isEmpty)
    return GraphResponse(
      status: .ok, headers: ["Content-Type": GraphResponse.jsonContentType, "Vary": "User-Agent"],
      body: .stream(stream))
  }

  // MARK: Writes

  private func createItem(_ exchange: Exchange, _ request: CollectionRequest) throws(GraphError) {
    let patch = try patch(exchange, .create, request.collection.target)
    session.createItem(patch, in: request) { [self] in finish(exchange, written: $0) }
  }

  private func updateItem(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) throws(GraphError) {
    let patch = try patch(exchange, .update, request.collection.target)
    let ifMatch = try ifMatch(exchange.request.headers)
    session.updateItem(id, patch, ifMatch: ifMatch, in: request) { [self] in finish(exchange, written: $0) }
  }

  private func deleteItem(_ exchange: Exchange, _ id: ItemID, _ request: CollectionRequest) throws(GraphError) {
    let ifMatch = try ifMatch(exchange.request.headers)
    session.deleteItem(id, ifMatch: ifMatch, in: request) { [self] in finish(exchange, written: $0) }
  }

  private func finish(_ exchange: Exchange, written result: Result<WriteResult, ProfileError>) {
    switch result {
    case .failure(let error): finish(exchange, error)
    case .success(.done): finish(exchange, GraphResponse(status: .noContent, headers: [:], body: .none))
    case .success(.item(let item, let isNew)):
      let preferences = Preferences(exchange.request.headers)
      var response =
        preferences.returning == .minimal
        ? GraphResponse(status: .noContent, headers: ["ETag": item.version.entityTag], body: .none)
        : entity(isNew ? .created : .ok, item, exchange)
      if let applied = preferences.applied { response.headers.add(name: "Preference-Applied", value: applied) }
      if isNew {
        let location = encoder(exchange).location(of: item.key)
        response.headers.add(name: "Location", value: location)
        if preferences.returning == .minimal { response.headers.add(name: "OData-EntityId", value: location) }
      }
      finish(exchange, response)
    }
  }

  // MARK: Parts

  private func patch(
    _ exchange: Exchange, _ purpose: EntityReader.Purpose, _ type: StructuredType
  ) throws(GraphError) -> StructuredPatch {
    guard let body = exchange.request.body, body.readableBytes > 0 else { throw .bodyMissing }
    let reader = EntityReader(purpose, acceptsSnakeCase: settings.acceptsSnakeCase)
    let result: Result<StructuredPatch, BodyError> = body.withUnsafeReadableBytes { bytes in
      do throws(BodyError) {
        return .success(try reader.read(bytes.bindMemory(to: UInt8.self), as: type))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let patch): return patch
    case .failure(let error): throw GraphError(error)
    }
  }

  private func ifMatch(_ headers: HTTPHeaders) throws(GraphError) -> EntityTagCondition? {
    let fields = headers["If-Match"]
    guard !fields.isEmpty else { return nil }
    guard let condition = EntityTagCondition(fields.joined(separator: ",")) else { throw .malformedEntityTag }
    return condition
  }

  private func entity(_ status: HTTPResponseStatus, _ item: VisibleItem, _ exchange: Exchange) -> GraphResponse {
    .json(status, encoder(exchange).entity(item), ["ETag": item.version.entityTag, "Vary": "User-Agent"])
  }

  private func encoder(_ exchange: Exchange) -> ItemEncoder {
    let version = exchange.request.path.split(separator: UInt8(ascii: "/")).first
    let isV1 = version.map { $0.elementsEqualIgnoringCase("v1.0".utf8) } ?? false
    return ItemEncoder(
      serviceRoot: "\(exchange.request.origin)/\(isV1 ? "v1.0" : "beta")/",
      showsSingleElement: settings.sourceShape.showsSingleElement(for: exchange.request.headers))
  }
}

/// A long list as it is sent: pieces are read only when the client has taken the ones before.
final class ItemStream: ResponseStream {
  private let session: ProfileSession
  private let encoder: ItemEncoder
  private var opening: ByteBuffer?
  private var cursor: ItemCursor?
  private var isFirst: Bool
  private var isClosed = false

  init(session: ProfileSession, encoder: ItemEncoder, opening: ByteBuffer, next: ItemCursor, isFirst: Bool) {
    self.session = session
    self.encoder = encoder
    self.opening = opening
    cursor = next
    self.isFirst = isFirst
  }

  func next(_ then: @escaping (Result<ByteBuffer?, ProfileStreamError>) -> Void) {
    if let piece = opening {
      opening = nil
      return then(.success(piece))
    }
    guard let cursor else {
      guard !isClosed else { return then(.success(nil)) }
      isClosed = true
      return then(.success(ByteBuffer(bytes: ItemEncoder.listClosing)))
    }
    session.continueList(cursor) { [self] result in
      switch result {
      case .failure: then(.failure(ProfileStreamError()))
      case .success(let page):
        let bytes = encoder.elements(page.items, isFirst: isFirst)
        isFirst = isFirst && page.items.isEmpty
        self.cursor = page.next
        then(.success(ByteBuffer(bytes: bytes)))
      }
    }
  }
}
