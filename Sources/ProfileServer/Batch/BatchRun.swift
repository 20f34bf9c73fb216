import NIOCore
import NIOHTTP1
import OData
import Profiles

/// A batch that is being performed: one request after another, each when the client has read the responses before it or
/// when they fit into a chunk. Owned by one event loop.
final class BatchRun: ResponseBodySource {
  typealias Part = BatchBody.Part
  typealias Completion = (Result<[UInt8]?, ProfileError>) -> Void

  private let handler: GraphHandler
  private let exchange: Exchange
  private let caller: Caller
  private let parts: [Part]
  private var next = 0
  /// The members of each atomicity group, by the index of its first request.
  private var groups: [Int: [Changeset.Member]] = [:]
  /// The beginning of the next chunk.
  private var json = JSONWriter(capacity: 4_096)
  /// How many bytes were given as chunks.
  private var sentBytes = 0
  /// The responses of a group that are not written yet.
  private var responses: ArraySlice<Changeset.Response> = []
  /// The response body that is being streamed.
  private var stream: (any ResponseStream)?
  private var hasEnded = false
  /// Ids of failed requests and groups, in lower case.
  private var failed: Set<String> = []

  /// A batch of `parts`. Throws `GraphError.notAtomic` when a group cannot be applied atomically, and the error of an
  /// invalid URL in a group.
  init(_ handler: GraphHandler, _ exchange: Exchange, _ caller: Caller, _ parts: [Part]) throws(GraphError) {
    self.handler = handler
    self.exchange = exchange
    self.caller = caller
    self.parts = parts
    for (index, part) in parts.enumerated() where part.group != nil && isFirstOfGroup(index) {
      var requests: [GraphRequest] = []
      for part in group(at: index) { requests.append(try request(part)) }
      groups[index] = try Changeset.members(requests, by: caller)
    }
    json.beginObject()
    json.name("responses")
    json.beginArray()
  }

  /// Begins a batch and responds with its results (OData 4.01 part 1, 11.7; OData JSON 4.01 section 19; Graph page on
  /// JSON batching). Throws the refusal of an invalid batch, of which nothing is performed.
  static func start(_ exchange: Exchange, by caller: Caller, handler: GraphHandler) throws(GraphError) {
    let request = exchange.request
    try handler.requests.checkIdempotencyKey(request, nil)
    guard !request.isBatchPart else { throw .nestedBatch }
    guard request.method == .POST else { throw .methodNotAllowed([.POST]) }
    guard !request.headers.contains(name: "If-Match"), !request.headers.contains(name: "If-None-Match") else {
      throw .malformedBatch("If-Match and If-None-Match are for the requests of a batch, not for the batch.")
    }
    do throws(QueryError) { _ = try QueryOptions(request.query, of: ProfileModel.user, supporting: []) } catch {
      throw GraphError(error)
    }
    guard Representation(format: nil, request.headers) != nil else { throw .notAcceptable }
    let batch = try handler.requests.body(exchange).withBytes { bytes throws(GraphError) in
      try BatchBody(bytes, requestsMax: handler.settings.batchRequestsMax)
    }
    let run = try BatchRun(handler, exchange, caller, batch.parts)
    // After a request that completes later, a new snapshot is used, so that the next request sees what it wrote.
    handler.session.withSnapshot { handler.responses.finish(exchange, [:], from: run, as: "application/json") }
  }

  /// Performs the next request or group and gives its response.
  func nextChunk(_ then: @escaping Completion) {
    if let stream { return nextChunk(of: stream, then) }
    if let response = responses.popFirst() { return write(response, then) }
    guard next < parts.count else { return then(.success(ending())) }
    let index = next
    let part = parts[index]
    let members = part.group == nil ? [part] : group(at: index)
    next += members.count
    guard members.allSatisfy({ failed.isDisjoint(with: $0.dependsOn) }) else {
      return refuse(members, .failedDependency, then)
    }
    guard bytesWritten < Limits.batchAnswerBytesMax else { return refuse(members, .batchAnswerTooLarge, then) }
    if let group = groups[index] { return perform(group, of: members, then) }
    do throws(GraphError) {
      handler.handle(try request(part), by: caller) { [self] response in write(response, of: part, then) }
    } catch {
      refuse([part], error, then)
    }
  }

  /// A batch is never within a batch, so it is never restarted.
  func restarted() -> any ResponseBodySource { self }

  private var bytesWritten: Int { sentBytes + json.bytes.count }

  private func ending() -> [UInt8]? {
    guard !hasEnded else { return nil }
    hasEnded = true
    json.endArray()
    json.endObject()
    return chunk()
  }

  /// Takes what has been written as a chunk.
  private func chunk() -> [UInt8] {
    let bytes = json.takeBytes()
    sentBytes += bytes.count
    return bytes
  }

  private func refuse(_ members: [Part], _ error: GraphError, _ then: Completion) {
    for member in members { write(refusal(error, member), of: member) }
    then(.success(chunk()))
  }

  private func perform(_ group: [Changeset.Member], of members: [Part], _ then: @escaping Completion) {
    Changeset(handler, caller, group).run { [self] responses in
      self.responses = responses[...]
      pendingMembers = members[...]
      nextChunk(then)
    }
  }

  /// The requests of a group whose responses are not written yet, in their order.
  private var pendingMembers: ArraySlice<Part> = []

  private func write(_ response: Changeset.Response, _ then: @escaping Completion) {
    guard let part = pendingMembers.popFirst() else { return nextChunk(then) }
    response.get { [self] in write($0, of: part, then) }
  }

