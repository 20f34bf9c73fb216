import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Answers to Graph requests.
extension GraphHTTP1Handler {
  /// A body that is sent in pieces, no faster than the client takes them.
  struct Sending {
    /// What of the last piece was not written yet.
    var rest: ByteBuffer
    /// Where further pieces come from; nil when `rest` is the end.
    let stream: (any ResponseStream)?
    /// The request that is answered.
    let ticket: Int
    /// Whether the stream was asked for a piece that it has not given yet.
    var isAsking = false
  }

  func answer(_ response: GraphResponse, _ head: HTTPRequestHead, ticket: Int) {
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
    case .bytes(let bytes):
      response.stateLength()
      guard bytes.readableBytes > Limits.writeBytesMax else {
        write(response, head, context)
        return endAnswer(context)
      }
      writeHead(response, head, context)
      mayBeChunking = false
      sending = Sending(rest: bytes, stream: nil, ticket: ticket)
      pump()
    case .stream(let stream):
      writeHead(response, head, context)
      mayBeChunking = true
      sending = Sending(rest: ByteBuffer(), stream: stream, ticket: ticket)
      pump()
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
  func send(_ response: GraphResponse, _ context: ChannelHandlerContext) {
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

  // MARK: Pieces

  /// Sends pieces as long as the client takes them, until the end. A loop rather than calls within calls; after a while
  /// the loop's other connections have their turn.
  func pump() {
    guard !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    let end = NIODeadline.now() + .microseconds(Int64(Limits.evaluationSliceMicroseconds))
    while let sending, !sending.isAsking, let context {
      guard isTaking(context) else { return reportMemory() }
      if sending.rest.readableBytes > 0 {
        writePiece(context)
      } else if let stream = sending.stream {
        ask(stream, ticket: sending.ticket)
      } else {
        self.sending = nil
        endAnswer(context)
      }
      guard NIODeadline.now() < end else { return pumpLater(context) }
    }
  }

  private func pumpLater(_ context: ChannelHandlerContext) {
    context.eventLoop.assumeIsolatedUnsafeUnchecked().execute { [self] in pump() }
  }

  /// Whether the client takes more, once it was sent what is written.
  private func isTaking(_ context: ChannelHandlerContext) -> Bool {
    if context.channel.isWritable { return true }
    context.flush()
    return context.channel.isWritable
  }

  private func writePiece(_ context: ChannelHandlerContext) {
    let length = min(sending?.rest.readableBytes ?? 0, Limits.writeBytesMax)
    guard let piece = sending?.rest.readSlice(length: length) else { return }
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
  }

  private func ask(_ stream: any ResponseStream, ticket: Int) {
    sending?.isAsking = true
    stream.next { [self] piece in
      guard ticket == self.ticket, sending != nil, let context else { return }
      switch piece {
      case .failure:
        sending = nil
        return context.close(promise: nil)
      case .success(nil):
        sending = nil
        endAnswer(context)
      case .success(let bytes?):
        sending?.rest = bytes
        sending?.isAsking = false
      }
      pump()
    }
  }

  private func endAnswer(_ context: ChannelHandlerContext) {
    // What comes after an answer that closes the connection is dropped, also what waits behind it already.
    phase = keepsAlive ? .waiting : .lingering
    clock.answered(now: .now())
    let keepsAlive = keepsAlive
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
    if !keepsAlive { linger(context) }
    // Within a read whoever called goes on with what waits, and flushes at its end.
    guard !isInsideRead else {
      if let wire, wire.unflushedBytes > Limits.writeBytesMax { wire.flush() }
      return
    }
    context.flush()
    answerWhatIsComplete()
    wire?.feed()
  }

  /// The request before was the last of this connection: where the next one begins cannot be said.
  func endAfterAnswer() {
    keepsAlive = false
    guard case .waiting = phase, let context else { return }
    linger(context)
  }

  // MARK: Memory

  /// How many bytes were written and not sent.
  func unsentBytes(_ context: ChannelHandlerContext) -> Int {
    // A channel without this option is none that holds bytes back.
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }

  /// Tells the server how much this connection keeps waiting, and closes it when that is more than it may be.
  func reportMemory(hasProgressed: Bool = false) {
    guard let context else { return }
    let unsent = unsentBytes(context)
    guard unsent <= Limits.unsentBytesMax else { return context.close(promise: nil) }
    var bytes = unsent + (sending?.rest.readableBytes ?? 0) + (wire?.bytesWaiting ?? 0)
    if case .receiving(_, let body?) = phase { bytes += body.readableBytes }
    guard bytes >= Limits.writeBytesMax else {
      if reportedUnsent != nil { environment.memory.remove(ObjectIdentifier(self)) }
      reportedUnsent = nil
      return
    }
    let hasSent = reportedUnsent.map { unsent < $0 } ?? true
    reportedUnsent = unsent
    let channel = context.channel
    environment.memory.set(
      ObjectIdentifier(self), to: bytes, hasProgressed: hasProgressed || hasSent, now: .now()
    ) { channel.close(promise: nil) }
  }
}
