import NIOCore
import NIOHTTP1
import OData
import Profiles

/// The end of the pipeline where bytes come and go.
///
/// Bytes that came in wait here until the request before them is answered and the client has taken what was sent; then
/// they are parsed, one request at a time. Answers that are finished bytes already go out from here.
///
/// It drives NIO's `HTTPRequestDecoder` itself rather than through a `ByteToMessageHandler`: that decoder stops for good
/// behind a request that asks for an upgrade, and here it is replaced by a fresh one, since no upgrade is offered (RFC 9110
/// section 7.8).
final class BoundedRequestDecoder: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let http1: any RequestConsumer
  private var context: ChannelHandlerContext?
  private var decoder = BoundedRequestDecoder.freshDecoder()
  private var boundary = RequestFraming()
  /// What was not given to the decoder yet.
  private var waiting = ByteBuffer()
  /// What the decoder has not taken yet: part of a line.
  private var undecoded = ByteBuffer()
  private var isFeeding = false
  private var isInsideRead = false
  /// Whether nothing that comes in is looked at any more.
  private var isDiscarding = false
  /// Whether the client has closed its side, and those above do not know yet.
  private var hasInputEnded = false
  /// Whether those above asked for a read that waits until there is room for it.
  private var isReadHeld = false
  /// Whether a read was asked for ahead since those above asked for one.
  private var hasReadAhead = false
  /// How many bytes were written since the last flush.
  private(set) var unflushedBytes = 0

  /// A handler whose requests `consumer` takes.
  init(http1: any RequestConsumer) { self.http1 = http1 }

  /// How many bytes wait to be parsed.
  var bytesWaiting: Int { waiting.readableBytes + undecoded.readableBytes }

  /// Whether the request whose header section came last, or comes, has the method HEAD.
  var isHead: Bool { boundary.isHead }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    decoder.decoderAdded(context: context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    decoder.decoderRemoved(context: context)
  }

  // MARK: In

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    http1.received()
    guard !isDiscarding else { return }
    isInsideRead = true
    var bytes = unwrapInboundIn(data)
    if waiting.readableBytes == 0 { waiting = bytes } else { waiting.writeBuffer(&bytes) }
    feed()
    // The socket gives all that is left when its client closes, whatever was asked for.
    if waiting.readableBytes > Limits.pipelinedBytesMax { context.close(promise: nil) }
  }

  /// While a request waits for the disk those above ask for nothing more, and to stop and go on again would be two calls
  /// of the system for each such request. So one read is asked for ahead of each of theirs, and what it brings waits
  /// here: who sends without end is read no further before all of that was answered.
  func channelReadComplete(context: ChannelHandlerContext) {
    isInsideRead = false
    context.fireChannelReadComplete()
    guard http1.isRequestWaiting, !hasReadAhead, waiting.readableBytes == 0, context.channel.isWritable else { return }
    hasReadAhead = true
    context.read()
  }

  func read(context: ChannelHandlerContext) {
    hasReadAhead = false
    guard waiting.readableBytes == 0 else {
      isReadHeld = true
      return
    }
    context.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    discard()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      // Noted here, because the handler in between keeps that to itself.
      http1.isQuiescing = true
      context.fireUserInboundEventTriggered(event)
    case ChannelEvent.inputClosed:
      http1.abandon()
      hasInputEnded = true
      endInput(context)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  /// Parses what waits, as far as the HTTP/1.1 handler takes it.
  func feed() {
    guard !isFeeding, let context else { return }
    isFeeding = true
    var hasFed = false
    feeding: while waiting.readableBytes > 0 {
      switch http1.demand {
      case .nothing: break feeding
      case .drops: discard()
      case .request: parse(context, isHead: true)
      case .body: parse(context, isHead: false)
      }
      hasFed = true
    }
    isFeeding = false
    // Lets go of the memory behind what was parsed.
    if waiting.readableBytes == 0 { waiting = ByteBuffer() }
    if hasFed, !isInsideRead { context.fireChannelReadComplete() }
    endInput(context)
    if isReadHeld, waiting.readableBytes == 0 {
      isReadHeld = false
      context.read()
    }
  }

  /// Gives the decoder the next slice.
  private func parse(_ context: ChannelHandlerContext, isHead: Bool) {
    do {
      guard var slice = waiting.readSlice(length: try boundary.sliceLength(of: waiting)) else { return }
      if undecoded.readableBytes == 0 { undecoded = slice } else { undecoded.writeBuffer(&slice) }
      // Taken out, since those above may ask meanwhile how much waits here.
      var bytes = undecoded
      undecoded = ByteBuffer()
      _ = try decoder.decode(context: context, buffer: &bytes)
      if bytes.readableBytes > 0 { undecoded = bytes }
    } catch let foreign as RequestHeadScanner.ForeignProtocol {
      return fail(foreign.isPreface ? HTTPParserError.paused : .invalidVersion, context)
    } catch is ChunkScanner.ImpossibleSize {
      return fail(HTTPParserError.invalidChunkSize, context)
    } catch {
      return fail(error, context)
    }
    if http1.isBodyExpected {
      if isHead { boundary.beginBody(http1.framing) }
    } else if http1.hasUpgradeField {
      renewDecoder(context)
    }
  }

  /// Nothing that follows can be understood.
  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    discard()
    context.fireErrorCaught(error)
  }

  /// Behind a request with an `Upgrade` field the decoder takes nothing more. Slices end where requests end, so that
  /// nothing is lost with it; should anything be left over all the same, nobody could say what it belongs to.
  private func renewDecoder(_ context: ChannelHandlerContext) {
    http1.hasUpgradeField = false
    guard undecoded.readableBytes == 0 else {
      discard()
      return http1.endAfterAnswer()
    }
    decoder.decoderRemoved(context: context)
    decoder = Self.freshDecoder()
    decoder.decoderAdded(context: context)
  }

  private func discard() {
    isDiscarding = true
    waiting = ByteBuffer()
    undecoded = ByteBuffer()
  }

  /// Tells those above that nothing more will come, once they have all that came.
  private func endInput(_ context: ChannelHandlerContext) {
    guard hasInputEnded, waiting.readableBytes == 0, !isFeeding else { return }
    hasInputEnded = false
    if !isDiscarding {
      do {
        var bytes = undecoded
        _ = try decoder.decodeLast(context: context, buffer: &bytes, seenEOF: true)
      } catch {
        fail(error, context)
      }
    }
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }

  private static func freshDecoder() -> HTTPRequestDecoder {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = Limits.headerBytesMax
    limits.maxHeaderListSize = Limits.headerBytesMax
    limits.maxHeaderFieldCount = Limits.headerCountMax
    return HTTPRequestDecoder(limitConfiguration: limits)
  }

  // MARK: Out

  /// Writes finished bytes; they go out with the next flush.
  func write(_ bytes: ByteBuffer) {
    unflushedBytes += bytes.readableBytes
    context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  /// Sends what was written.
  func flush() {
    unflushedBytes = 0
    context?.flush()
  }
}

/// What takes the requests of a connection, one at a time. Owned by one event loop.
protocol RequestConsumer: AnyObject {
  /// What of a client's bytes is wanted now.
  var demand: InputDemand { get }
  /// Whether more of the request in flight will come.
  var isBodyExpected: Bool { get }
  /// How the body of the request in flight is framed.
  var framing: RequestFraming.Framing { get }
  /// Whether the request in flight, or the last one, has an `Upgrade` field. Set back when that was seen to.
  var hasUpgradeField: Bool { get set }
  /// Whether a Graph request waits for its answer.
  var isRequestWaiting: Bool { get }
  /// Whether the server is about to end.
  var isQuiescing: Bool { get set }
  /// Bytes came in.
  func received()
  /// The client sends nothing more: it has left, or only waits.
  func abandon()
  /// The last request was the last of this connection.
  func endAfterAnswer()
}

/// What of a client's bytes is wanted.
enum InputDemand {
  /// The next request.
  case request
  /// More of the request in flight.
  case body
  /// Nothing, until the request in flight is answered or the client has taken what was sent.
  case nothing
  /// Whatever comes is dropped.
  case drops
}