  // MARK: Requests

  private func isFirstOfGroup(_ index: Int) -> Bool {
    index == 0 || parts[index - 1].group?.lowercased() != parts[index].group?.lowercased()
  }

  private func group(at index: Int) -> [Part] {
    let name = parts[index].group?.lowercased()
    return Array(parts[index...].prefix { $0.group?.lowercased() == name })
  }

  /// A part as a request of its own, which inherits the caller, the origin and the client from the batch. Throws the
  /// error of an invalid URL.
  private func request(_ part: Part) throws(GraphError) -> GraphRequest {
    let method = HTTPMethod(rawValue: part.method)
    let target = try handler.requests.address(part.url, in: exchange.request, from: .own).target
    var body = part.body
    if let text = body, BodyBound(method, target) == .photo {
      guard let image = Self.decodedImage(text) else { throw .photoMissing }
      body = image
    }
    return GraphRequest(
      method: method, target: target, headers: headers(of: part), body: body.map { ByteBuffer(bytes: $0) },
      origin: exchange.request.origin, isBatchPart: true, cancellation: exchange.request.cancellation)
  }

  /// The bytes of a body that is not JSON, which a batch holds as a string in base 64 (OData JSON 4.01 section 19.1); nil
  /// for another value.
  private static func decodedImage(_ json: [UInt8]) -> [UInt8]? {
    json.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      guard let text = try? reader.readString() else { return nil }
      return text.withBytes { Base64.decode($0) }
    }
  }

  /// The header fields of a part together with the inherited ones. A part overrides only the OData versions.
  private func headers(of part: Part) -> RequestFields {
    guard !part.headers.isEmpty else { return inherited }
    var headers = part.headers
    for (name, value) in inherited.all where !Self.versionFields.contains(name) || !headers.contains(name: name) {
      headers.replaceOrAdd(name: name, value: value)
    }
    return RequestFields(headers)
  }

  private static let versionFields = ["OData-Version", "OData-MaxVersion"]

  /// The header fields of the batch that apply to each of its requests.
  private lazy var inherited: RequestFields = {
    var headers = HTTPHeaders()
    for name in ["User-Agent", "SdkVersion", "Host"] + Self.versionFields {
      if let value = exchange.request.headers[name].last { headers.add(name: name, value: value) }
    }
    return RequestFields(headers)
  }()

  // MARK: Responses

  private func refusal(_ error: GraphError, _ part: Part) -> GraphResponse {
    handler.responses.refusal(error, headers: RequestFields(part.headers))
  }

  /// Writes a response. A streamed body is generated twice: first to check that it succeeds and fits, because the
  /// status is written before the body, and again while it is sent.
  private func write(_ response: GraphResponse, of part: Part, _ then: @escaping Completion) {
    guard case .stream(let stream) = response.body else {
      write(response, of: part)
      return then(.success(chunk()))
    }
    StreamLengthCheck(stream, bytesMax: Limits.batchAnswerBytesMax - bytesWritten).run { [self] outcome in
      var response = response
      switch outcome {
      case .fits:
        let restarted = stream.restarted()
        response.body = .stream(restarted)
        self.stream = restarted
      case .tooLarge: response = refusal(.batchAnswerTooLarge, part)
      case .failed: response = refusal(GraphError(.store(.failed("An answer could not be made."))), part)
      }
      write(response, of: part)
      then(.success(chunk()))
    }
  }

  private func nextChunk(of stream: any ResponseStream, _ then: @escaping Completion) {
    stream.next { [self] next in
      switch next {
      case .failure: return then(.failure(.store(.failed("An answer of a batch could not be made."))))
      case .success(nil):
        self.stream = nil
        json.endObject()
      case .success(let bytes?): json.append(bytes.readableBytesView)
      }
      then(.success(chunk()))
    }
  }

  /// Writes a response to its end, or up to its body when that is streamed.
  private func write(_ response: GraphResponse, of part: Part) {
    var response = response
    if part.group != nil, response.status.code < 300, bytesWritten >= Limits.batchAnswerBytesMax {
      // The writes of a group were applied, so their success is reported, if only without content.
      response.status = .noContent
      response.body = .none
    }
    if response.status.code >= 400 {
      failed.insert(part.id.lowercased())
      if let group = part.group { failed.insert(group.lowercased()) }
    }
    write(response, of: part, into: &json)
  }

  private func write(_ response: GraphResponse, of part: Part, into json: inout JSONWriter) {
    json.element()
    json.beginObject()
    json.member("id", part.id)
    if let group = part.group { json.member("atomicityGroup", group) }
    json.name("status")
    json.int(Int64(response.status.code))
    json.name("headers")
    json.beginObject()
    for (name, value) in response.headers where !name.isOfConnection {
      json.rawName(name.memberPrefix)
      json.string(value)
    }
    json.endObject()
    switch response.body {
    case .bytes(let bytes) where bytes.readableBytes > 0:
      json.name("body")
      let contentType = response.headers[.contentType] ?? ""
      if contentType.hasPrefix("application/json") {
        json.raw(bytes.readableBytesView)
      } else if contentType.hasPrefix("text/") {
        json.string(String(buffer: bytes))
      } else {
        json.plainString(Base64.encode(Array(bytes.readableBytesView)))
      }
    // Only JSON is streamed.
    case .stream: return json.name("body")
    case .none, .bytes: break
    }
    json.endObject()
  }
}
