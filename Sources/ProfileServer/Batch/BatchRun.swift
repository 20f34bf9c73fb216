import NIOCore
import NIOHTTP1
import OData
import Profiles

/// One batch under way: its requests are performed in their order, and answered together. Owned by one event loop.
final class BatchRun {
  typealias Part = BatchBody.Part

  private let handler: GraphHandler
  private let exchange: Exchange
  private let caller: Caller
  private let parts: [Part]
  private var next = 0
  /// What the requests of each group name, by the position of its first.
  private var groups: [Int: [AtomicGroup.Member]] = [:]
  private var json = JSONWriter(capacity: 4_096)
  /// Ids and groups in lower case that did not succeed.
  private var failed: Set<String> = []

  init(_ handler: GraphHandler, _ exchange: Exchange, _ caller: Caller, _ parts: [Part]) {
    self.handler = handler
    self.exchange = exchange
    self.caller = caller
    self.parts = parts
  }

  /// Performs everything. Groups are looked at first: one that cannot be atomic refuses the whole batch.
  func start() throws(GraphError) {
    for (index, part) in parts.enumerated() where part.group != nil && isFirstOfGroup(index) {
      var requests: [GraphRequest] = []
      for part in group(at: index) { requests.append(try request(part)) }
      groups[index] = try AtomicGroup.members(requests, by: caller)
    }
    json.beginObject()
    json.name("responses")
    json.beginArray()
    // What follows a request that is answered later reads as of its own moment, so that it sees what that one wrote.
    handler.session.together {
      repeatedly { [self] again in
        if next < parts.count { perform { again(true) } } else { again(false) }
      } then: { [self] in
        json.endArray()
        json.endObject()
        handler.finish(exchange, .json(.ok, json.bytes, as: "application/json"))
      }
    }
  }

  /// Performs what comes next, one request or one group, and calls back when it is answered.
  private func perform(_ then: @escaping () -> Void) {
    let index = next
    let part = parts[index]
    let members = part.group == nil ? [part] : group(at: index)
    next += members.count
    guard members.allSatisfy({ failed.isDisjoint(with: $0.dependsOn) }) else {
      for member in members { answer(member, refusal(.failedDependency, member)) }
      return then()
    }
    guard json.bytes.count < Limits.batchAnswerBytesMax else {
      for member in members { answer(member, refusal(.batchAnswerTooLarge, member)) }
      return then()
    }
    if let group = groups[index] { return perform(group, of: members, then) }
    do throws(GraphError) {
      let request = try request(part)
      handler.handle(request) { [self] response in
        collect(response, of: part, then)
      }
    } catch {
      answer(part, refusal(error, part))
      then()
    }
  }

  private func perform(_ group: [AtomicGroup.Member], of members: [Part], _ then: @escaping () -> Void) {
    AtomicGroup(handler, caller, group).run { [self] responses in
      for (part, response) in zip(members, responses) { answer(part, response) }
      then()
    }
  }

  // MARK: Requests

  private func isFirstOfGroup(_ index: Int) -> Bool {
    index == 0 || parts[index - 1].group?.lowercased() != parts[index].group?.lowercased()
  }

  private func group(at index: Int) -> [Part] {
    let name = parts[index].group?.lowercased()
    return Array(parts[index...].prefix { $0.group?.lowercased() == name })
  }

  /// A part as a request of its own: who asks, from where, and how answers are shaped come from the batch.
  private func request(_ part: Part) throws(GraphError) -> GraphRequest {
    GraphRequest(
      method: HTTPMethod(rawValue: part.method), target: try target(part.url), headers: headers(of: part),
      body: part.body.map { ByteBuffer(bytes: $0) }, origin: exchange.request.origin, isBatchPart: true)
  }

  /// The fields of a part with those of the batch, which say who asks; a part's own word counts for the version alone.
  private func headers(of part: Part) -> HTTPHeaders {
    guard !part.headers.isEmpty else { return inherited }
    var headers = part.headers
    headers.remove(name: "Authorization")
    for (name, value) in inherited where !Self.versionFields.contains(name) || !headers.contains(name: name) {
      headers.replaceOrAdd(name: name, value: value)
    }
    return headers
  }

  private static let versionFields = ["OData-Version", "OData-MaxVersion"]

  /// The fields of the batch that hold for each of its requests.
  private lazy var inherited: HTTPHeaders = {
    var headers = HTTPHeaders()
    for name in ["Authorization", "User-Agent", "SdkVersion", "Host"] + Self.versionFields {
      if let value = exchange.request.headers[name].last { headers.add(name: name, value: value) }
    }
    return headers
  }()

