import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import OData
import Profiles

/// What the HTTP/1.1 handler needs to know of its listener.
struct GraphHTTP1Environment: Sendable {
  let isSecure: Bool
  let origin: ServiceOrigin
  let timeouts: ConnectionTimeouts
  /// What all connections keep waiting.
  let memory: ConnectionMemory

  /// An environment from its parts.
  init(
    isSecure: Bool, origin: ServiceOrigin, timeouts: ConnectionTimeouts, memory: ConnectionMemory = ConnectionMemory()
  ) {
    self.isSecure = isSecure
    self.origin = origin
    self.timeouts = timeouts
    self.memory = memory
  }

  /// The neutral form of a request that came in at `address`, which stands for a `Host` that cannot be used.
  func request(
    _ head: HTTPRequestHead, body: ByteBuffer?, at address: @autoclosure () -> SocketAddress?,
    cancellation: RequestCancellation? = nil
  ) -> GraphRequest {
    GraphRequest(
      method: head.method, target: head.uri, headers: head.headers, body: body,
      origin: origin.origin(
        host: head.headers.first(name: "Host"), isSecure: isSecure, fallback: Self.authority(address())),
      cancellation: cancellation)
  }
}

extension GraphHTTP1Environment {
  /// An address of this machine as it stands in URLs.
  private static func authority(_ address: SocketAddress?) -> String {
    guard let address, let ip = address.ipAddress, let port = address.port else { return "localhost" }
    return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
  }
}

/// Hummingbird's HTTP/1.1 channel with the HTTP/1.1 handler in it.
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

  /// Adds everything from the socket up to the HTTP/1.1 handler.
  static func addGraphHTTP1Handler(
    to pipeline: ChannelPipeline.SynchronousOperations, graph: GraphHandler, _ environment: GraphHTTP1Environment
  ) throws {
    let http1 = GraphHTTP1Handler(graph: graph, environment: environment)
    let wire = BoundedRequestDecoder(http1: http1)
    http1.wire = wire
    try pipeline.addHandler(wire)
    try pipeline.addHandler(HTTPResponseEncoder())
    try pipeline.addHandler(HTTPServerPipelineHandler())
    try pipeline.addHandler(http1)
  }

  func handle(value: Value, logger: Logger) async {
    await handleHTTP(asyncChannel: value, logger: logger)
  }
}

/// The one Graph handler of each event loop, made before the first connection.
struct LoopHandlers: Sendable {
  /// A connection came on a loop that has no handler: the server was composed with another group of loops.
  struct UnknownLoop: Error {}

  private let handlers: [ObjectIdentifier: NIOLoopBound<GraphHandler>]

  /// Makes a handler on each loop of `group`.
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

  /// The handler of a loop; must be called on it.
  func handler(of loop: any EventLoop) throws -> GraphHandler {
    guard let handler = handlers[ObjectIdentifier(loop)] else { throw UnknownLoop() }
    return handler.value
  }
}
