import NIOCore
import NIOHTTP1
import OData
import Profiles

extension GraphHandler {
  /// Starts the operation that a method asks of a resource; 405 names the methods that it takes.
  func perform(_ exchange: Exchange, on resource: GraphResource, by caller: Caller) throws(GraphError) {
    let method = exchange.request.method == .HEAD ? .GET : exchange.request.method
    switch resource {
    case .users: try performOnUsers(exchange, method, caller)
    case .userCount:
      guard method == .GET else { throw .methodNotAllowed([.GET, .HEAD]) }
      session.countUsers(counting(exchange), by: caller) { [self] in finish(exchange, count: $0) }
    case .user(let owner): try perform(exchange, method, onUser: owner, caller)
    case .profile(let owner): try perform(exchange, method, onProfile: owner, caller)
    case .collection(let owner, let collection):
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      try perform(exchange, method, onCollection: request)
    case .count(let owner, let collection):
      guard method == .GET else { throw .methodNotAllowed([.GET, .HEAD]) }
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      session.countItems(request, counting(exchange)) { [self] in finish(exchange, count: $0) }
    case .item(let owner, let collection, let id):
      let request = CollectionRequest(owner: owner, collection: collection, caller: caller)
      try perform(exchange, method, onItem: id, request)
    case .property(let resource, let path, let form):
      guard method == .GET else { throw .methodNotAllowed([.GET, .HEAD]) }
      try readProperty(exchange, path, as: form, of: resource, caller)
    case .list(let list): try perform(exchange, method, onList: list, caller)
    case .listCount(let list):
      guard method == .GET else { throw .methodNotAllowed([.GET, .HEAD]) }
      perform(exchange, countOf: list, caller)
    case .group(let id): try perform(exchange, method, onGroup: id, caller)
    case .memberReferences(let id): try perform(exchange, method, onReferencesOf: id, caller)
    case .memberReference(let id, let user): try perform(exchange, method, onReferenceTo: user, in: id, caller)
    case .batch: try performBatch(exchange, by: caller)
    case .directoryObject, .other: throw .notImplemented
    }
  }

  /// The entities of a list of which only the number is wanted.
  func counting(_ exchange: Exchange) -> ListQuery {
    ListQuery(exchange.options, limit: 0, cancellation: exchange.request.cancellation).counting
  }

  /// A count is plain text without a byte order mark (OData 4.01 part 1, 11.2.10).
  func finish(_ exchange: Exchange, count: Result<Int, ProfileError>) {
    switch count {
    case .failure(let error): finish(exchange, error)
    case .success(let count): finish(exchange, .text(String(count)))
    }
  }

  // MARK: Parts

  /// Reads the body against the type of the resource.
  func patch(
    _ exchange: Exchange, _ purpose: EntityReader.Purpose, _ type: StructuredType
  ) throws(GraphError) -> StructuredPatch {
    guard let body = exchange.request.body, body.readableBytes > 0 else { throw .bodyMissing }
    let reader = EntityReader(purpose, lenientNames: settings.lenientNames)
    do throws(BodyError) {
      return try body.withBytes { bytes throws(BodyError) in try reader.read(bytes, as: type) }
    } catch {
      throw GraphError(error, isDirectory: exchange.isDirectory)
    }
  }

  /// Under which key a creation was sent; nil when it carries none. The key counts for this caller, application and
  /// path alone.
  func receipt(_ exchange: Exchange, by caller: Caller) throws(GraphError) -> IdempotencyReceipt? {
    guard let key = exchange.request.headers.first(name: "Idempotency-Key") else { return nil }
    // Of bytes that are no UTF-8 the codec makes the same character, which would make one key of several.
    guard (1...Limits.idempotencyKeyBytesMax).contains(key.utf8.count), key.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw .malformedIdempotencyKey
    }
    let scope = [caller.tenant.text, caller.userID?.text ?? "", caller.applicationID ?? "", key]
    let body = exchange.request.body.map { Array($0.readableBytesView) } ?? []
    return IdempotencyReceipt(
      key: settings.pageTokenCipher.digest([exchange.request.path] + scope.map { Array($0.utf8) }),
      body: settings.pageTokenCipher.digest([body]),
      time: SystemClock.now())
  }

  func preconditions(_ exchange: Exchange) throws(GraphError) -> Preconditions {
    Preconditions(ifMatch: try tags(exchange, "If-Match"), ifNoneMatch: try tags(exchange, "If-None-Match"))
  }

  private func tags(_ exchange: Exchange, _ name: String) throws(GraphError) -> EntityTagCondition? {
    let fields = exchange.request.headers[name]
    guard !fields.isEmpty else { return nil }
    guard let condition = EntityTagCondition(fields) else { throw .malformedEntityTag }
    return condition
  }

  /// What is answered instead of an entity that the client has already, or that is not the one it asked for.
  func answer(_ exchange: Exchange, _ entity: GraphResponse, _ version: Version?) -> GraphResponse? {
    do throws(GraphError) {
      let preconditions = try preconditions(exchange)
      // What shows no entity tag is there all the same, for `*`.
      if let tags = preconditions.ifMatch, !(version.map(tags.matches) ?? (tags == .any)) {
        finish(exchange, ProfileError.preconditionFailed)
        return nil
      }
      guard let tags = preconditions.ifNoneMatch, version.map(tags.matches) ?? (tags == .any) else { return entity }
      var headers = entity.headers
      headers[.contentType] = nil
      return GraphResponse(status: .notModified, headers: headers, body: .none)
    } catch {
      finish(exchange, error)
      return nil
    }
  }

  /// Answers a write with the entity or with its tag alone: as the client prefers (RFC 7240), else as is `usual`.
  /// `location` says where a new entity is; an answer without a body names it once more (OData 4.01 part 1, 8.3.4).
  func finish(
    _ exchange: Exchange, written version: Version?, at location: String?, usually usual: Preferences.Return,
    _ entity: () -> GraphResponse
  ) {
    let preferences = Preferences(exchange.request.headers)
    // Asking for members asks for an answer (OData 4.01 part 1, 11.4.1.4).
    let usual = exchange.options.selection == nil ? usual : .representation
    let isMinimal = (preferences.returning ?? usual) == .minimal
    var response = isMinimal ? .noContent(version.map { [.entityTag: $0.entityTag] } ?? [:]) : entity()
    if let location {
      response.headers[.location] = location
      if isMinimal { response.headers[.entityID] = location }
    }
    let mayCreate = exchange.route == .item && exchange.request.method == .PATCH
    if let applied = preferences.applied(mayCreate: mayCreate) {
      response.headers[.preferenceApplied] = applied
    }
    finish(exchange, response)
  }

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
    let source = ListSource(
      opening: opening, rest: rest, closing: ItemEncoder.listClosing, isFirst: listing.elements.isEmpty, encode)
    finish(exchange, headers, from: source)
  }

  func encoder(_ exchange: Exchange) -> ItemEncoder {
    let version = ResourcePath.ServiceVersion(segment: exchange.request.versionSegment) ?? .beta
    return ItemEncoder(
      serviceRoot: "\(exchange.request.origin)/\(version.rawValue)/",
      showsSingleElement: settings.sourceShape.showsSingleElement(for: exchange.request.headers),
      representation: exchange.representation)
  }
}
