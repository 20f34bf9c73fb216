import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import OData

/// The door: answers Graph requests on their event loop and lets everything else through to Hummingbird.
///
/// It stands behind NIO's HTTP/1 pipeline with pipelining assistance, so one request of a connection is in flight at
/// a time. It owns time, `Connection: close`, HTTP/1.0, `100-continue`, parse errors and body bounds for both ways,
/// and reads nothing more while the client does not take what was sent.
final class DoorHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  let graph: GraphHandler
  let environment: DoorEnvironment
  /// Where finished bytes go out, below everything that counts requests and answers.
  var wire: ArrivalHandler?
  var context: ChannelHandlerContext?
  var phase = Phase.waiting
  var clock: ConnectionClock
  /// Whether the server is about to end: further requests would find nobody.
  var isQuiescing = false
  private var keepsAlive = true
  /// Whether the codec's last answer may have been sent in chunks: at the end of the next it would send a last one.
  private var mayBeChunking = false
  #if DEBUG
    // NIO's handlers, when they are built with assertions, want a head before each end.
    private static let mayPassCodec = false
  #else
    private static let mayPassCodec = true
  #endif
  /// Whether bodies are inflated before they come here.
  private var isInflating = false
  private var isReadHeld = false
  private var isInsideRead = false
  /// Counts requests, so that a late answer cannot reach another one.
  private var ticket = 0
  private var timer: Scheduled<Void>?
  /// A request that became complete while the answer before it was being written. It is answered afterwards, so that
  /// a thousand pipelined requests do not nest a thousand deep.
  private var complete: (HTTPRequestHead, ByteBuffer?)?
  private var isAnswering = false

  init(graph: GraphHandler, environment: DoorEnvironment) {
    self.graph = graph
    self.environment = environment
    clock = ConnectionClock(environment.timeouts, now: .now())
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    graph.metrics.connectionOpened()
    scheduleTick(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    wire = nil
    timer?.cancel()
    graph.metrics.connectionClosed()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    timer?.cancel()
    context.fireChannelInactive()
  }

  private func scheduleTick(_ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: environment.timeouts.tick) { [self] in
      tick()
    }
  }

  private func tick() {
    guard let context else { return }
    let unsent = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
    clock.unsent(unsent ?? 0, now: .now())
    switch clock.verdict(now: .now()) {
    case .fine: break
    case .closeIdle, .cut: return context.close(promise: nil)
    case .refuseSlow: refuse(.tooSlow, context, head: phase.head)
    }
    scheduleTick(context)
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isInsideRead = true
    switch unwrapInboundIn(data) {
    case .head(let head): receive(head, context, data)
    case .body(let part): receive(part, context, data)
    case .end: receiveEnd(context, data)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isInsideRead = false
    context.flush()
    context.fireChannelReadComplete()
  }

  private func receive(_ received: HTTPRequestHead, _ context: ChannelHandlerContext, _ data: NIOAny) {
    if case .lingering = phase { return }
    guard isInflating || !HeadCheck.isCompressed(received) else { return inflate(context, data) }
    var head = received
    head.uri = HeadCheck.originForm(received.uri)
    clock.headerEnded(now: .now())
    keepsAlive = keepsAlive && head.isKeepAlive
    ticket += 1
    if let refusal = HeadCheck.refusal(of: head) { return refuse(refusal, context, head: head) }
    if let refusal = graph.refusalBeforeBody(head) { return refuse(refusal, context, head: head) }
    if head.version == .http1_1, head.headers.first(name: "Expect") != nil {
      let interim = HTTPResponseHead(version: head.version, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
    }
    guard HeadCheck.isGraph(head.uri) else {
      phase = .passing(Passage(head: head))
      return context.fireChannelRead(wrapInboundOut(.head(head)))
    }
    phase = .receiving(head, body: nil)
  }

  /// Puts in front of the door what inflates bodies, and has it begin with this header section. Few clients compress, so
  /// that it is not there from the start.
  private func inflate(_ context: ChannelHandlerContext, _ head: NIOAny) {
    isInflating = true
    let decompressor = NIOHTTPRequestDecompressor(limit: .size(Limits.bodyBytesMax))
    do {
      let pipeline = context.pipeline.syncOperations
      try pipeline.addHandler(decompressor, position: .before(self))
      decompressor.channelRead(context: try pipeline.context(handler: decompressor), data: head)
    } catch {
      context.close(promise: nil)
    }
  }

  private func receive(_ part: ByteBuffer, _ context: ChannelHandlerContext, _ data: NIOAny) {
    switch phase {
    case .receiving(let head, var body):
      let size = (body?.readableBytes ?? 0) + part.readableBytes
      guard size <= Limits.bodyBytesMax else { return refuse(.bodyTooLarge, context, head: head) }
      // Let go of the body here, or each part would copy what came before it.
      phase = .receiving(head, body: nil)
      if body?.writeImmutableBuffer(part) == nil { body = part }
      phase = .receiving(head, body: body)
    case .passing(var passage):
      passage.bodyBytes += part.readableBytes
      phase = .passing(passage)
      guard passage.bodyBytes <= Limits.bodyBytesMax else { return refuse(.bodyTooLarge, context, head: passage.head) }
      context.fireChannelRead(data)
    case .waiting, .answering, .lingering: break
    }
  }

  private func receiveEnd(_ context: ChannelHandlerContext, _ data: NIOAny) {
    switch phase {
    case .receiving(let head, let body):
      clock.requestEnded()
      phase = .answering(head)
      complete = (head, body)
      answerWhatIsComplete()
    case .passing(var passage):
      passage.isRequestComplete = true
      phase = .passing(passage)
      clock.requestEnded()
      context.fireChannelRead(data)
      endPassageIfComplete(context)
    case .waiting, .answering, .lingering: break
    }
  }

  private func answerWhatIsComplete() {
    guard !isAnswering else { return }
    isAnswering = true
    while let (head, body) = complete, context != nil {
      complete = nil
      let ticket = ticket
      graph.handle(environment.request(head, body: body, at: context?.channel.localAddress)) { [self] in
        answer($0, head, ticket: ticket)
      }
    }
    isAnswering = false
  }

  // MARK: Answers

  private func answer(_ response: GraphResponse, _ head: HTTPRequestHead, ticket: Int) {
    guard ticket == self.ticket, case .answering = phase, let context else { return }
    var response = response
    // A client of HTTP/1.0 learns the end of an answer without a length from the end of the connection.
    if case .stream = response.body, head.version != .http1_1 { keepsAlive = false }
    if !keepsAlive || isQuiescing {
      response.headers[.connection] = "close"
    } else if head.version != .http1_1 {
      response.headers[.connection] = "keep-alive"
    }
    switch response.body {
    case .none:
      let hasNoBody = response.status == .noContent || response.status == .notModified
      if !hasNoBody, head.method != .HEAD { response.headers[.contentLength] = "0" }
      // A header section that names no length would be followed by an empty chunk, which HEAD must not have.
      guard hasNoBody || response.headers[.contentLength] != nil else {
        return endWithHead(response, context)
      }
      write(response, head, context)
      endAnswer(context)
    case .bytes:
      response.stateLength()
      write(response, head, context)
      endAnswer(context)
    case .stream(let stream):
      writeHead(response, head, context)
      mayBeChunking = true
      pump(stream, ticket: ticket)
    }
  }

  /// Writes a whole answer: as finished bytes, unless the codec has to be told that no further chunk follows, or has to
  /// write in another version than HTTP/1.1. Behind finished bytes only the end goes through the codec, which counts by
  /// it and writes nothing for it while it is not within chunks.
  private func write(_ response: GraphResponse, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    if Self.mayPassCodec, let wire, !mayBeChunking, request.version == .http1_1 { return response.write(to: wire) }
    writeHead(response, request, context)
    mayBeChunking = false
    if case .bytes(let bytes) = response.body {
      context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }
  }

  /// Sends a header section alone and ends the connection after it.
  private func endWithHead(_ response: GraphResponse, _ context: ChannelHandlerContext) {
    var response = response
    response.headers[.connection] = "close"
    send(response, context)
  }

  /// Sends finished bytes as the last of this connection.
  private func send(_ response: GraphResponse, _ context: ChannelHandlerContext) {
    context.flush()
    if let wire {
      response.write(to: wire)
      wire.flush()
    }
    linger(context)
  }

  private func writeHead(_ response: GraphResponse, _ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let head = HTTPResponseHead(version: request.version, status: response.status, headers: response.headers.forCodec)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  /// Sends the next piece when the client has taken those before, until the end.
  private func pump(_ stream: any ResponseStream, ticket: Int) {
    guard ticket == self.ticket, let context else { return }
    guard context.channel.isWritable else {
      waiting = (stream, ticket)
      return context.flush()
    }
    stream.next { [self] piece in
      guard ticket == self.ticket, let context = self.context else { return }
      switch piece {
      case .failure: context.close(promise: nil)
      case .success(nil): endAnswer(context)
      case .success(let bytes?):
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
        pump(stream, ticket: ticket)
      }
    }
  }

  /// A stream that waits until the client takes more.
  private var waiting: (any ResponseStream, Int)?

  private func endAnswer(_ context: ChannelHandlerContext) {
    // What comes after an answer that closes the connection is dropped, also what waits behind it already.
    phase = keepsAlive ? .waiting : .lingering
    clock.answered(now: .now())
    let keepsAlive = keepsAlive
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
    if !isInsideRead { context.flush() }
    if !keepsAlive { linger(context) }
    answerWhatIsComplete()
  }

  // MARK: Refusals

  /// Answers a request that is not read to its end, then closes once the client had a chance to read the answer.
  ///
  /// The answer goes out as finished bytes: there may be no whole request that it could be counted to.
  func refuse(_ error: GraphError, _ context: ChannelHandlerContext, head: HTTPRequestHead? = nil) {
    switch phase {
    case .lingering: return
    case .passing(let passage) where passage.hasAnswerBegun: return context.close(promise: nil)
    case .waiting, .receiving, .answering, .passing: break
    }
    ticket += 1
    var response = graph.refusal(error, headers: head?.headers ?? [:])
    response.headers[.connection] = "close"
    response.stateLength()
    send(response, context)
  }

  /// Closes the sending side and drops what still comes in: closing at once would reset the connection and take the
  /// answer away from a client that is still sending (RFC 9112 section 9.6).
  private func linger(_ context: ChannelHandlerContext) {
    phase = .lingering
    clock.lingers(now: .now())
    context.flush()
    let closed = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    closed.futureResult.whenFailure { _ in channel.close(promise: nil) }
    context.close(mode: .output, promise: closed)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow: refuse(.headersTooLarge, context)
    case is HTTPParserError: refuse(.malformedHTTP, context)
    case NIOHTTPDecompression.DecompressionError.limit: refuse(.bodyTooLarge, context, head: phase.head)
    case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
      refuse(.bodyNotInflatable, context, head: phase.head)
    default: context.close(promise: nil)
    }
  }

  // MARK: Passing through

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    // Whoever was answering a request that has been refused since comes too late.
    guard case .passing(var passage) = phase, !passage.isAnswerComplete else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    if case .end = unwrapOutboundIn(data) {
      passage.isAnswerComplete = true
    } else {
      passage.hasAnswerBegun = true
      mayBeChunking = true
    }
    phase = .passing(passage)
    context.write(data, promise: promise)
    endPassageIfComplete(context)
  }

  private func endPassageIfComplete(_ context: ChannelHandlerContext) {
    guard case .passing(let passage) = phase, passage.isAnswerComplete, passage.isRequestComplete else { return }
    phase = .waiting
    clock.answered(now: .now())
    if !keepsAlive { linger(context) }
  }

  func read(context: ChannelHandlerContext) {
    guard context.channel.isWritable else {
      isReadHeld = true
      return
    }
    context.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    if isWritable, isReadHeld {
      isReadHeld = false
      context.read()
    }
    if isWritable, let (stream, ticket) = waiting {
      waiting = nil
      pump(stream, ticket: ticket)
    }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    keepsAlive = false
    switch phase {
    case .waiting, .receiving: context.close(promise: nil)
    // The client may well wait for its answer, or still read one: the connection ends after that.
    case .answering, .lingering: break
    case .passing: context.fireUserInboundEventTriggered(event)
    }
  }
}
