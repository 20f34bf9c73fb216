import Authentication
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Reads the parts of a request other than its path: header fields, query, body, and addresses in the body.
final class RequestReader {
  let settings: GraphSettings
  /// Whether an origin is this server's.
  private let isOwn: (URLOrigin) -> Bool

  /// A reader for requests to the server whose origins `isOwn` recognizes.
  init(settings: GraphSettings, isOwn: @escaping (URLOrigin) -> Bool) {
    self.settings = settings
    self.isOwn = isOwn
  }

  // MARK: Header section and query

  /// Checks that a write has a JSON body in UTF-8. Throws `GraphError.contentTypeMissing` or `contentTypeNotJSON`:
  /// Graph responds with 400, not 415.
  func checkMediaType(_ request: GraphRequest) throws(GraphError) {
    // Matched rather than compared: NIO compares methods by their names.
    switch request.method {
    case .POST, .PATCH, .PUT: break
    default: return
    }
    guard let contentType = request.headers.first(name: "Content-Type") else { throw .contentTypeMissing }
    guard MediaType(contentType)?.isJSONInUTF8 == true else { throw .contentTypeNotJSON }
  }

  /// Throws `GraphError.idempotencyKeyOfNoCreation` for an `Idempotency-Key` that would have no effect, because its
  /// client relies on it.
  func checkIdempotencyKey(_ request: GraphRequest, _ resource: Resource?) throws(GraphError) {
    guard request.headers.contains(name: "Idempotency-Key"), resource?.takesIdempotencyKey(request.method) != true
    else { return }
    throw .idempotencyKeyOfNoCreation
  }

  /// The query options, parsed against the type of the resource. Throws the error of an invalid or unsupported option.
  func options(_ request: GraphRequest, _ requested: RequestedResource) throws(GraphError) -> QueryOptions {
    do throws(QueryError) {
      return try QueryOptions(
        request.query, of: requested.type, supporting: requested.resource?.supportedOptions(of: request.method) ?? [])
    } catch {
      throw GraphError(error)
    }
  }

  /// The representation of the response, chosen before anything is written. `format` is the value of `$format`; nil
  /// when it is absent. Plain text is always UTF-8. Throws `GraphError.notAcceptable` when the client accepts none.
  func representation(
    _ request: GraphRequest, _ format: String?, _ resource: Resource?
  ) throws(GraphError) -> Representation {
    if case .DELETE = request.method { return Representation() }
    guard resource?.isPlainText != true else {
      guard Representation.takesUTF8(request.headers) != false else { throw .notAcceptable }
      return Representation()
    }
    guard let form = Representation(format: format, request.headers) else { throw .notAcceptable }
    return form
  }

  /// The page of a list that a request asks for. Throws what `PageRequest` throws.
  func page(_ exchange: Exchange, by caller: Caller) throws(GraphError) -> PageRequest {
    try checkNoneComputed(exchange, ProfileModel.user)
    return try PageRequest(exchange, by: caller, cipher: settings.pageTokenCipher)
  }

  /// Checks that `$select` names no computed property. Throws `GraphError.computedForOne` when it does: they are
  /// answered by the read of one entity.
  func checkNoneComputed(_ exchange: Exchange, _ type: StructuredType) throws(GraphError) {
    guard let selection = exchange.options.selection, exchange.type === type,
      let property = selection.computed(of: type).first
    else { return }
    throw .computedForOne(property.name)
  }

  /// The query for the count of a list.
  func counting(_ exchange: Exchange) -> ListQuery {
    ListQuery(exchange.options, limit: 0, cancellation: exchange.request.cancellation).counting
  }

  // MARK: Body

  /// The body. Throws `GraphError.bodyMissing` when there is none.
  func body(_ exchange: Exchange) throws(GraphError) -> ByteBuffer {
    guard let body = exchange.request.body, body.readableBytes > 0 else { throw .bodyMissing }
    return body
  }

  /// The body, read against a type. Throws the error of a missing or invalid body.
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

