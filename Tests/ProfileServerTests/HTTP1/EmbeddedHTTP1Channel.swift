import Logging
import NIOCore
import NIOEmbedded
import Stores

@testable import Authentication
@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer
@testable import Profiles

/// A Graph service for connections without sockets. Each test makes its own, because it needs a store. Stays on one
/// thread.
final class EmbeddedService {
  let loop = EmbeddedEventLoop()
  let bufferBudget = BufferedBytesBudget()
  let graph: GraphHandler
  private let store: SQLiteStore

  init(_ issuer: OwnIssuer) throws {
    guard let addresses = AuthorityAddresses(publicURL: nil) else { throw ChannelError.inputClosed }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    store = try SQLiteStore.temporary()
    let service = ProfileService(store: store, environment: RequestLifeTests.environment, evaluations: .onThreads())
    let verifier = TokenVerifier(own: issuer, addresses: addresses, issuers: [], clock: { 0 }, logger: logger)
    graph = GraphHandler(
      session: try service.makeSession { _ in },
      authenticator: RequestAuthenticator(verifier: verifier, addresses: addresses, eventLoop: loop),
      settings: GraphSettings(
        sourceShape: .auto, lenientNames: false, pageTokenCipher: PageTokenCipher(), batchRequestsMax: 1),
      metrics: ServerMetrics(), logger: logger)
  }

  deinit { store.close() }

  /// A new connection, as the server builds it.
  func connect() throws -> EmbeddedHTTP1Channel { try EmbeddedHTTP1Channel(self) }
}

/// The pipeline of one connection without a socket.
final class EmbeddedHTTP1Channel {
  let channel: EmbeddedChannel

  fileprivate init(_ service: EmbeddedService) throws {
    channel = EmbeddedChannel(loop: service.loop)
    let environment = GraphHTTP1Environment(
      isSecure: false, origin: ServiceOrigin(publicURL: nil), timeouts: ConnectionTimeouts(),
      bufferBudget: service.bufferBudget)
    try GraphHTTP1Channel.addGraphHTTP1Handler(to: channel.pipeline.syncOperations, graph: service.graph, environment)
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
  }

  /// Sends bytes that the server reads at once; does nothing on a closed connection.
  func send(_ text: String) throws {
    guard channel.isActive else { return }
    try channel.writeInbound(ByteBuffer(string: text))
  }

  /// Sets whether the channel is writable.
  func setWritable(_ isWritable: Bool) {
    channel.isWritable = isWritable
    channel.pipeline.fireChannelWritabilityChanged()
  }

  /// All bytes that the server has sent since the last call.
  func received() throws -> String {
    var text = ""
    while let bytes = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: bytes) }
    return text
  }

  /// The status lines that the server has sent since the last call.
  func statusLines() throws -> [String] {
    // No body of these tests contains these characters.
    let parts = try received().utf8.split(separator: "HTTP/1.1 ".utf8)
    return parts.map { part in "HTTP/1.1 " + String(decoding: part.prefix { $0 != 0x0D }, as: UTF8.self) }
  }
}
