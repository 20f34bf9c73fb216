import NIOCore

/// Finds out how long an answer is that is made piece by chunk, without keeping any of it. Owned by one event loop.
final class StreamLengthCheck {
  /// What was found out.
  enum Outcome {
    case fits
    case tooLarge
    case failed
  }

  private let stream: any ResponseStream
  private var room: Int
  private var outcome: Outcome?
  private var then: ((Outcome) -> Void)?
  /// Whether the loop below goes on by itself when a chunk comes.
  private var isLooping = false
  private var isAsking = false

  /// Measures what `stream` gives against `bytesMax`.
  init(_ stream: any ResponseStream, bytesMax: Int) {
    self.stream = stream
    room = bytesMax
  }

  /// Calls back on the event loop, at once or later.
  func run(_ then: @escaping (Outcome) -> Void) {
    self.then = then
    loop()
  }

  /// A loop rather than calls within calls: most pieces come at once, and there may be many.
  private func loop() {
    isLooping = true
    while outcome == nil, !isAsking {
      isAsking = true
      stream.next { [self] chunk in
        isAsking = false
        take(chunk)
        if !isLooping { loop() }
      }
    }
    isLooping = false
    guard let outcome, let then else { return }
    self.then = nil
    then(outcome)
  }

  private func take(_ chunk: Result<ByteBuffer?, ResponseStreamError>) {
    switch chunk {
    case .failure: outcome = .failed
    case .success(nil): outcome = .fits
    case .success(let bytes?):
      room -= bytes.readableBytes
      if room < 0 { outcome = .tooLarge }
    }
  }
}
