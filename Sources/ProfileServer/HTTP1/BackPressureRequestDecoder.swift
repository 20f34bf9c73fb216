import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Decodes the requests of one connection, one at a time, and bounds what is read ahead of them. It is the first
/// channel handler of the pipeline, next to the socket.
///
/// Bytes of a pipelined request (RFC 9112 section 9.3.2) stay here, unparsed, until the response to the request before
/// it is complete and the channel is writable again.
///
/// It drives NIO's `HTTPRequestDecoder` itself rather than through a `ByteToMessageHandler`: that decoder stops after a
/// request with an `Upgrade` field. The server offers no upgrade and may ignore the field (RFC 9110 section 7.8), so
/// the decoder is replaced by a new one there.
final class BackPressureRequestDecoder: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let consumer: any RequestConsumer
  @exclusivity(unchecked) private var context: ChannelHandlerContext?
  private var decoder = BackPressureRequestDecoder.makeDecoder()
  private var framing = RequestFraming()
  /// Bytes that were read and not yet given to the decoder.
  private var unparsed = ByteBuffer()
  /// Bytes that the decoder was given and has not consumed: part of a line.
  private var undecoded = ByteBuffer()
  @exclusivity(unchecked) private var isParsing = false
  @exclusivity(unchecked) private var isInsideRead = false
  /// Whether further input is dropped unread.
  @exclusivity(unchecked) private var isDiscardingInput = false
  /// Whether the client has closed its side, and the later handlers have not been told yet.
  @exclusivity(unchecked) private var hasInputEnded = false
  /// Whether a read that a later handler asked for is deferred until `unparsed` is empty.
  @exclusivity(unchecked) private var isReadDeferred = false

  /// A decoder that passes requests on as `consumer` demands them.
  init(consumer: any RequestConsumer) { self.consumer = consumer }

  /// How many bytes have been read and not decoded.
  var bufferedBytes: Int { unparsed.readableBytes + undecoded.readableBytes }

  /// Whether the current request, or the last one, has the method HEAD. Known even when nothing else of its header
  /// section can be parsed.
  var isHead: Bool { framing.isHead }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    decoder.decoderAdded(context: context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    decoder.decoderRemoved(context: context)
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    consumer.bytesReceived()
    guard !isDiscardingInput else { return }
    isInsideRead = true
    var bytes = unwrapInboundIn(data)
    if unparsed.readableBytes == 0 { unparsed = bytes } else { unparsed.writeBuffer(&bytes) }
    parseInput()
    // When the client closes, NIO delivers everything that is left in the socket, whether or not it was asked to read.
    if unparsed.readableBytes > Limits.pipelinedBytesMax { context.close(promise: nil) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isInsideRead = false
    context.fireChannelReadComplete()
  }

  /// Reads, unless the last read brought something that is not parsed yet. So one read is made ahead while a request
  /// waits for its response, since stopping and resuming would cost two system calls; a client that sends without pause
  /// is read no further until its requests are answered.
  func read(context: ChannelHandlerContext) {
    guard unparsed.readableBytes == 0 else {
      isReadDeferred = true
      return
    }
    context.read()
  }

  func channelInactive(context: ChannelHandlerContext) {
    discardInput()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    consumer.inputClosed()
    hasInputEnded = true
    endInput(context)
  }

  // MARK: Parsing

  /// Parses buffered input as far as the consumer demands it.
  func parseInput() {
    guard !isParsing, let context else { return }
    isParsing = true
    var hasParsed = false
    parsing: while unparsed.readableBytes > 0 {
      switch consumer.demand {
      case .nothing: break parsing
      case .discard: discardInput()
      case .request: decodeSlice(context, isHead: true)
      case .body: decodeSlice(context, isHead: false)
      }
      hasParsed = true
    }
    isParsing = false
    // Releases the memory of what was parsed.
    if unparsed.readableBytes == 0 { unparsed = ByteBuffer() }
    if hasParsed, !isInsideRead { context.fireChannelReadComplete() }
    endInput(context)
    if isReadDeferred, unparsed.readableBytes == 0 {
      isReadDeferred = false
      context.read()
    }
  }

  /// Gives the decoder the next slice of the input.
  private func decodeSlice(_ context: ChannelHandlerContext, isHead: Bool) {
    do {
      guard var slice = unparsed.readSlice(length: try framing.sliceLength(of: unparsed)) else { return }
      if undecoded.readableBytes == 0 { undecoded = slice } else { undecoded.writeBuffer(&slice) }
      // Moved out, because `bufferedBytes` may be read while the decoder runs.
      var bytes = undecoded
      undecoded = ByteBuffer()
      _ = try decoder.decode(context: context, buffer: &bytes)
      if bytes.readableBytes > 0 { undecoded = bytes }
    } catch let unsupported as RequestHeadScanner.UnsupportedProtocol {
      return fail(unsupported.isPreface ? HTTPParserError.paused : .invalidVersion, context)
    } catch is ChunkScanner.InvalidChunkSize {
      return fail(HTTPParserError.invalidChunkSize, context)
    } catch {
      return fail(error, context)
    }
    if consumer.isBodyExpected {
      if isHead { framing.beginBody(consumer.bodyFraming) }
    } else if consumer.hasUpgradeField {
      replaceDecoder(context)
    }
  }

  /// Gives up on the input: nothing after a parse error can be understood.
  private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
    discardInput()
    context.fireErrorCaught(error)
  }

  /// Replaces a decoder that has stopped after an `Upgrade` field. A slice ends where its request ends, so nothing is
  /// lost; if anything is left over all the same, the connection ends after the response.
  private func replaceDecoder(_ context: ChannelHandlerContext) {
    consumer.hasUpgradeField = false
    guard undecoded.readableBytes == 0 else {
      discardInput()
      return consumer.closeAfterResponse()
    }
    decoder.decoderRemoved(context: context)
    decoder = Self.makeDecoder()
    decoder.decoderAdded(context: context)
  }

  private func discardInput() {
    isDiscardingInput = true
    unparsed = ByteBuffer()
    undecoded = ByteBuffer()
  }

  /// Passes the end of input on, once everything before it is parsed.
  private func endInput(_ context: ChannelHandlerContext) {
    guard hasInputEnded, unparsed.readableBytes == 0, !isParsing else { return }
    hasInputEnded = false
    if !isDiscardingInput {
      do {
        var bytes = undecoded
        _ = try decoder.decodeLast(context: context, buffer: &bytes, seenEOF: true)
      } catch {
        fail(error, context)
      }
    }
    context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
  }

  private static func makeDecoder() -> HTTPRequestDecoder {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = Limits.headerBytesMax
    limits.maxHeaderListSize = Limits.headerBytesMax
    limits.maxHeaderFieldCount = Limits.headerCountMax
    return HTTPRequestDecoder(limitConfiguration: limits)
  }
}

/// Consumes the requests of one connection, one at a time. Owned by one event loop.
protocol RequestConsumer: AnyObject {
  /// Which input is wanted now.
  var demand: InputDemand { get }
  /// Whether the current request is not complete yet.
  var isBodyExpected: Bool { get }
  /// How the body of the current request is framed (RFC 9112 section 6.3).
  var bodyFraming: RequestFraming.BodyFraming { get }
  /// Whether the current request, or the last one, has an `Upgrade` field. The decoder sets it to false once it has
  /// been replaced.
  var hasUpgradeField: Bool { get set }
  /// Bytes were read from the socket.
  func bytesReceived()
  /// The client closed its side of the connection: it is gone, or only waits for its response.
  func inputClosed()
  /// No further request is read from this connection; it ends after the current response.
  func closeAfterResponse()
}

/// Which input a `RequestConsumer` wants.
enum InputDemand {
  /// The next request.
  case request
  /// More of the current request.
  case body
  /// None, until the current request is answered or the channel is writable again.
  case nothing
  /// None ever again: further input is discarded.
  case discard
}
