import NIOCore
import OData

/// Message framing (RFC 9112 section 6): where each request ends in the input. A state machine without effects.
///
/// A slice never reaches beyond the end of a header section or of a request. So no byte of the next request is decoded
/// while there is a current one, and the decoder can be replaced between two requests.
struct RequestFraming {
  /// How a body is framed (RFC 9112 section 6.3).
  enum BodyFraming: Equatable {
    /// By `Content-Length`, in bytes.
    case length(Int)
    /// By the chunked transfer coding (RFC 9112 section 7.1).
    case chunked
  }

  private enum State {
    case head(RequestHeadScanner)
    /// Within a body of known length; `missing` bytes are still to come.
    case body(missing: Int)
    case chunks(ChunkScanner)
  }

  private var state = State.head(RequestHeadScanner())
  /// Whether the method of the last header section is HEAD, even when nothing else of the section can be parsed.
  private(set) var isHead = false

  /// Begins the body that follows the header section which the last slice ended.
  mutating func beginBody(_ framing: BodyFraming) {
    switch framing {
    case .length(let length): if length > 0 { state = .body(missing: length) }
    case .chunked: state = .chunks(ChunkScanner())
    }
  }

  /// The length of the next slice of the input, at least 1 when `bytes` is not empty. `bytes` follow those of earlier
  /// slices. Throws `RequestHeadScanner.UnsupportedProtocol` when the request line names another protocol, and
  /// `ChunkScanner.InvalidChunkSize` when a chunk claims an impossible size.
  mutating func sliceLength(of bytes: ByteBuffer) throws -> Int {
    try bytes.withUnsafeReadableBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all.prefix(Limits.decodedSliceBytes))
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
