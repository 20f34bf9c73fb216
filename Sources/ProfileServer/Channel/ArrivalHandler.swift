import NIOCore
import NIOHTTP1
import OData

/// The end of the pipeline where bytes come and go: notes when they come in, before anything has understood them, and
/// writes those that are finished already.
final class ArrivalHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let door: DoorHandler
  private var context: ChannelHandlerContext?
  /// Whether a read was asked for ahead since those above asked for one.
  private var hasReadAhead = false

  init(door: DoorHandler) { self.door = door }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }
  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    door.clock.received(now: .now())
    context.fireChannelRead(data)
  }

  /// While a request waits for the disk those above ask for nothing more, and to stop and go on again would be two calls
  /// of the system for each such request. So one read is asked for ahead of each of theirs, and what it brings waits
  /// above: who sends without end is read no further before all of that was answered.
  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    guard door.isRequestWaiting, !hasReadAhead, context.channel.isWritable else { return }
    hasReadAhead = true
    context.read()
  }

  func read(context: ChannelHandlerContext) {
    hasReadAhead = false
    context.read()
  }

  /// Notes that the server is about to end, before the handler in between keeps that to itself.
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { door.isQuiescing = true }
    context.fireUserInboundEventTriggered(event)
  }

  /// Writes finished bytes; they go out with the next flush.
  func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

  /// Sends what was written.
  func flush() { context?.flush() }
}

extension GraphResponse {
  /// Longer bodies are sent behind the header section rather than copied to it. No bound on anybody.
  static let joinedBytesMax = 32 << 10

  /// Writes the answer as it stands (RFC 9112 sections 2.1 and 4); its header fields must say how long its body is,
  /// which must be finished.
  func write(to wire: ArrivalHandler) {
    var body = ByteBuffer()
    if case .bytes(let bytes) = self.body { body = bytes }
    let isJoined = body.readableBytes <= Self.joinedBytesMax
    let statusLine = status == .ok ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
    let size = statusLine.utf8.count + headers.byteCount + 2 + (isJoined ? body.readableBytes : 0)
    var bytes = ByteBufferAllocator().buffer(capacity: size)
    bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
      var writer = WireWriter(space)
      writer.append(statusLine)
      headers.write(to: &writer)
      writer.append("\r\n")
      if isJoined { body.withUnsafeReadableBytes { writer.append($0) } }
      return writer.count
    }
    wire.write(bytes)
    if !isJoined { wire.write(body) }
  }
}

/// Fills memory of which the size was found out before.
struct WireWriter {
  private let space: UnsafeMutableRawBufferPointer
  /// How many bytes were written.
  private(set) var count = 0

  /// Begins at the start of `space`, which must be as long as all that is appended.
  init(_ space: UnsafeMutableRawBufferPointer) { self.space = space }

  /// Appends the bytes of a text.
  mutating func append(_ text: String) {
    text.withBytes { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends bytes.
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= space.count - count, "What is written was counted before.")
    UnsafeMutableRawBufferPointer(rebasing: space[count...]).copyMemory(from: bytes)
    count += bytes.count
  }
}
