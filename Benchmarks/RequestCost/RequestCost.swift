import Authentication
import Authority
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import OData
import Profiles
import Stores
import Synchronization

@testable import ProfileServer

/// Sends one kind of request through the HTTP/1.1 handler again and again, without a socket and on one thread, so that
/// its instructions can be counted. Arguments: the scenario, the number of requests, and a directory. An empty
/// directory is filled first, and that run costs more than later ones.
@main
struct RequestCost {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst().map { $0 }
    guard arguments.count == 3, let scenario = Scenario(rawValue: arguments[0]), let count = Int(arguments[1]) else {
      let usage = "RequestCost takes a scenario (\(Scenario.names)), a number of requests and a directory.\n"
      FileHandle.standardError.write(Data(usage.utf8))
      exit(2)
    }
    let server = try Server(directory: arguments[2])
    // Prepare the requests, so that nearly all counted instructions are the server's. Each request differs from the one
    // before.
    let token = server.token(for: scenario)
    let requests = (0..<(2 * Phones.count)).map { ByteBuffer(string: scenario.request($0, token: token)) }
    for number in 0..<count { try server.answer(requests[number % requests.count]) }
  }
}

/// The kinds of requests that are counted. All requests of one kind have the same length.
enum Scenario: String, CaseIterable {
  case get
  /// A read of another person's item, for which the relation between the two people is looked up.
  case colleague
  case list, filter, patch, batch
  /// A write of a directory property that people are found by.
  case person

  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The bytes of one request. Each names a different item, and each update a different value.
  func request(_ number: Int, token: String) -> String {
    switch self {
    case .get, .colleague: Self.get(Phones.item(number), token)
    case .list: Self.get(Phones.collection, token)
    case .filter:
      Self.get(
        Phones.collection + "?$select=displayName,number&$filter=type%20eq%20'mobile'%20and%20startswith(number,'%2B')",
        token)
    case .patch: Self.send("PATCH", Phones.item(number), #"{"number":"+7 499 \#(1_000_000 + number)"}"#, token)
    case .batch: Self.send("POST", "/$batch", Self.batch(from: number), token)
    case .person:
      Self.send("PATCH", "/users/\(Phones.owner)", #"{"jobTitle":"Engineer \#(1_000_000 + number)"}"#, token)
    }
  }

  private static func batch(from number: Int) -> String {
    let parts = (0..<20).map { part in
      #"{"id":"\#(part + 1)","method":"GET","url":"\#(Phones.item(number + part))"}"#
    }
    return #"{"requests":[\#(parts.joined(separator: ","))]}"#
  }

  private static func get(_ path: String, _ token: String) -> String { "GET \(fields(path, token))\r\n" }

  private static func send(_ method: String, _ path: String, _ body: String, _ token: String) -> String {
    "\(method) \(fields(path, token))Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func fields(_ path: String, _ token: String) -> String {
    "/beta\(path) HTTP/1.1\r\nHost: localhost:8080\r\nAuthorization: Bearer \(token)\r\n"
  }
}

/// One person with as many phones as a list reads on the event loop.
enum Phones {
  static let count = 20
  static let owner = "efee1b77-fb3b-4f65-99d6-274c11914d12"
  static let colleague = "7f3e0f6a-2d0c-4a8e-9b0e-0c6d4a1e5b21"
  static let collection = "/users/\(owner)/profile/phones"

  static func item(_ number: Int) -> String { "\(collection)/\(id(number % count))" }

  /// The lines of an import. Every second phone is a mobile one, so that a filter selects half of them.
  static var lines: [String] {
    [
      #"{"user":{"id":"\#(owner)","displayName":"Innocenty Popov"}}"#,
      #"{"user":{"id":"\#(colleague)","displayName":"Ruth Okafor"}}"#,
    ]
      + (0..<count).map { number in
        let kind = number.isMultiple(of: 2) ? "mobile" : "business"
        return #"{"userId":"\#(owner)","collection":"phones","item":{"id":"\#(id(number))","#
          + #""allowedAudiences":"organization","displayName":"Car Phone","type":"\#(kind)","number":"+7 499 \#(2_345_678 + number)"}}"#
      }
  }

  private static func id(_ number: Int) -> String { "e13f7a4d-303c-464f-a6af-0000000000\(10 + number)" }
}

/// Everything behind a connection, on an event loop that this thread runs itself.
final class Server {
  private let ownersToken: String
  private let colleaguesToken: String
  private let administratorsToken: String
  private let channel = EmbeddedChannel()
  private let late = Mailbox()

  init(directory: String) throws {
    let isNew = !FileManager.default.fileExists(atPath: "\(directory)/facet.db")
    let store = try SQLiteStore.open("\(directory)/facet.db", options: SQLiteOptions())
    let environment = ServiceEnvironment(now: { SystemClock.now() }, makeID: { .random() })
    let reader = ImportLineReader(defaultTenant: .demo, environment: environment)
    var lines = (isNew ? Phones.lines : [])[...]
    _ = try store.importLines(at: environment.now()) {
      try lines.popFirst().map { try reader.line(Array($0.utf8)) }
    }
    let issuer = try waiting { try await OwnIssuer.load(directory: "\(directory)/keys") }
    ownersToken = try Self.token(for: Phones.owner, of: issuer, "\(directory)/owner.token")
    colleaguesToken = try Self.token(for: Phones.colleague, of: issuer, "\(directory)/colleague.token")
    administratorsToken = try Self.token(
      for: Phones.colleague, of: issuer, "\(directory)/administrator.token", isAdministrator: true)
    guard let addresses = AuthorityAddresses(publicURL: nil) else { throw Unexpected(what: "addresses") }
    var logger = Logger(label: "cost")
    logger.logLevel = .error
    let verifier = TokenVerifier(
      own: issuer, addresses: addresses, issuers: [], clock: { SystemClock.now().unixSeconds }, logger: logger)
    let service = ProfileService(store: store, environment: environment, evaluations: .onThreads())
    let graph = GraphHandler(
      session: try service.makeSession { [late] in late.put($0) },
      authenticator: RequestAuthenticator(verifier: verifier, addresses: addresses, eventLoop: channel.eventLoop),
      settings: GraphSettings(
        sourceShape: .auto, lenientNames: false,
        pageTokenCipher: try waiting { try await PageTokenCipher.load(path: "\(directory)/pages.key") },
        batchRequestsMax: Limits.batchRequestsDefault),
      metrics: ServerMetrics(), logger: logger)
    let http1 = GraphHTTP1Environment(
      isSecure: false, origin: ServiceOrigin(publicURL: nil), timeouts: ConnectionTimeouts())
    try GraphHTTP1Channel.addGraphHTTP1Handler(to: channel.pipeline.syncOperations, graph: graph, http1)
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  /// The token that the requests of a scenario carry.
  func token(for scenario: Scenario) -> String {
    switch scenario {
    case .get, .list, .filter, .patch, .batch: ownersToken
    case .colleague: colleaguesToken
    case .person: administratorsToken
    }
  }

  /// Sends one request and discards its response.
  func answer(_ request: ByteBuffer) throws {
    try channel.writeInbound(request)
    while true {
      if let answer = try channel.readOutbound(as: ByteBuffer.self) {
        guard answer.getInteger(at: 9, as: UInt16.self) == Self.ok else {
          throw Unexpected(what: String(buffer: answer))
        }
        break
      }
      // The request waits for the disk.
      late.take()()
    }
    while try channel.readOutbound(as: ByteBuffer.self) != nil {}
  }

  /// The first two digits of 200, at the offset of the status in a response.
  private static let ok: UInt16 = 0x3230

  /// A token that is kept in a file, because signing a new one takes a varying number of instructions.
  private static func token(
    for person: String, of issuer: OwnIssuer, _ file: String, isAdministrator: Bool = false
  ) throws -> String {
    if let kept = try? String(contentsOfFile: file, encoding: .utf8) { return kept }
    guard let user = UserID(person) else { throw Unexpected(what: "a person's id") }
    let specification = TokenSpecification(
      subject: .user(
        user, principalName: nil, displayName: nil, applicationID: "cost",
        scopes: ["User.ReadWrite", isAdministrator ? "User.ReadWrite.All" : "User.Read.All"],
        isAdministrator: isAdministrator),
      tenant: .demo, issuedAt: SystemClock.now().unixSeconds, tokenID: "cost")
    guard let specification else { throw Unexpected(what: "the token") }
    let token = try waiting { try await issuer.sign(specification) }
    try token.write(toFile: file, atomically: true, encoding: .utf8)
    return token
  }
}

/// An error that must not occur here.
struct Unexpected: Error {
  let what: String
}

/// A queue of work from the store's threads for the one thread that runs the event loop.
final class Mailbox: Sendable {
  typealias Work = @Sendable () -> Void

  private let waiting = Mutex<[Work]>([])
  private let arrived = DispatchSemaphore(value: 0)

  func put(_ work: @escaping Work) {
    waiting.withLock { $0.append(work) }
    arrived.signal()
  }

  /// Waits for the next work and takes it.
  func take() -> Work {
    arrived.wait()
    return waiting.withLock { $0.removeFirst() }
  }
}

/// Runs asynchronous work of the start, and waits for its result.
func waiting<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
  let outcome = Outcome<Value>()
  Task {
    do { outcome.set(.success(try await work())) } catch { outcome.set(.failure(error)) }
  }
  return try outcome.get()
}

/// Passes one result from a thread to another one that waits for it.
final class Outcome<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let isSet = DispatchSemaphore(value: 0)

  func set(_ value: Result<Value, any Error>) {
    result.withLock { $0 = value }
    isSet.signal()
  }

  func get() throws -> Value {
    isSet.wait()
    guard let result = result.withLock({ $0 }) else { throw Unexpected(what: "no result") }
    return try result.get()
  }
}
