import Authentication
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Reads what a request says beside its path: the query, preconditions, the body, and addresses within the body.
struct RequestReader {
  let settings: GraphSettings
  /// Whether an origin is this server.
  private let isOwn: (URLOrigin) -> Bool

  init(settings: GraphSettings, isOwn: @escaping (URLOrigin) -> Bool) {
    self.settings = settings
    self.isOwn = isOwn
  }

  // MARK: Header section and query

  /// A write needs a JSON body in UTF-8. Graph answers 400, not 415, to any other media type.
  func checkMediaType(_ request: GraphRequest) throws(GraphError) {
    guard request.method == .POST || request.method == .PATCH || request.method == .PUT else { return }
    guard let contentType = request.headers.first(name: "Content-Type") else { throw .contentTypeMissing }
    guard MediaType(contentType)?.isJSONInUTF8 == true else { throw .contentTypeNotJSON }
  }

  /// A client that sends an `Idempotency-Key` relies on it, so the key is refused where it has no effect.
  func checkIdempotencyKey(_ request: GraphRequest, _ resource: Resource?) throws(GraphError) {
    guard request.headers.contains(name: "Idempotency-Key"), resource?.takesIdempotencyKey(request.method) != true
    else { return }
    throw .idempotencyKeyOfNoCreation
  }

  /// The query, read against the type of the resource.
  func options(_ request: GraphRequest, _ requested: RequestedResource) throws(GraphError) -> QueryOptions {
    do throws(QueryError) {
      return try QueryOptions(
        request.query, of: requested.type, offering: requested.resource?.supportedOptions(of: request.method) ?? [])
    } catch {
      throw GraphError(error)
    }
  }

  /// The form of the answer, chosen before anything is written. Plain text has one form, in UTF-8.
  func representation(
    _ request: GraphRequest, _ options: QueryOptions, _ resource: Resource?
  ) throws(GraphError) -> Representation {
    guard request.method != .DELETE else { return Representation() }
    guard resource?.isPlainText != true else {
      guard Representation.takesUTF8(request.headers) != false else { throw .notAcceptable }
      return Representation()
    }
    guard let form = Representation(format: options.format, request.headers) else { throw .notAcceptable }
    return form
  }

  /// The page of a list that the request asks for.
  func page(_ exchange: Exchange, by caller: Caller) throws(GraphError) -> PageRequest {
    try PageRequest(exchange, by: caller, cipher: settings.pageTokenCipher)
  }

  /// The entities of a list of which only the number is wanted.
  func counting(_ exchange: Exchange) -> ListQuery {
    ListQuery(exchange.options, limit: 0, cancellation: exchange.request.cancellation).counting
  }

  // MARK: Body

  /// The body, which must not be empty.
  func body(_ exchange: Exchange) throws(GraphError) -> ByteBuffer {
    guard let body = exchange.request.body, body.readableBytes > 0 else { throw .bodyMissing }
    return body
  }

  /// The body, read against a type.
  func patch(
    _ exchange: Exchange, _ purpose: EntityReader.Purpose, _ type: StructuredType
  ) throws(GraphError) -> StructuredPatch {
    let body = try body(exchange)
    let reader = EntityReader(purpose, lenientNames: settings.lenientNames)
    do throws(BodyError) {
      return try body.withBytes { bytes throws(BodyError) in try reader.read(bytes, as: type) }
    } catch {
      throw GraphError(error, isDirectory: exchange.isDirectory)
    }
  }

  /// The key under which a creation was sent; nil when it has none. The key holds for this caller, application and path
  /// alone.
  func receipt(_ exchange: Exchange, by caller: Caller) throws(GraphError) -> IdempotencyReceipt? {
    guard let key = exchange.request.headers.first(name: "Idempotency-Key") else { return nil }
    // The codec replaces bytes that are not UTF-8 by one character, which would make one key of several.
    guard (1...Limits.idempotencyKeyBytesMax).contains(key.utf8.count), key.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw .malformedIdempotencyKey
    }
    let scope = [caller.tenant.text, caller.userID?.text ?? "", caller.applicationID ?? "", key]
    let body = exchange.request.body.map { Array($0.readableBytesView) } ?? []
    let cipher = settings.pageTokenCipher
    return IdempotencyReceipt(
      key: cipher.digest([exchange.request.path] + scope.map { Array($0.utf8) }), body: cipher.digest([body]),
      time: SystemClock.now())
  }

  // MARK: Addresses

  /// An address that stands in a request.
  func address(
    _ text: String, in request: GraphRequest, from hosts: ServiceAddress.Hosts
  ) throws(GraphError) -> ServiceAddress {
    try ServiceAddress(text, in: request, from: hosts, isOwn: isOwn)
  }

  /// The people whom `members@odata.bind` names.
  func members(
    _ patch: StructuredPatch, _ exchange: Exchange, _ caller: Caller
  ) throws(GraphError) -> [OwnerReference] {
    let addresses = patch.bindings["members"] ?? []
    guard addresses.count <= Limits.membersAddedMax else { throw .membersTooMany }
    var members: [OwnerReference] = []
    for address in addresses { members.append(try member(at: address, exchange, caller)) }
    return members
  }

  /// The person whom the body names by a reference.
  func referencedMember(_ exchange: Exchange, _ caller: Caller) throws(GraphError) -> OwnerReference {
    let address = try body(exchange).withBytes { bytes throws(GraphError) in try EntityReference(bytes).address }
    return try member(at: address, exchange, caller)
  }

  /// The person at an address.
  func member(at address: String, _ exchange: Exchange, _ caller: Caller) throws(GraphError) -> OwnerReference {
    try self.address(address, in: exchange.request, from: .ownAndGraph).person(in: caller.tenant)
  }
}
