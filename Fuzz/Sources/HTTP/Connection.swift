import Dispatch
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import ProfileServer

/// One connection to a service, from the received bytes to the sent ones.
final class Connection {
  private let service: Service
  private let channel: EmbeddedChannel
  private let socket = Socket()
  private let decoded = DecodedHeads()
  private let http1: GraphHTTP1Handler

  /// Sets up the server's channel pipeline, and `saboteur`, which corrupts responses.
  init(to service: Service, saboteur: (any ChannelHandler)? = nil) throws {
    self.service = service
    channel = EmbeddedChannel(loop: service.loop)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(socket)
    if let saboteur { try pipeline.addHandler(saboteur) }
    let environment = GraphHTTP1Environment(
      isSecure: false, origin: ServiceOrigin(publicURL: nil), timeouts: ConnectionTimeouts())
    try GraphHTTP1Channel.addGraphHTTP1Handler(to: pipeline, graph: service.graph, environment)
    http1 = try pipeline.handler(type: GraphHTTP1Handler.self)
    try pipeline.addHandler(decoded, position: .before(http1))
    try pipeline.addHandler(Remainder())
    channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
  }

  /// Sends a script with this segmentation, then closes the connection. Throws when work is left undone.
  func run(_ script: Script, _ segmentation: Script.Segmentation) throws -> Exchange {
    if segmentation == .unread { setWritable(false) }
    for part in script.parts(segmentation) where !part.isEmpty && !socket.isClosed {
      try channel.writeInbound(ByteBuffer(bytes: part))
      if segmentation != .unread { try settle() }
    }
    if segmentation == .unread {
      service.run(patience: .milliseconds(1)) { !http1.isAwaitingResponse }
      let early = AnswerReading(socket.sent, to: decoded.heads).answers.count
      guard early <= 1 else { throw Unexpected(what: "\(early) answers wait for a client that takes none") }
      setWritable(true)
    }
    try settle()
    let exchange = Exchange(
      received: script.bytes, sent: socket.sent, isClosed: socket.isClosed || socket.isOutputClosed,
      heads: decoded.heads)
    try end(mayAnswer: RequestReading(script.bytes).end != .nothing)
    return exchange
  }

  /// Waits until the request in flight is answered.
  private func settle() throws {
    service.run(patience: .seconds(5)) { !http1.isAwaitingResponse }
    guard !http1.isAwaitingResponse || socket.isClosed else { throw Unexpected(what: "a request is never answered") }
    guard !socket.hasUnflushed else { throw Unexpected(what: "an answer was written and not sent") }
    if let fault = socket.fault { throw Unexpected(what: fault) }
  }

  /// Closes the client's side. A request that has begun may still be refused.
  private func end(mayAnswer: Bool) throws {
    if !socket.isClosed {
      let before = socket.sent.count
      channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      try settle()
      guard mayAnswer || socket.sent.count == before else { throw Unexpected(what: "an answer to the end of a client") }
      channel.close(promise: nil)
    }
    service.loop.run()
  }

  private func setWritable(_ isWritable: Bool) {
    channel.isWritable = isWritable
    channel.pipeline.fireChannelWritabilityChanged()
  }
}

/// The end of the pipeline in place of a socket: records what is sent and closed.
private final class Socket: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private(set) var sent: [UInt8] = []
  private(set) var isClosed = false
  private(set) var isOutputClosed = false
  /// The first misuse of the socket; nil when there is none.
  private(set) var fault: String?
  private var unflushed: [UInt8] = []

  var hasUnflushed: Bool { !unflushed.isEmpty }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let bytes = unwrapOutboundIn(data)
    if isClosed || isOutputClosed, bytes.readableBytes > 0 { fault = "bytes are written to a closed connection" }
    unflushed += bytes.readableBytesView
    promise?.succeed(())
  }

  func flush(context: ChannelHandlerContext) {
    sent += unflushed
    unflushed = []
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch mode {
    case .output:
      isOutputClosed = true
      promise?.succeed(())
    case .input: promise?.succeed(())
    case .all:
      isClosed = true
      context.close(mode: mode, promise: promise)
    }
  }
}

/// Records the header sections that reach the request handler.
private final class DecodedHeads: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  private(set) var heads: [AnswerReading.RequestSummary] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(let head) = unwrapInboundIn(data) {
      heads.append(AnswerReading.RequestSummary(method: head.method.rawValue, isHTTP10: head.version == .http1_0))
    }
    context.fireChannelRead(data)
  }
}

/// A stand-in for the routes that are not Graph's: it responds with the request itself.
private final class Remainder: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private var head: HTTPRequestHead?
  private var body = ByteBuffer()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end: answer(context)
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    guard let head else { broken("the end of a request came without its beginning") }
    var text = ByteBuffer(string: "\(head.method) \(head.uri) \(body.readableBytes) ")
    text.writeBuffer(&body)
    var headers: HTTPHeaders = ["Content-Length": "\(text.readableBytes)"]
    if !head.isKeepAlive {
      headers.add(name: "Connection", value: "close")
    } else if head.version == .http1_0 {
      headers.add(name: "Connection", value: "keep-alive")
    }
    context.write(
      wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .ok, headers: headers))), promise: nil)
    if head.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(text))), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
