import CZlib
import NIOCore
import OData

/// Inflates a compressed request body as its parts arrive, so that one step never takes longer than one read allows.
///
/// Owned by one event loop. It is used instead of NIO's decompressor because that one stops after the first member of a
/// gzip file.
final class BodyInflater {
  /// zlib keeps the address of its stream, which therefore must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let coding: ContentCoding
  private let bound: BodyBound
  private var state = State.beginning
  private var inputBytes = 0
  /// The first byte of a deflate body, kept until the second one shows whether there is a zlib header.
  private var firstByte: UInt8?

  private enum State {
    /// Nothing has arrived, and zlib is not initialized.
    case beginning
    /// Within a member.
    case inside
    /// After a complete member.
    case ended
  }

  /// An inflater for a body with this content coding and bound.
  init(_ coding: ContentCoding, bound: BodyBound = .ordinary) {
    self.coding = coding
    self.bound = bound
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
  }

  deinit {
    // Harmless if zlib was never initialized.
    _ = inflateEnd(stream)
    stream.deinitialize(count: 1)
    stream.deallocate()
  }

  /// Inflates a part and appends the result to `body`, the inflated parts before it. Throws the refusal of the bound
  /// when the body is longer, before or after inflation, and `bodyNotInflatable` when it is
  /// not compressed with the coding or when anything follows its end.
  func inflate(_ part: ByteBuffer, into body: inout ByteBuffer?) throws(GraphError) {
    inputBytes += part.readableBytes
    guard inputBytes <= bound.bytesMax else { throw bound.refusal }
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
    // A second reference would make appending copy the bytes.
    body = nil
    try inflate(&bytes, into: &inflated)
    body = inflated
  }

  /// Ends the body. Throws `GraphError.bodyNotInflatable` when it is incomplete; an empty body is complete.
  func finish() throws(GraphError) {
    guard firstByte == nil, state != .inside else { throw .bodyNotInflatable }
  }

  /// Initializes zlib. The coding `deflate` means the zlib format (RFC 9110 section 8.4.1.2), but some clients send the
  /// deflate data without the zlib header.
  private func begin(_ bytes: [UInt8]) throws(GraphError) {
    let windowBits: Int32 = coding == .gzip ? 15 + 16 : Self.hasZlibHeader(bytes) ? 15 : -15
    guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw .bodyNotInflatable
    }
    state = .inside
  }

  /// Whether the bytes begin with a zlib header (RFC 1950 section 2.2): the method, the size of the window, and a check
  /// that both bytes as one number are a multiple of 31.
  private static func hasZlibHeader(_ bytes: [UInt8]) -> Bool {
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

  /// Inflates one step and returns whether the input is used up.
  private func step(into body: inout ByteBuffer) throws(GraphError) -> Bool {
    if state == .ended {
      guard stream.pointee.avail_in > 0 else { return true }
      // A gzip file may consist of several members (RFC 1952 section 2.2). In the other formats nothing may follow the
      // end.
      guard coding == .gzip, inflateReset(stream) == Z_OK else { throw .bodyNotInflatable }
      state = .inside
    }
    var result = Z_OK
    body.writeWithUnsafeMutableBytes(minimumWritableBytes: Limits.inflationStepBytes) { space in
      stream.pointee.next_out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(space.count)
      result = CZlib.inflate(stream, Z_NO_FLUSH)
      return space.count - Int(stream.pointee.avail_out)
    }
    guard body.readableBytes <= bound.bytesMax else { throw bound.refusal }
    switch result {
    case Z_STREAM_END: state = .ended
    case Z_OK: break
    // No progress was possible: the input is used up and all output was taken.
    case Z_BUF_ERROR: return true
    default: throw .bodyNotInflatable
    }
    return stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
  }
}