  /// The receipt of a creation with an `Idempotency-Key`; nil when there is no key. A key belongs to the caller, the
  /// application and the path. Throws `GraphError.malformedIdempotencyKey` when it is too long or not ASCII.
  func receipt(_ exchange: Exchange, by caller: Caller) throws(GraphError) -> IdempotencyReceipt? {
    guard let key = exchange.request.headers.first(name: "Idempotency-Key") else { return nil }
    // NIO's decoder replaces bytes that are not UTF-8 by one character, so different keys would become equal.
    guard (1...Limits.idempotencyKeyBytesMax).contains(key.utf8.count), key.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw .malformedIdempotencyKey
    }
    let scope = [caller.tenant.text, caller.userID?.text ?? "", caller.applicationID ?? "", key]
    let body = exchange.request.body.map { Array($0.readableBytesView) } ?? []
    let cipher = settings.pageTokenCipher
    return IdempotencyReceipt(
      key: cipher.keyedDigest([exchange.request.path] + scope.map { Array($0.utf8) }), body: cipher.keyedDigest([body]),
      time: SystemClock.now())
  }

  // MARK: Addresses

  /// An address in a request. Throws what `ServiceAddress` throws.
  func address(
    _ text: String, in request: GraphRequest, from hosts: ServiceAddress.Hosts
  ) throws(GraphError) -> ServiceAddress {
    try ServiceAddress(text, in: request, from: hosts, isOwn: isOwn)
  }

  /// The members of `members@odata.bind` and the owners of `owners@odata.bind`. Throws `GraphError.membersTooMany` when
  /// there are too many of either, and the error of an address that names none.
  func additions(
    _ patch: StructuredPatch, _ exchange: Exchange, _ caller: Caller
  ) throws(GraphError) -> GroupReferences {
    try checkBindings(patch, of: ProfileModel.group, ["members", "owners"])
    var members: [MemberReference] = []
    var owners: [OwnerReference] = []
    for address in try addresses("members", patch) { members.append(try member(at: address, exchange, caller)) }
    for address in try addresses("owners", patch) { owners.append(try owner(at: address, exchange, caller)) }
    return GroupReferences(members: members, owners: owners)
  }

  /// The manager of `manager@odata.bind`; nil when the body names none. Throws the error of another relationship, and of an
  /// address that names no person.
  func manager(
    _ patch: StructuredPatch, _ exchange: Exchange, _ caller: Caller
  ) throws(GraphError) -> OwnerReference? {
    try checkBindings(patch, of: ProfileModel.user, ["manager"])
    return try patch.bindings["manager"]?.first.map { address throws(GraphError) in
      try owner(at: address, exchange, caller)
    }
  }

  /// Checks that a body names relationships of these names only.
  private func checkBindings(
    _ patch: StructuredPatch, of type: StructuredType, _ offered: Set<String>
  ) throws(GraphError) {
    guard let other = patch.bindings.keys.filter({ !offered.contains($0) }).min() else { return }
    throw GraphError(BodyError.unknownProperty("\(other)@odata.bind", type: type.qualifiedName, suggestion: nil))
  }

  private func addresses(_ name: String, _ patch: StructuredPatch) throws(GraphError) -> [String] {
    let addresses = patch.bindings[name] ?? []
    guard addresses.count <= Limits.membersAddedMax else { throw .membersTooMany }
    return addresses
  }

  /// The address of the entity reference in the body. Throws the error of a body that has none.
  func referencedAddress(_ exchange: Exchange) throws(GraphError) -> String {
    try body(exchange).withBytes { bytes throws(GraphError) in try EntityReference(bytes).address }
  }

  /// The person or the group at an address. Throws the error of an address that names neither.
  func member(at address: String, _ exchange: Exchange, _ caller: Caller) throws(GraphError) -> MemberReference {
    try self.address(address, in: exchange.request, from: .ownAndGraph).member(in: caller.tenant)
  }

  /// The person at an address. Throws the error of an address that names no person.
  func owner(at address: String, _ exchange: Exchange, _ caller: Caller) throws(GraphError) -> OwnerReference {
    try self.address(address, in: exchange.request, from: .ownAndGraph).person(in: caller.tenant)
  }

  /// The parameters of an action in the body. Throws the error of a body that does not have them.
  func parameters(_ exchange: Exchange, ofAction name: String) throws(GraphError) -> ActionParameters {
    guard let action = ProfileModel.model.actions.first(where: { $0.name == name }) else { throw .notImplemented }
    return try body(exchange).withBytes { bytes throws(GraphError) in try ActionParameters(bytes, of: action) }
  }
}

extension Preconditions {
  /// The preconditions of `If-Match` and `If-None-Match` (RFC 9110 section 13.1). Throws
  /// `GraphError.malformedEntityTag` when a field is no list of entity tags.
  init(_ headers: RequestFields) throws(GraphError) {
    self.init(
      ifMatch: try Self.condition(headers["If-Match"]), ifNoneMatch: try Self.condition(headers["If-None-Match"]))
  }

  private static func condition(_ fields: [String]) throws(GraphError) -> EntityTagCondition? {
    guard !fields.isEmpty else { return nil }
    guard let condition = EntityTagCondition(fields) else { throw .malformedEntityTag }
    return condition
  }
}

extension ByteBuffer {
  /// Calls `read` with the readable bytes and rethrows its typed error, which NIO's `withUnsafeReadableBytes` would
  /// erase.
  func withBytes<Answer, Failure: Error>(
    _ read: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Answer
  ) throws(Failure) -> Answer {
    let result: Result<Answer, Failure> = withUnsafeReadableBytes { bytes in
      do throws(Failure) {
        return .success(try read(bytes.bindMemory(to: UInt8.self)))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }
}
