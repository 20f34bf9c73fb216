import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A real HTTP server on a loopback port, with documents that a test can exchange.
final class StubServer: Sendable {
  struct Document: Sendable {
    var status: HTTPResponseStatus = .ok
    var body: String
    /// Whether the request is left without an answer.
    var isSilent = false
    /// Where a redirection leads.
    var location: String?
  }

  private let documents = Mutex<[String: Document]>([:])
  private let hits = Mutex<[String: Int]>([:])
  private let channel: any Channel

  private let shared: Shared

  private init(channel: any Channel, shared: Shared) {
    self.channel = channel
    self.shared = shared
  }

  /// Runs `body` with a server, which is closed afterwards.
  static func run<T>(_ body: (StubServer) async throws -> T) async throws -> T {
    let shared = Shared()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        shared.countConnection()
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(shared: shared))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let server = StubServer(channel: channel, shared: shared)
    shared.set(server)
    do {
      let result = try await body(server)
      try await channel.close()
      return result
    } catch {
      try? await channel.close()
      throw error
    }
  }

  var port: Int { channel.localAddress?.port ?? 0 }
  var base: String { "http://127.0.0.1:\(port)" }

  func set(_ path: String, _ document: Document?) { documents.withLock { $0[path] = document } }
  func set(_ path: String, _ body: String) { set(path, Document(body: body)) }

  /// How often a path was asked for.
  func hitCount(_ path: String) -> Int { hits.withLock { $0[path] ?? 0 } }

  /// How many connections were made, whatever came over them.
  var connectionCount: Int { shared.connectionCount }

  private func document(at path: String) -> Document? {
    hits.withLock { $0[path, default: 0] += 1 }
    return documents.withLock { $0[path] }
  }

  private final class Shared: Sendable {
    private let server = Mutex<StubServer?>(nil)
    private let connections = Mutex(0)
    var connectionCount: Int { connections.withLock { $0 } }
    func countConnection() { connections.withLock { $0 += 1 } }
    func set(_ server: StubServer) { self.server.withLock { $0 = server } }
    func document(at path: String) -> Document? { server.withLock { $0 }?.document(at: path) }
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let shared: Shared
    private var path = ""

    init(shared: Shared) { self.shared = shared }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): path = head.uri
      case .body: break
      case .end: answer(context)
      }
    }

    private func answer(_ context: ChannelHandlerContext) {
      let document = shared.document(at: path) ?? Document(status: .notFound, body: "")
      guard !document.isSilent else { return }
      var headers: HTTPHeaders = ["content-length": String(document.body.utf8.count)]
      if let location = document.location { headers.add(name: "location", value: location) }
      let head = HTTPResponseHead(version: .http1_1, status: document.status, headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: document.body)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
