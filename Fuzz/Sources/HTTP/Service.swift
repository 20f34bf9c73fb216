import Authentication
import Authority
import Dispatch
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import OData
import Profiles
import Stores
import Synchronization

@testable import ProfileServer

/// A server without a socket: an in-memory store, a token authority, and one handler on an event loop that the fuzzer
/// runs.
final class Service {
  static let owner = "efee1b77-fb3b-4f65-99d6-274c11914d12"
  static let reader = "7f3e0f6a-2d0c-4a8e-9b0e-0c6d4a1e5b21"
  static let phone = "e13f7a4d-303c-464f-a6af-80ea18eb74f3"

  let loop = EmbeddedEventLoop()
  let graph: GraphHandler
  /// The text for each placeholder of an input.
  let words: [(name: [UInt8], bytes: [UInt8])]
  private let late = Mailbox()
  private let store: SQLiteStore
  private let service: ProfileService
  private let lines: [ImportLine]
  private var mayHaveChanged = true

  init() throws {
    let keys = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: keys) }
    let issuer = try waiting { try await OwnIssuer.load(directory: keys.path) }
    // Time stands still, so that every run is the same.
    let environment = ServiceEnvironment(
      now: { DateTimeOffset(unixSeconds: 1_600_000_000) }, makeID: { .random() })
    let reader = ImportLineReader(defaultTenant: .demo, environment: environment)
    lines = try Self.lines.map { try reader.line(Array($0.utf8)) }
    store = try SQLiteStore.temporary()
    service = ProfileService(store: store, environment: environment, evaluations: .onThreads())
    guard let addresses = AuthorityAddresses(publicURL: nil) else { throw Unexpected(what: "addresses") }
    var logger = Logger(label: "fuzz")
    logger.logLevel = .critical
    let verifier = TokenVerifier(
      own: issuer, addresses: addresses, issuers: [], clock: { SystemClock.now().unixSeconds }, logger: logger)
    graph = GraphHandler(
      session: try service.makeSession { [late] in late.put($0) },
      authenticator: RequestAuthenticator(verifier: verifier, addresses: addresses, eventLoop: loop),
      settings: GraphSettings(
        sourceShape: .auto, lenientNames: false, pageTokenCipher: PageTokenCipher(),
        batchRequestsMax: Limits.batchRequestsDefault),
      metrics: ServerMetrics(), logger: logger)
    words = [
      ("token", try Self.token(of: Self.owner, ["User.ReadWrite", "User.ReadWrite.All"], issuer)),
      ("reader", try Self.token(of: Self.reader, ["User.Read.All"], issuer)),
      ("owner", Self.owner), ("phone", Self.phone),
    ].map { (Array("{\($0.0)}".utf8), Array($0.1.utf8)) }
  }

  /// Resets the store to its initial state.
  func reset() throws {
    guard mayHaveChanged else { return }
    let outcome = Outcome<Void>()
    service.replaceAll(with: lines) { result in outcome.set(result.mapError { $0 as any Error }) }
    try outcome.get()
    mayHaveChanged = false
  }

  /// Closes the store.
  func end() { store.close() }

  /// Runs the event loop until it is idle or `isDone` holds. `patience` is how long it waits for the store's threads.
  func run(patience: DispatchTimeInterval, until isDone: () -> Bool) {
    loop.run()
    while !isDone(), let work = late.take(within: patience) {
      // Work from those threads may have been a write.
      mayHaveChanged = true
      work()
      loop.run()
    }
  }

  private static func token(of person: String, _ scopes: [String], _ issuer: OwnIssuer) throws -> String {
    guard let user = UserID(person),
      let specification = TokenSpecification(
        subject: .user(
          user, principalName: nil, displayName: nil, applicationID: "fuzz", scopes: scopes, isAdministrator: false),
        tenant: .demo, issuedAt: SystemClock.now().unixSeconds, tokenID: "fuzz",
        lifeSeconds: Limits.issuedTokenSecondsMax)
    else { throw Unexpected(what: "no token") }
    return try waiting { try await issuer.sign(specification) }
  }

  /// An import: two people, a phone and interests, too few for a page that is read off the event loop.
  private static let lines: [String] =
    [
      #"{"user":{"id":"\#(owner)","displayName":"Innocenty Popov","userPrincipalName":"innocenty@contoso.example"}}"#,
      #"{"user":{"id":"\#(reader)","displayName":"Ruth Okafor"}}"#,
      #"{"userId":"\#(owner)","collection":"phones","item":{"id":"\#(phone)","allowedAudiences":"organization","#
        + #""displayName":"Car Phone","type":"other","number":"+7 499 234 56 78"}}"#,
    ]
    + (1...20).map {
      #"{"userId":"\#(owner)","collection":"interests","item":{"id":"interest-\#($0)","allowedAudiences":"me","#
        + #""displayName":"Interest \#($0)"}}"#
    }
}
