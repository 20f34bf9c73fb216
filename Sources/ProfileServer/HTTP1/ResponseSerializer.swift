import NIOCore
import NIOHTTP1
import OData

extension GraphResponse {
  /// Longer bodies are sent behind the header section rather than copied to it. No bound on anybody.
  static let joinedBytesMax = 32 << 10

  /// Writes the answer as it stands (RFC 9112 sections 2.1 and 4); its header fields must say how long its body is,
  /// which must be finished.
  func write(to wire: BoundedRequestDecoder) {
    var body = ByteBuffer()
    if case .bytes(let bytes) = self.body { body = bytes }
    let isJoined = body.readableBytes <= Self.joinedBytesMax
    let statusLine = status == .ok ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
    let size = statusLine.utf8.count + headers.byteCount + 2 + (isJoined ? body.readableBytes : 0)
    var bytes = ByteBufferAllocator().buffer(capacity: size)
    bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
      var writer = ResponseSerializer(space)
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
struct ResponseSerializer {
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
