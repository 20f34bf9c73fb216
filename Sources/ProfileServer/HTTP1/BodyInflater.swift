import CZlib
import NIOCore
import OData

/// Inflates the body of one request as its parts arrive, so that no step takes longer than what came in one read.
///
/// Owned by one event loop. What NIO offers for this ends with the first member of a gzip file.
final class BodyInflater {
  /// What zlib keeps the address of, so that it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let coding: ContentCoding
  private var state = State.beginning
  private var inputBytes = 0
  /// The first byte of a deflated body, kept until the second one tells its form.
  private var firstByte: UInt8?

  private enum State {
    /// Nothing came yet, so that nothing is prepared either.
    case beginning
    /// Within a member.
    case inside
    /// Behind a whole member.
    case ended
  }

  /// Inflates what was compressed by `coding`.
  init(_ coding: ContentCoding) {
    self.coding = coding
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
  }

  deinit {
    // Refused, and harmless, where nothing was prepared.
    _ = inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Inflates a part and appends what it holds to `body`, which is all that came before. Throws when the body is longer
  /// than `Limits.bodyBytesMax`, inflated or not, when it is not compressed as was said, and when something follows its end.
  func inflate(_ part: ByteBuffer, into body: inout ByteBuffer?) throws(GraphError) {
    inputBytes += part.readableBytes
    guard inputBytes <= Limits.bodyBytesMax else { throw .bodyTooLarge }
    var bytes = Array(part.readableBytesView)
    if let firstByte { bytes.insert(firstByte, at: 0) }
    firstByte = nil
    guard !bytes.isEmpty else { return }
    if state == .beginning {
      guard coding != .deflate || bytes.count > 1 else {
        firstByte = bytes.first
        return
      }
      try begin(bytes)
    }
    var inflated = body ?? ByteBuffer()
    // Let go of it, or it would be copied.
    body = nil
    try inflate(&bytes, into: &inflated)
    body = inflated
  }

  /// Says that the body is at its end; throws when something is missing. An empty one is whole: nothing was sent.
  func finish() throws(GraphError) {
    guard firstByte == nil, state != .inside else { throw .bodyNotInflatable }
  }

  /// A deflated body is in zlib's format (RFC 9110 section 8.4.1.2), or, from many clients, without its frame.
  private func begin(_ bytes: [UInt8]) throws(GraphError) {
    let windowBits: Int32 = coding == .gzip ? 15 + 16 : Self.hasFrame(bytes) ? 15 : -15
    guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .bodyNotInflatable
    }
    state = .inside
  }

  /// RFC 1950 section 2.2: the method, the size of the window, and a number of both bytes that 31 divides.
  private static func hasFrame(_ bytes: [UInt8]) -> Bool {
    bytes[0] & 0x0F == 8 && bytes[0] >> 4 <= 7 && (Int(bytes[0]) << 8 + Int(bytes[1])) % 31 == 0
  }

  private func inflate(_ bytes: inout [UInt8], into body: inout ByteBuffer) throws(GraphError) {
    try bytes.withUnsafeMutableBufferPointer { input throws(GraphError) in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(input.count)
      defer {
        stream.pointee.next_in = nil
        stream.pointee.avail_in = 0
      }
      while try !step(into: &body) {}
    }
  }

  /// Inflates once; says whether nothing is left to do with the input.
  private func step(into body: inout ByteBuffer) throws(GraphError) -> Bool {
    if state == .ended {
      guard stream.pointee.avail_in > 0 else { return true }
      // A file of gzip may have several members, which follow each other (RFC 1952 section 2.2). In the other formats
      // what follows the end was not meant.
      guard coding == .gzip, inflateReset(stream) == Z_OK else { throw .bodyNotInflatable }
      state = .inside
    }
    var result = Z_OK
    body.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.stepBytes) { room in
      stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room.count)
      result = CZlib.inflate(stream, Z_NO_FLUSH)
      return room.count - Int(stream.pointee.avail_out)
    }
    guard body.readableBytes <= Limits.bodyBytesMax else { throw .bodyTooLarge }
    switch result {
    case Z_STREAM_END: state = .ended
    case Z_OK: break
    // Nothing could be done: the input is used up, and what it gave was taken.
    case Z_BUF_ERROR: return true
    default: throw .bodyNotInflatable
    }
    return stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
  }

  /// Least room that is made for what a step gives. No bound on anybody.
  private static let stepBytes = 16 << 10
}
