import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Responses to Graph requests.
extension GraphHTTP1Handler {
  /// A body that is sent in chunks, no faster than the client reads them.
  struct OutgoingBody {
    /// The part of the last chunk that is not written yet.
    var rest: ByteBuffer
    /// Where further chunks come from; nil when `rest` is the end of the body.
    let stream: (any ResponseStream)?
    /// The number of the request that is answered.
    let requestNumber: Int
    /// Whether the stream was asked for a chunk that it has not given yet.
    var isAwaitingChunk = false
  }

  /// Sends the response to the request with a header section and a number. One that comes too late is dropped.
  func respond(_ response: GraphResponse, to head: HTTPRequestHead, requestNumber: Int) {
    guard requestNumber == self.requestNumber, case .responding = phase, let context else { return }
    var response = response
    // For a client of HTTP/1.0, a body without a length ends with the connection (RFC 9112 section 6.3).
    if case .stream = response.body, head.version != .http1_1 { keepsAlive = false }
    if !keepsAlive {
      response.headers[.connection] = "close"
    } else if head.version != .http1_1 {
      response.headers[.connection] = "keep-alive"
    }
    switch response.body {
    case .none:
      let hasNoBody = response.status == .noContent || response.status == .notModified
      if !hasNoBody, head.method != .HEAD { response.headers[.contentLength] = "0" }
      // Without a length NIO's encoder would send an empty chunk, which a response to HEAD must not have.
      guard hasNoBody || response.headers[.contentLength] != nil else {
        return endWithHead(response, context)
      }
      write(response, to: head, context)
      endResponse(context)
    case .bytes(let bytes):
      guard bytes.readableBytes > Limits.writeBytesMax else {
        write(response, to: head, context)
        return endResponse(context)
      }
      response.setContentLength()
      writeHead(response, to: head, context)
      outgoingBody = OutgoingBody(rest: bytes, stream: nil, requestNumber: requestNumber)
      pump()
    case .stream(let stream):
      writeHead(response, to: head, context)
      outgoingBody = OutgoingBody(rest: ByteBuffer(), stream: stream, requestNumber: requestNumber)
      pump()
    }
  }

  /// Writes a whole response: serialized here, unless NIO's encoder must write it because of its HTTP version.
  private func write(_ response: GraphResponse, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    if let writer, request.version == .http1_1 { return response.write(to: writer) }
    var response = response
    response.setContentLength()
    writeHead(response, to: request, context)
    if case .bytes(let bytes) = response.body {
      context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }
  }

  /// Sends a header section alone and ends the connection after it.
  private func endWithHead(_ response: GraphResponse, _ context: ChannelHandlerContext) {
    var response = response
    response.headers[.connection] = "close"
    sendLast(response, context)
  }

  /// Sends a serialized response as the last of this connection.
  func sendLast(_ response: GraphResponse, _ context: ChannelHandlerContext) {
    if let writer { response.write(to: writer) }
    linger(context, isRequestComplete: false)
  }

  private func writeHead(_ response: GraphResponse, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let head = HTTPResponseHead(
      version: request.version, status: response.status, headers: response.headers.httpHeaders)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    isEncoding = true
  }

  /// Sends what has been written, from next to the socket, as no handler in between holds anything back.
  func flush(_ context: ChannelHandlerContext) {
    guard let writer else { return context.flush() }
    writer.flush()
  }

  // MARK: Bodies in chunks

  /// Sends chunks of the body while the channel is writable, until its end. It loops, since nested calls could exhaust
  /// the stack; after a time slice the event loop's other connections have their turn.
  func pump() {
    guard !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    let end = NIODeadline.now() + .microseconds(Int64(Limits.evaluationSliceMicroseconds))
    while let outgoingBody, !outgoingBody.isAwaitingChunk, let context {
      guard isWritable(context) else { return reportBufferedBytes() }
      if outgoingBody.rest.readableBytes > 0 {
        writeChunk(context)
      } else if let stream = outgoingBody.stream {
        requestChunk(stream, requestNumber: outgoingBody.requestNumber)
      } else {
        self.outgoingBody = nil
        endResponse(context)
      }
      guard NIODeadline.now() < end else { return pumpLater(context) }
    }
  }

  private func pumpLater(_ context: ChannelHandlerContext) {
    context.eventLoop.assumeIsolatedUnsafeUnchecked().execute { [self] in pump() }
  }

  /// Whether the channel is writable, if need be after a flush.
  private func isWritable(_ context: ChannelHandlerContext) -> Bool {
    if context.channel.isWritable { return true }
    context.flush()
    return context.channel.isWritable
  }

  private func writeChunk(_ context: ChannelHandlerContext) {
    let length = min(outgoingBody?.rest.readableBytes ?? 0, Limits.writeBytesMax)
    guard let chunk = outgoingBody?.rest.readSlice(length: length) else { return }
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(chunk))), promise: nil)
  }

  private func requestChunk(_ stream: any ResponseStream, requestNumber: Int) {
    outgoingBody?.isAwaitingChunk = true
    stream.next { [self] chunk in
      guard requestNumber == self.requestNumber, outgoingBody != nil, let context else { return }
      switch chunk {
      case .failure:
        outgoingBody = nil
        return context.close(promise: nil)
      case .success(nil):
        outgoingBody = nil
        endResponse(context)
      case .success(let bytes?):
        outgoingBody?.rest = bytes
        outgoingBody?.isAwaitingChunk = false
      }
      pump()
    }
  }

  private func endResponse(_ context: ChannelHandlerContext) {
    // After a response that closes the connection, input is discarded, pipelined requests included.
    phase = keepsAlive ? .waiting : .lingering
    timeouts.responseEnded(now: .now())
    let keepsAlive = keepsAlive
    if isEncoding {
      isEncoding = false
      context.write(wrapOutboundOut(.end(nil)), promise: nil)
    }
    if !keepsAlive { linger(context, isRequestComplete: true) }
    // Inside a read the decoder goes on with pipelined requests, and `channelReadComplete` flushes.
    guard !isInsideRead else {
      if let writer, writer.unflushedBytes > Limits.writeBytesMax { writer.flush() }
      return
    }
    flush(context)
    respondToPendingRequest()
    decoder?.parseInput()
  }

  func closeAfterResponse() {
    keepsAlive = false
    guard case .waiting = phase, let context else { return }
    linger(context, isRequestComplete: true)
  }

  // MARK: Buffered bytes

  /// How many bytes were written and not sent.
  func unsentBytes(_ context: ChannelHandlerContext) -> Int {
    // A channel without this option buffers nothing.
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Reports how many bytes this connection keeps in memory, and closes it when its unsent bytes exceed their bound.
  func reportBufferedBytes(hasProgressed: Bool = false) {
    guard let context else { return }
    let unsent = unsentBytes(context)
    guard unsent <= Limits.unsentBytesMax else { return context.close(promise: nil) }
    var bytes = unsent + (outgoingBody?.rest.readableBytes ?? 0) + (decoder?.bufferedBytes ?? 0)
    if case .receiving(_, let body?) = phase { bytes += body.readableBytes }
    guard bytes >= Limits.writeBytesMax else {
      if reportedUnsentBytes != nil { environment.bufferBudget.remove(ObjectIdentifier(self)) }
      reportedUnsentBytes = nil
      return
    }
    let hasSent = reportedUnsentBytes.map { unsent < $0 } ?? true
    reportedUnsentBytes = unsent
    let channel = context.channel
    environment.bufferBudget.set(
      ObjectIdentifier(self), to: bytes, hasProgressed: hasProgressed || hasSent, now: .now()
    ) { channel.close(promise: nil) }
  }
}
