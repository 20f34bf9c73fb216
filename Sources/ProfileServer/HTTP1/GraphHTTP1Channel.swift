import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import OData
import Profiles

/// What `GraphHTTP1Handler` needs to know of its listener.
struct GraphHTTP1Environment: Sendable {
  /// Whether connections use TLS.
  let isSecure: Bool
  /// The origin of links in responses.
  let origin: ServiceOrigin
  let timeouts: ConnectionTimeouts
  /// The budget that all connections of the server share.
  let bufferBudget: BufferedBytesBudget

  /// An environment from its parts.
  init(
    isSecure: Bool, origin: ServiceOrigin, timeouts: ConnectionTimeouts,
    bufferBudget: BufferedBytesBudget = BufferedBytesBudget()
  ) {
    self.isSecure = isSecure
    self.origin = origin
    self.timeouts = timeouts
    self.bufferBudget = bufferBudget
  }

  /// The Graph request of a header section and a body. `address`, that of the listening socket, stands in for a missing
  /// or unusable `Host`.
  func request(
    _ head: HTTPRequestHead, body: ByteBuffer?, at address: @autoclosure () -> SocketAddress?,
    cancellation: RequestCancellation? = nil
  ) -> GraphRequest {
    GraphRequest(
      method: head.method, target: head.uri, headers: RequestFields(head.headers), body: body,
      origin: origin.origin(
        host: head.headers.first(name: "Host"), isSecure: isSecure, fallback: Self.authority(address())),
      cancellation: cancellation)
  }

  /// An address as the authority of a URL (RFC 3986 section 3.2).
  private static func authority(_ address: SocketAddress?) -> String {
    guard let address, let ip = address.ipAddress, let port = address.port else { return "localhost" }
    return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
  }
}

/// Hummingbird's HTTP/1.1 channel with `GraphHTTP1Handler` in its pipeline.
struct GraphHTTP1Channel: ServerChildChannel, HTTPChannelHandler {
  typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  let responder: HTTPChannelHandler.Responder
  let handlers: LoopHandlers
  let environment: GraphHTTP1Environment

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try Self.addGraphHTTP1Handler(to: pipeline, graph: try handlers.handler(of: channel.eventLoop), environment)
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: environment.isSecure))
      try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: nil, logger: logger))
      return try NIOAsyncChannel(
        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }
  }

  /// Adds every channel handler from the socket up to `GraphHTTP1Handler`. Throws when the channel is closed.
  static func addGraphHTTP1Handler(
    to pipeline: ChannelPipeline.SynchronousOperations, graph: GraphHandler, _ environment: GraphHTTP1Environment
  ) throws {
    let http1 = GraphHTTP1Handler(graph: graph, environment: environment)
    let decoder = BackPressureRequestDecoder(consumer: http1)
    try pipeline.addHandler(decoder)
    http1.decoder = decoder
    http1.writer = SerializedResponseWriter(try pipeline.context(handler: decoder))
    try pipeline.addHandler(HTTPResponseEncoder())
    try pipeline.addHandler(http1)
  }

  func handle(value: Value, logger: Logger) async {
    await handleHTTP(asyncChannel: value, logger: logger)
  }
}

/// The Graph handler of each event loop, made before the first connection is accepted.
struct LoopHandlers: Sendable {
  /// A connection came on an event loop without a handler: the server was given another event loop group.
  struct UnknownLoop: Error {}

  private let handlers: [ObjectIdentifier: NIOLoopBound<GraphHandler>]

  /// Makes a handler on each event loop of `group`. Throws what `make` throws.
  init(
    group: any EventLoopGroup, make: @escaping @Sendable (any EventLoop) throws -> GraphHandler
  ) async throws {
    var handlers: [ObjectIdentifier: NIOLoopBound<GraphHandler>] = [:]
    for loop in group.makeIterator() {
      handlers[ObjectIdentifier(loop)] = try await loop.submit {
        NIOLoopBound(try make(loop), eventLoop: loop)
      }.get()
    }
    self.handlers = handlers
  }

  /// The handler of an event loop; must be called on it. Throws `UnknownLoop` when the loop has none.
  func handler(of loop: any EventLoop) throws -> GraphHandler {
    guard let handler = handlers[ObjectIdentifier(loop)] else { throw UnknownLoop() }
    return handler.value
  }
}
