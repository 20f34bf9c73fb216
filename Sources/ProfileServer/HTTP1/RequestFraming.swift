import NIOCore

/// Where the bytes of each request end: a state machine without effects.
///
/// A slice that it measures never reaches beyond the end of a header section or of a request. So nothing of the next
/// request is parsed while one is in flight, and the parser can be replaced between two requests.
struct RequestFraming {
  /// How the body behind a header section is framed (RFC 9112 section 6.3).
  enum Framing: Equatable {
    case length(Int)
    case chunked
  }

  private enum State {
    case head(RequestHeadScanner)
    /// A body of which so many bytes are missing.
    case body(missing: Int)
    case chunks(ChunkScanner)
  }

  private var state = State.head(RequestHeadScanner())
  /// Whether the method of the header section that was measured last is HEAD, also where nothing else of it can be read.
  private(set) var isHead = false

  /// Longest slice, in bytes. No bound on anybody.
  static let sliceBytesMax = 16 << 10

  /// The header section that the last slice ended is followed by a body.
  mutating func beginBody(_ framing: Framing) {
    switch framing {
    case .length(let length): if length > 0 { state = .body(missing: length) }
    case .chunked: state = .chunks(ChunkScanner())
    }
  }

  /// How many of the bytes, which follow those before, belong together; at least 1 of at least 1. Throws when the first
  /// line of a request names another protocol, or when a chunk claims a size that no body can have.
  mutating func sliceLength(of bytes: ByteBuffer) throws -> Int {
    try bytes.withUnsafeReadableBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all.prefix(Self.sliceBytesMax))
      switch state {
      case .head(var scanner):
        defer { isHead = scanner.isHead }
        let end = try scanner.end(in: bytes)
        state = .head(end == nil ? scanner : RequestHeadScanner())
        return end ?? bytes.count
      case .body(let missing):
        let length = min(bytes.count, missing)
        state = length < missing ? .body(missing: missing - length) : .head(RequestHeadScanner())
        return length
      case .chunks(var scanner):
        let end = try scanner.end(in: bytes)
        state = end == nil ? .chunks(scanner) : .head(RequestHeadScanner())
        return end ?? bytes.count
      }
    }
  }
}
