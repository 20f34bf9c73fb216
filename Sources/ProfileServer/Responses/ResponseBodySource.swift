import NIOCore
import OData
import Profiles

/// Generates a body chunk by chunk. Owned by one event loop.
protocol ResponseBodySource: AnyObject {
  /// Gives the next chunk, nil at the end. Calls back on its event loop, at once or later, and is not called again
  /// before.
  func nextChunk(_ then: @escaping (Result<[UInt8]?, ProfileError>) -> Void)

  /// The same body from its start. Only bodies of requests without side effects are restarted.
  func restarted() -> any ResponseBodySource
}

/// The stream of a body source. It joins small chunks, so that a short body is sent whole and with `Content-Length`.
final class BufferedResponseStream: ResponseStream {
  private let source: any ResponseBodySource
  private var pending: ByteBuffer?
  /// The beginning of the next chunk.
  private var buffered = ByteBuffer()
  /// Whether the source has ended, so that all of the body has been given.
  private(set) var isAtEnd = false
  /// The error of the source.
  private(set) var failure: ProfileError?

  /// A stream of the body of `source`.
  init(_ source: any ResponseBodySource) { self.source = source }

  /// Puts a chunk back, so that it is given again next.
  func unread(_ chunk: ByteBuffer?) -> Self {
    pending = chunk
    return self
  }

  func restarted() -> any ResponseStream { BufferedResponseStream(source.restarted()) }

  func next(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void) {
    if let chunk = pending {
      pending = nil
      return then(.success(chunk))
    }
    guard !isAtEnd else { return then(.success(nil)) }
    fill(then)
  }

  private func fill(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void) {
    guard buffered.readableBytes < Limits.responseChunkBytes else { return then(.success(takeBuffered())) }
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
    let chunk = buffered
    buffered = ByteBuffer()
    return chunk
  }
}
