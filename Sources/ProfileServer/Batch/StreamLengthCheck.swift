import NIOCore

/// Checks that a streamed body succeeds and fits a bound, without keeping it. Owned by one event loop.
final class StreamLengthCheck {
  /// The result of a check.
  enum Outcome {
    /// The body is complete within the bound.
    case fits
    /// The body is longer than the bound.
    case tooLarge
    /// The body could not be generated.
    case failed
  }

  private let stream: any ResponseStream
  private var remaining: Int
  private var outcome: Outcome?
  private var then: ((Outcome) -> Void)?
  /// Whether `loop` is running and continues by itself when a chunk arrives.
  private var isLooping = false
  private var isAwaitingChunk = false

  /// A check of `stream` against `bytesMax`.
  init(_ stream: any ResponseStream, bytesMax: Int) {
    self.stream = stream
    remaining = bytesMax
  }

  /// Runs the check. Calls back on the event loop, at once or later.
  func run(_ then: @escaping (Outcome) -> Void) {
    self.then = then
    loop()
  }

  /// It loops, because most chunks arrive at once and nested calls could exhaust the stack.
  private func loop() {
    isLooping = true
    while outcome == nil, !isAwaitingChunk {
      isAwaitingChunk = true
      stream.next { [self] chunk in
        isAwaitingChunk = false
        consume(chunk)
        if !isLooping { loop() }
      }
    }
    isLooping = false
    guard let outcome, let then else { return }
    self.then = nil
    then(outcome)
  }

  private func consume(_ chunk: Result<ByteBuffer?, ResponseStreamError>) {
    switch chunk {
    case .failure: outcome = .failed
    case .success(nil): outcome = .fits
    case .success(let bytes?):
      remaining -= bytes.readableBytes
      if remaining < 0 { outcome = .tooLarge }
    }
  }
}
