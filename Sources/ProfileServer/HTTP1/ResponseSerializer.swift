import NIOCore
import NIOHTTP1
import OData

/// Serializes a response into memory whose size was computed before.
struct ResponseSerializer {
  private let space: UnsafeMutableRawBufferPointer
  /// How many bytes have been written.
  private(set) var count = 0

  /// Starts at the beginning of `space`, which must hold everything that is appended.
  init(_ space: UnsafeMutableRawBufferPointer) { self.space = space }

  /// Appends the UTF-8 bytes of a text.
  mutating func append(_ text: String) {
    text.withBytes { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends two bytes.
  mutating func append(_ first: UInt8, _ second: UInt8) {
    precondition(space.count - count >= 2, "The size of a response is computed before it is written.")
    space[count] = first
    space[count + 1] = second
    count += 2
  }

  /// Appends bytes.
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count <= space.count - count, "The size of a response is computed before it is written.")
    UnsafeMutableRawBufferPointer(rebasing: space[count...]).copyMemory(from: bytes)
    count += bytes.count
  }
}

/// Writes serialized responses next to the socket, past NIO's response encoder. Owned by the event loop of its channel.
final class SerializedResponseWriter {
  private let context: ChannelHandlerContext
  /// How many bytes were written since the last flush.
  @exclusivity(unchecked) private(set) var unflushedBytes = 0

  /// A writer at the position of `context`, that of the `BackPressureRequestDecoder`.
  init(_ context: ChannelHandlerContext) { self.context = context }

  /// Writes bytes; they are sent with the next flush.
  func write(_ bytes: ByteBuffer) {
    unflushedBytes += bytes.readableBytes
    context.write(NIOAny(bytes), promise: nil)
  }

  /// Sends what has been written.
  func flush() {
    unflushedBytes = 0
    context.flush()
  }

  /// Sends what has been written, and completes `sent` when all of it was given to the system.
  func flush(_ sent: EventLoopPromise<Void>) {
    unflushedBytes = 0
    context.writeAndFlush(NIOAny(ByteBuffer()), promise: sent)
  }
}

extension GraphResponse {
  /// Serializes the response with its header fields (RFC 9112 sections 2.1 and 4) and writes it. The body must not be a
  /// stream. `Content-Length` is added for a body whose length the header fields do not state.
  func write(to writer: SerializedResponseWriter) {
    var body = ByteBuffer()
    var length: String?
    if case .bytes(let bytes) = self.body {
      body = bytes
      if headers[.contentLength] == nil { length = String(bytes.readableBytes) }
    }
    // A long body is written after the header section rather than copied behind it.
    let isJoined = body.readableBytes <= Limits.joinedBodyBytesMax
    let statusLine = status == .ok ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
    let lengthCount = length.map { HeaderFields.byteCount(of: .contentLength, $0) } ?? 0
    let size = statusLine.utf8.count + headers.byteCount + lengthCount + 2 + (isJoined ? body.readableBytes : 0)
    var bytes = ByteBufferAllocator().buffer(capacity: size)
    bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
      var serializer = ResponseSerializer(space)
      serializer.append(statusLine)
      headers.write(to: &serializer)
      if let length { HeaderFields.write(.contentLength, length, to: &serializer) }
      serializer.append(UInt8(ascii: "\r"), UInt8(ascii: "\n"))
      if isJoined { body.withUnsafeReadableBytes { serializer.append($0) } }
      return serializer.count
    }
    writer.write(bytes)
    if !isJoined { writer.write(body) }
  }
}
