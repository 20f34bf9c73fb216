import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// The HTTP/1.1 handler: answers Graph requests on their event loop and lets everything else through to Hummingbird.
///
/// It stands behind NIO's HTTP/1 pipeline with pipelining assistance, so one request of a connection is in flight at
/// a time. It owns time, `Connection: close`, HTTP/1.0, `100-continue`, parse errors and body bounds for both ways,
/// and reads nothing more while the client does not take what was sent.
final class GraphHTTP1Handler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  let graph: GraphHandler
  let environment: GraphHTTP1Environment
  /// Where finished bytes go out, below everything that counts requests and answers.
  var wire: BoundedRequestDecoder?
  var context: ChannelHandlerContext?
  var phase = Phase.waiting
  var clock: ConnectionClock
  /// Whether the client is still there, for work that takes long.
  let cancellation = RequestCancellation()
  /// The body that is being sent, when it is sent in pieces.
  var sending: Sending?
  /// Whether pieces are being sent further up the stack, which goes on with whatever is there to send.
  var isPumping = false
  /// Whether the request in flight has an `Upgrade` field, behind which the parser stops.
  var hasUpgradeField = false
  /// What waited to be sent when that was last reported; nil while nothing is reported.
  var reportedUnsent: Int?
  /// Whether the server is about to end: further requests would find nobody.
  var isQuiescing = false
  var keepsAlive = true
  /// Whether the codec's last answer may have been sent in chunks: at the end of the next it would send a last one.
  var mayBeChunking = false
  #if DEBUG
    // NIO's handlers, when they are built with assertions, want a head before each end.
    static let mayPassCodec = false
  #else
    static let mayPassCodec = true
  #endif
  /// Inflates the body in flight; nil when it comes as it is.
  private var inflater: BodyInflater?
  private var isReadHeld = false
  private(set) var isInsideRead = false
  /// Counts requests, so that a late answer cannot reach another one.
  private(set) var ticket = 0
  private var timer: Scheduled<Void>?
  /// A request that became complete while the answer before it was being written, or while the client does not take
  /// what was sent. It is answered afterwards.
  private var complete: (HTTPRequestHead, ByteBuffer?)?
  private var isAnswering = false

  init(graph: GraphHandler, environment: GraphHTTP1Environment) {
    self.graph = graph
    self.environment = environment
    clock = ConnectionClock(environment.timeouts, now: .now())
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    graph.responses.metrics.connectionOpened()
    scheduleTick(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    wire = nil
    end()
    graph.responses.metrics.connectionClosed()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    end()
    context.fireChannelInactive()
  }

  /// Nobody waits for anything any more.
  private func end() {
    timer?.cancel()
    cancellation.abandon()
    sending = nil
    complete = nil
    environment.memory.remove(ObjectIdentifier(self))
  }

  private func scheduleTick(_ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: environment.timeouts.tick) { [self] in
      tick()
    }
  }

  private func tick() {
    guard let context else { return }
    clock.unsent(unsentBytes(context), now: .now())
    reportMemory()
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
    clock.headerEnded(now: .now())
    ticket += 1
    let check: RequestHeadValidation
    do throws(GraphError) { check = try RequestHeadValidation(received) } catch {
      return refuse(error, context, head: received)
    }
    let head = check.head
    hasUpgradeField = check.mayStopParser
    keepsAlive = keepsAlive && head.isKeepAlive && !check.isLast
    if let refusal = graph.refusalBeforeBody(check) { return refuse(refusal, context, head: head) }
    if check.expectsContinue {
      let interim = HTTPResponseHead(version: head.version, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
    }
    inflater = check.coding == .identity ? nil : BodyInflater(check.coding)
    guard RequestHeadValidation.isGraph(head.uri) else {
      phase = .passing(ForwardedRequest(head: head))
      return context.fireChannelRead(wrapInboundOut(.head(head)))
    }
    phase = .receiving(head, body: nil)
  }

  private func receive(_ part: ByteBuffer, _ context: ChannelHandlerContext, _ data: NIOAny) {
    switch phase {
    case .receiving(let head, var body):
      // Let go of the body here, or each part would copy what came before it.
      phase = .receiving(head, body: nil)
      do throws(GraphError) { try append(part, to: &body) } catch { return refuse(error, context, head: head) }
      phase = .receiving(head, body: body)
      if (body?.readableBytes ?? 0) > Limits.writeBytesMax { reportMemory(hasProgressed: true) }
    case .passing(var passage):
      passage.bodyBytes += part.readableBytes
      phase = .passing(passage)
      guard passage.bodyBytes <= Limits.bodyBytesMax else { return refuse(.bodyTooLarge, context, head: passage.head) }
      context.fireChannelRead(data)
    case .waiting, .answering, .lingering: break
    }
  }

  private func append(_ part: ByteBuffer, to body: inout ByteBuffer?) throws(GraphError) {
    if let inflater { return try inflater.inflate(part, into: &body) }
    guard (body?.readableBytes ?? 0) + part.readableBytes <= Limits.bodyBytesMax else { throw .bodyTooLarge }
    if body?.writeImmutableBuffer(part) == nil { body = part }
  }

  private func receiveEnd(_ context: ChannelHandlerContext, _ data: NIOAny) {
    switch phase {
    case .receiving(let head, let body):
      do throws(GraphError) { try inflater?.finish() } catch { return refuse(error, context, head: head) }
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

  /// Answers the request that is complete. While the client does not take what was sent, it waits.
  func answerWhatIsComplete() {
    guard !isAnswering else { return }
    isAnswering = true
    while let (head, body) = complete, let context, context.channel.isWritable {
      complete = nil
      let ticket = ticket
      let request = environment.request(
        head, body: body, at: context.channel.localAddress, cancellation: cancellation)
      graph.handle(request) { [self] in answer($0, head, ticket: ticket) }
    }
    isAnswering = false
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
    sending = nil
    var response = graph.refusal(error, headers: head?.headers ?? [:], target: head?.uri ?? "")
    response.headers[.connection] = "close"
    response.stateLength()
    // The answer to HEAD is a header section alone (RFC 9110 section 9.3.2), also where the request cannot be read.
    if head.map({ $0.method == .HEAD }) ?? wire?.isHead ?? false { response.body = .none }
    send(response, context)
  }

  /// Closes the sending side and drops what still comes in: closing at once would reset the connection and take the
  /// answer away from a client that is still sending (RFC 9112 section 9.6).
  func linger(_ context: ChannelHandlerContext) {
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
    // The parser pauses at the preface of HTTP/2 (RFC 9113 section 3.4) and nowhere else.
    case HTTPParserError.paused:
      graph.responses.logger.info("A client spoke HTTP/2, which is not offered. Its connection was closed.")
      context.close(promise: nil)
    case is HTTPParserError: refuse(.malformedHTTP, context)
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
    switch unwrapOutboundIn(data) {
    case .end:
      passage.isAnswerComplete = true
      endPassage(passage, data, context, promise)
    case .head(let head):
      passage.hasAnswerBegun = true
      mayBeChunking = true
      phase = .passing(passage)
      context.write(keepsAlive ? data : closing(head), promise: promise)
    case .body:
      context.write(data, promise: promise)
    }
  }

  /// The header section of an answer behind which the connection ends, as only this handler knows.
  private func closing(_ head: HTTPResponseHead) -> NIOAny {
    var head = head
    head.headers.replaceOrAdd(name: "Connection", value: "close")
    return wrapOutboundOut(.head(head))
  }

  /// The end of an answer lets the next request in while it is written, so that all is settled before.
  private func endPassage(
    _ passage: ForwardedRequest, _ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    guard passage.isRequestComplete else {
      phase = .passing(passage)
      return context.write(data, promise: promise)
    }
    let keepsAlive = keepsAlive
    phase = keepsAlive ? .waiting : .lingering
    clock.answered(now: .now())
    context.write(data, promise: promise)
    if !keepsAlive { linger(context) }
    wire?.feed()
  }

  /// A request became complete whose answer was complete before.
  private func endPassageIfComplete(_ context: ChannelHandlerContext) {
    guard case .passing(let passage) = phase, passage.isAnswerComplete, passage.isRequestComplete else { return }
    phase = .waiting
    clock.answered(now: .now())
    if !keepsAlive { linger(context) }
    wire?.feed()
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
    if isWritable {
      reportMemory(hasProgressed: true)
      pump()
      answerWhatIsComplete()
      wire?.feed()
    } else {
      reportMemory()
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
