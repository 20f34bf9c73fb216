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

  /// The next chunk, once it is complete.
  private var filled: Result<ByteBuffer?, ResponseStreamError>?
  /// Whether `fill` is running and continues by itself when a chunk of the source arrives.
  private var isLooping = false
  private var isAwaitingChunk = false

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

  /// Collects chunks of the source until they fill one chunk of the response. It loops, because most chunks arrive
  /// before `nextChunk` returns, and recursive calls would keep the memory of each.
  private func fill(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void) {
    isLooping = true
    while filled == nil, !isAwaitingChunk {
      isAwaitingChunk = true
      source.nextChunk { [self] chunk in
        isAwaitingChunk = false
        take(chunk)
        if !isLooping { fill(then) }
      }
    }
    isLooping = false
    guard let filled else { return }
    self.filled = nil
    then(filled)
  }

  private func take(_ chunk: Result<[UInt8]?, ProfileError>) {
    switch chunk {
    case .failure(let error):
      failure = error
      filled = .failure(ResponseStreamError())
    case .success(nil):
      isAtEnd = true
      filled = .success(buffered.readableBytes > 0 ? takeBuffered() : nil)
    case .success(let bytes?):
      buffered.writeBytes(bytes)
      if buffered.readableBytes >= Limits.responseChunkBytes { filled = .success(takeBuffered()) }
    }
  }

  private func takeBuffered() -> ByteBuffer {
    let chunk = buffered
    buffered = ByteBuffer()
    return chunk
  }
}
