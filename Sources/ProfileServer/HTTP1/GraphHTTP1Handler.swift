import Logging
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// The HTTP/1.1 channel handler: answers Graph requests on their event loop and forwards all others to Hummingbird.
///
/// It follows `BackPressureRequestDecoder`, so a connection has one current request. For both kinds
/// of requests it enforces timeouts and body bounds and handles `Connection: close` (RFC 9112 section 9.6), HTTP/1.0,
/// `100-continue` (RFC 9110 section 10.1.1) and parse errors. Back pressure: while the channel is not writable, it
/// reads nothing and begins no request.
final class GraphHTTP1Handler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  /// Handles Graph requests.
  let graph: GraphHandler
  let environment: GraphHTTP1Environment
  /// The first handler of the pipeline.
  @exclusivity(unchecked) var decoder: BackPressureRequestDecoder?
  /// Writes responses that are serialized here.
  @exclusivity(unchecked) var writer: SerializedResponseWriter?
  @exclusivity(unchecked) var context: ChannelHandlerContext?
  /// The state of the current request.
  @exclusivity(unchecked) var phase = Phase.waiting
  /// The state of the timeouts.
  var timeouts: TimeoutStateMachine
  /// Tells long operations that the client is gone.
  let cancellation = RequestCancellation()
  /// The body that is being sent in chunks.
  var outgoingBody: OutgoingBody?
  /// Whether `pump` is running further up the stack; it sends whatever there is to send.
  @exclusivity(unchecked) var isPumping = false
  /// Whether the current request has an `Upgrade` field, after which NIO's decoder stops.
  @exclusivity(unchecked) var hasUpgradeField = false
  /// How many bytes were unsent at the last report to the budget; nil while this connection is not counted there.
  var reportedUnsentBytes: Int?
  /// Whether the server is shutting down: the connection is closed after the current response.
  @exclusivity(unchecked) private var isQuiescing = false
  /// Whether the client has closed its side.
  @exclusivity(unchecked) private var hasInputEnded = false
  /// Whether the connection persists after the current response (RFC 9112 section 9.3).
  @exclusivity(unchecked) var keepsAlive = true
  /// Whether NIO's encoder has the head of the current response, so that it must be given the end.
  @exclusivity(unchecked) var isEncoding = false
  /// Inflates the body of the current request; nil when it is not compressed.
  @exclusivity(unchecked) private var inflater: BodyInflater?
  /// How long the body of the current request may be.
  @exclusivity(unchecked) private var bodyBound = BodyBound.ordinary
  @exclusivity(unchecked) private var isReadDeferred = false
  /// Whether the channel is between `channelRead` and `channelReadComplete`.
  @exclusivity(unchecked) private(set) var isInsideRead = false
  /// Counts requests, so that a late response is not taken for that of another request.
  @exclusivity(unchecked) private(set) var requestNumber = 0
  private var timer: Scheduled<Void>?
  /// A complete request that waits until the response before it is written and the channel is writable.
  @exclusivity(unchecked) private var pendingRequest: (HTTPRequestHead, ByteBuffer?)?
  @exclusivity(unchecked) private var isHandlingRequest = false

  /// A handler for one connection.
  init(graph: GraphHandler, environment: GraphHTTP1Environment) {
    self.graph = graph
    self.environment = environment
    timeouts = TimeoutStateMachine(environment.timeouts, now: .now())
  }

  // MARK: Life cycle

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    graph.responses.metrics.connectionOpened()
    scheduleTick(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    decoder = nil
    writer = nil
    end()
    graph.responses.metrics.connectionClosed()
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    end()
    context.fireChannelInactive()
  }

  /// Ends everything that belongs to the connection.
  private func end() {
    timer?.cancel()
    cancellation.cancel()
    outgoingBody = nil
    pendingRequest = nil
    environment.bufferBudget.remove(ObjectIdentifier(self))
  }

  private func scheduleTick(_ context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(in: environment.timeouts.tick) { [self] in
      tick()
    }
  }

  private func tick() {
    guard let context else { return }
    timeouts.unsent(unsentBytes(context), now: .now())
    reportBufferedBytes()
    switch timeouts.action(now: .now()) {
    case .none: break
    case .closeIdle, .abort:
      // With TLS, input may still arrive while the connection closes.
      phase = .lingering
      return context.close(promise: nil)
    case .respondTimeout: refuse(.tooSlow, context, head: phase.head)
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
    flush(context)
    context.fireChannelReadComplete()
  }

  private func receive(_ received: HTTPRequestHead, _ context: ChannelHandlerContext, _ data: NIOAny) {
    if case .lingering = phase { return }
    timeouts.headerEnded(now: .now())
    requestNumber += 1
    let validation: RequestHeadValidation
    do throws(GraphError) { validation = try RequestHeadValidation(received) } catch {
      return refuse(error, context, head: received)
    }
    let head = validation.head
    hasUpgradeField = validation.hasUpgradeField
    keepsAlive = keepsAlive && head.isKeepAlive && !validation.isLast
    if let refusal = graph.refusalBeforeBody(validation) { return refuse(refusal, context, head: head) }
    if validation.expectsContinue {
      let interim = HTTPResponseHead(version: head.version, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
    }
    bodyBound = validation.bodyBound
    inflater = validation.coding == .identity ? nil : BodyInflater(validation.coding, bound: bodyBound)
    guard RequestHeadValidation.isGraph(head.uri) else {
      phase = .forwarding(ForwardedRequest(head: head))
      return context.fireChannelRead(wrapInboundOut(.head(head)))
    }
    phase = .receiving(head, body: nil)
  }

  private func receive(_ part: ByteBuffer, _ context: ChannelHandlerContext, _ data: NIOAny) {
    switch phase {
    case .receiving(let head, var body):
      // The phase must not hold the body meanwhile, or appending would copy it.
      phase = .receiving(head, body: nil)
      do throws(GraphError) { try append(part, to: &body) } catch { return refuse(error, context, head: head) }
      phase = .receiving(head, body: body)
      if (body?.readableBytes ?? 0) > Limits.writeBytesMax { reportBufferedBytes(hasProgressed: true) }
    case .forwarding(var request):
      request.bodyBytes += part.readableBytes
      phase = .forwarding(request)
      guard request.bodyBytes <= Limits.bodyBytesMax else { return refuse(.bodyTooLarge, context, head: request.head) }
      context.fireChannelRead(data)
    case .waiting, .responding, .lingering: break
    }
  }

  private func append(_ part: ByteBuffer, to body: inout ByteBuffer?) throws(GraphError) {
    if let inflater { return try inflater.inflate(part, into: &body) }
    guard (body?.readableBytes ?? 0) + part.readableBytes <= bodyBound.bytesMax else { throw bodyBound.refusal }
    if body?.writeImmutableBuffer(part) == nil { body = part }
  }

  private func receiveEnd(_ context: ChannelHandlerContext, _ data: NIOAny) {
    switch phase {
    case .receiving(let head, let body):
      do throws(GraphError) { try inflater?.finish() } catch { return refuse(error, context, head: head) }
      timeouts.requestEnded()
      phase = .responding(head)
      pendingRequest = (head, body)
      respondToPendingRequest()
    case .forwarding(var request):
      request.isRequestComplete = true
      phase = .forwarding(request)
      timeouts.requestEnded()
      context.fireChannelRead(data)
      endForwardedIfComplete(context)
    case .waiting, .responding, .lingering: break
    }
  }

  /// Handles the request that is complete, unless the channel is not writable.
  func respondToPendingRequest() {
    guard !isHandlingRequest else { return }
    isHandlingRequest = true
    while let (head, body) = pendingRequest, let context, context.channel.isWritable {
      pendingRequest = nil
      let number = requestNumber
      let request = environment.request(
        head, body: body, at: context.channel.localAddress, cancellation: cancellation)
      graph.handle(request) { [self] in respond($0, to: head, requestNumber: number) }
    }
    isHandlingRequest = false
  }

  // MARK: Refusals

  /// Responds to a request that is not read to its end, then closes the connection once the client could read the
  /// response.
  ///
  /// The response bypasses NIO's encoder, as whole responses do.
  func refuse(_ error: GraphError, _ context: ChannelHandlerContext, head: HTTPRequestHead? = nil) {
    switch phase {
    case .lingering: return
    case .forwarding(let request) where request.hasResponseBegun: return context.close(promise: nil)
    case .responding where isEncoding: return context.close(promise: nil)
    case .waiting, .receiving, .responding, .forwarding: break
    }
    requestNumber += 1
    outgoingBody = nil
    var response = graph.responses.refusal(error, headers: RequestFields(head?.headers ?? [:]), target: head?.uri ?? "")
    response.headers[.connection] = "close"
    response.setContentLength()
    // A response to HEAD has no body (RFC 9110 section 9.3.2), even where the rest of the request cannot be parsed.
    if head.map({ $0.method == .HEAD }) ?? decoder?.isHead ?? false { response.body = .none }
    sendLast(response, context)
  }

  /// Sends what has been written, closes the sending side and discards further input. Closing both sides at once would reset the connection, and a
  /// client that is still sending would lose the response (RFC 9112 section 9.6). So both sides are closed only when the
  /// server is shutting down, and only if the last request was read to its end.
  func linger(_ context: ChannelHandlerContext, isRequestComplete: Bool) {
    phase = .lingering
    timeouts.lingers(now: .now())
    flush(context)
    guard !hasInputEnded else { return closeWhenSent(context) }
    let closed = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    closed.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { [self] result in
      if case .success = result, !(isRequestComplete && isQuiescing) { return }
      channel.close(promise: nil)
    }
    context.close(mode: .output, promise: closed)
  }

  /// Closes a connection whose client has closed its side, once everything is sent: closing the output alone would make
  /// NIO close both sides at once, and drop what is not sent.
  private func closeWhenSent(_ context: ChannelHandlerContext) {
    let channel = context.channel
    guard let writer else { return channel.close(promise: nil) }
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
    writer.flush(sent)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.headerOverflow: refuse(.headersTooLarge, context)
    // The decoder pauses at the HTTP/2 connection preface (RFC 9113 section 3.4) and nowhere else.
    case HTTPParserError.paused:
      graph.responses.logger.info("A client spoke HTTP/2, which is not offered. Its connection was closed.")
      context.close(promise: nil)
    case is HTTPParserError: refuse(.malformedHTTP, context)
    default: context.close(promise: nil)
    }
  }

  // MARK: Forwarding to Hummingbird

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    // The request may have been refused since it was forwarded.
    guard case .forwarding(var request) = phase, !request.isResponseComplete else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .end:
      request.isResponseComplete = true
      endForwarded(request, data, context, promise)
    case .head(let head):
      request.hasResponseBegun = true
      phase = .forwarding(request)
      context.write(keepsAlive ? data : closing(head), promise: promise)
    case .body:
      context.write(data, promise: promise)
    }
  }

  /// A response head with `Connection: close`.
  private func closing(_ head: HTTPResponseHead) -> NIOAny {
    var head = head
    head.headers.replaceOrAdd(name: "Connection", value: "close")
    return wrapOutboundOut(.head(head))
  }

  /// Writes the end of a response. Writing it lets the next request in, so the state is updated before.
  private func endForwarded(
    _ request: ForwardedRequest, _ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    guard request.isRequestComplete else {
      phase = .forwarding(request)
      return context.write(data, promise: promise)
    }
    let keepsAlive = keepsAlive
    phase = keepsAlive ? .waiting : .lingering
    timeouts.responseEnded(now: .now())
    context.write(data, promise: promise)
    if !keepsAlive { linger(context, isRequestComplete: true) }
    decoder?.parseInput()
  }

  /// Ends a request that became complete after its response.
  private func endForwardedIfComplete(_ context: ChannelHandlerContext) {
    guard case .forwarding(let request) = phase, request.isResponseComplete, request.isRequestComplete else { return }
    phase = .waiting
    timeouts.responseEnded(now: .now())
    if !keepsAlive { linger(context, isRequestComplete: true) }
    decoder?.parseInput()
  }

  // MARK: Back pressure

  func read(context: ChannelHandlerContext) {
    guard context.channel.isWritable else {
      isReadDeferred = true
      return
    }
    context.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    let isWritable = context.channel.isWritable
    if isWritable, isReadDeferred {
      isReadDeferred = false
      context.read()
    }
    if isWritable {
      reportBufferedBytes(hasProgressed: true)
      pump()
      respondToPendingRequest()
      decoder?.parseInput()
    } else {
      reportBufferedBytes()
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: The end of the connection

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent: quiesce(context)
    case ChannelEvent.inputClosed: inputClosed(context)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  /// The server is shutting down: an idle connection is closed once everything is sent, and any other after its
  /// response, which says so.
  private func quiesce(_ context: ChannelHandlerContext) {
    isQuiescing = true
    keepsAlive = false
    if case .waiting = phase { linger(context, isRequestComplete: true) }
  }

  private func inputClosed(_ context: ChannelHandlerContext) {
    keepsAlive = false
    hasInputEnded = true
    switch phase {
    case .waiting: linger(context, isRequestComplete: true)
    case .receiving: context.close(promise: nil)
    // The client may still read its response: the connection ends after that.
    case .responding, .lingering: break
    case .forwarding: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
  }
}
