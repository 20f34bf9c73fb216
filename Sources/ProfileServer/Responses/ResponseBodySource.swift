import NIOCore
import Profiles

/// Makes a body piece by piece. Owned by one event loop.
protocol ResponseBodySource: AnyObject {
  /// Gives the next piece, nil at the end. It calls back on its event loop, at once or later, and is not asked again
  /// before it did.
  func nextChunk(_ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void)

  /// The same body from its beginning. Only what changes nothing is made again.
  func again() -> any ResponseBodySource
}

/// A source as the HTTP/1.1 handler takes it: small pieces are joined, so that a short answer is sent at once with its length.
final class BufferedResponseStream: ResponseStream {
  private let source: any ResponseBodySource
  private var pending: ByteBuffer?
  /// What was made of the next piece.
  private var buffered = ByteBuffer()
  private(set) var isAtEnd = false
  private(set) var failure: ProfileError?

  /// Pieces are joined up to this size.
  private static let pieceBytes = 32 << 10

  init(_ source: any ResponseBodySource) { self.source = source }

  /// Puts a piece back that was taken.
  func resuming(_ piece: ByteBuffer?) -> Self {
    pending = piece
    return self
  }

  func again() -> any ResponseStream { BufferedResponseStream(source.again()) }

  func next(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void) {
    if let piece = pending {
      pending = nil
      return then(.success(piece))
    }
    guard !isAtEnd else { return then(.success(nil)) }
    fill(then)
  }

  private func fill(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void) {
    guard buffered.readableBytes < Self.pieceBytes else { return then(.success(takeBuffered())) }
    source.nextChunk { [self] next in
      switch next {
      case .failure(let error):
        failure = error
        then(.failure(ResponseStreamError()))
      case .success(nil):
        isAtEnd = true
        then(.success(buffered.readableBytes > 0 ? takeBuffered() : nil))
      case .success(let bytes?):
        buffered.writeBytes(bytes)
        fill(then)
      }
    }
  }

  private func takeBuffered() -> ByteBuffer {
    let piece = buffered
    buffered = ByteBuffer()
    return piece
  }
}