  /// A url is relative to the version of the batch, with or without a slash, or an absolute one of this server.
  private func target(_ url: String) throws(GraphError) -> String {
    guard url.utf8.count <= Limits.urlBytesMax else { throw .urlTooLong }
    let bytes = Array(url.utf8)
    guard bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { throw .malformedBatchURL }
    if url.utf8.starts(with: "http://".utf8) || url.utf8.starts(with: "https://".utf8) {
      let origin = exchange.request.origin
      guard url.utf8.count > origin.utf8.count, url.lowercased().hasPrefix(origin.lowercased() + "/") else {
        throw .urlOfAnotherHost
      }
      return String(decoding: url.utf8.dropFirst(origin.utf8.count), as: UTF8.self)
    }
    let path = bytes.drop { $0 == UInt8(ascii: "/") }
    let first = path.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    let slash = CollectionOfOne(UInt8(ascii: "/"))
    // Some clients write the version too.
    let isWhole = ResourcePath.ServiceVersion(segment: first) != nil
    return String(
      decoding: isWhole ? slash + path : slash + exchange.request.versionSegment + slash + path, as: UTF8.self)
  }

  // MARK: Answers

  private func refusal(_ error: GraphError, _ part: Part) -> GraphResponse {
    handler.refusal(error, headers: part.headers)
  }

  /// Takes in an answer that is made piece by piece, up to the bound of all answers.
  private func collect(_ response: GraphResponse, of part: Part, _ then: @escaping () -> Void) {
    guard case .stream(let stream) = response.body else {
      answer(part, response)
      return then()
    }
    let room = Limits.batchAnswerBytesMax - json.bytes.count
    BatchCollector(stream, bytesMax: room).run { [self] body in
      var response = response
      switch body {
      case .complete(let bytes): response.body = .bytes(bytes)
      case .tooLarge: response = refusal(.batchAnswerTooLarge, part)
      case .failed: response = refusal(GraphError(.store(.failed("An answer could not be made."))), part)
      }
      answer(part, response)
      then()
    }
  }

  private func answer(_ part: Part, _ response: GraphResponse) {
    var response = response
    if part.group != nil, response.status.code < 300, json.bytes.count >= Limits.batchAnswerBytesMax {
      // What was done together is said, if only without its content.
      response.status = .noContent
      response.body = .none
    }
    if response.status.code >= 400 {
      failed.insert(part.id.lowercased())
      if let group = part.group { failed.insert(group.lowercased()) }
    }
    json.element()
    json.beginObject()
    json.member("id", part.id)
    if let group = part.group { json.member("atomicityGroup", group) }
    json.name("status")
    json.int(Int64(response.status.code))
    json.name("headers")
    json.beginObject()
    for (name, value) in response.headers where !name.isOfConnection { json.member(name.rawValue, value) }
    json.endObject()
    if case .bytes(let bytes) = response.body, bytes.readableBytes > 0 {
      json.name("body")
      let isJSON = response.headers[.contentType]?.hasPrefix("application/json") == true
      if isJSON { json.raw(bytes.readableBytesView) } else { json.string(String(buffer: bytes)) }
    }
    json.endObject()
  }
}

/// Reads a streamed answer to its end. Owned by one event loop.
private final class BatchCollector {
  enum Outcome {
    case complete(ByteBuffer)
    case tooLarge
    case failed
  }

  private let stream: any ResponseStream
  private let bytesMax: Int
  private var bytes = ByteBuffer()

  init(_ stream: any ResponseStream, bytesMax: Int) {
    self.stream = stream
    self.bytesMax = bytesMax
  }

  func run(_ then: @escaping (Outcome) -> Void) {
    var outcome = Outcome.failed
    repeatedly { [self] again in
      stream.next { [self] piece in
        switch piece {
        case .failure: again(false)
        case .success(nil):
          outcome = .complete(bytes)
          again(false)
        case .success(let piece?):
          bytes.writeImmutableBuffer(piece)
          let isTooLarge = bytes.readableBytes > bytesMax
          if isTooLarge { outcome = .tooLarge }
          again(!isTooLarge)
        }
      }
    } then: {
      then(outcome)
    }
  }
}

/// Runs a step that calls back, at once or later, until it says that it is the last. A loop rather than calls within
/// calls: most steps call back at once, and there may be many.
private func repeatedly(_ step: @escaping (@escaping (Bool) -> Void) -> Void, then: @escaping () -> Void) {
  var goesOn = true
  while goesOn {
    var isAnswered = false
    var isWaiting = false
    step { again in
      goesOn = again
      isAnswered = true
      guard isWaiting else { return }
      if again { repeatedly(step, then: then) } else { then() }
    }
    guard isAnswered else {
      isWaiting = true
      return
    }
  }
  then()
}
