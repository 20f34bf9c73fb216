import NIOCore
import NIOHTTP1

/// The end of the pipeline where bytes come and go: notes when they come in, before anything has understood them, and
/// sends those that are finished already.
final class ArrivalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let door: DoorHandler
  private var context: ChannelHandlerContext?

  init(door: DoorHandler) { self.door = door }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    door.clock.received(now: .now())
    context.fireChannelRead(data)
  }

  /// Sends bytes that are a whole answer.
  func send(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
}

extension GraphResponse {
  /// The header section as it goes over the wire (RFC 9112 section 4).
  var headBytes: ByteBuffer {
    var wire = ByteBuffer()
    wire.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
    for (name, value) in headers { wire.writeString("\(name): \(value)\r\n") }
    wire.writeString("\r\n")
    return wire
  }

  /// The whole answer; its body must be finished.
  var wireBytes: ByteBuffer {
    var response = self
    guard case .bytes(var body) = body else {
      response.headers.replaceOrAdd(name: "Content-Length", value: "0")
      return response.headBytes
    }
    response.headers.replaceOrAdd(name: "Content-Length", value: String(body.readableBytes))
    var wire = response.headBytes
    wire.writeBuffer(&body)
    return wire
  }
}
