import NIOCore
import OData

/// The timeouts of a connection. Separate from `Limits` only so that tests need not wait as long.
struct ConnectionTimeouts: Sendable {
  var header: TimeAmount = .seconds(Int64(Limits.headerSeconds))
  var bodyPause: TimeAmount = .seconds(Int64(Limits.bodyPauseSeconds))
  var request: TimeAmount = .seconds(Int64(Limits.requestSeconds))
  var idle: TimeAmount = .seconds(Int64(Limits.idleSeconds))
  var linger: TimeAmount = .seconds(Int64(Limits.lingerSeconds))
  /// How often the timeouts are checked: by one timer per connection, none per request.
  var tick: TimeAmount = .seconds(1)
}

/// What a connection is doing and since when: a state machine without effects. Owned by one event loop.
struct ConnectionClock {
  /// What the owner must do now.
  enum Verdict: Equatable {
    case fine
    /// Nothing was asked for too long: close without a word.
    case closeIdle
    /// A request did not arrive in time: answer 408 and close.
    case refuseSlow
    /// The client does not read, or does not stop sending after a refusal: cut the connection.
    case cut
  }

  private enum State {
    case idle(since: NIODeadline)
    case header(since: NIODeadline)
    case body(since: NIODeadline, lastByte: NIODeadline)
    case answering
    case lingering(since: NIODeadline)
  }

  private let timeouts: ConnectionTimeouts
  private var state: State
  /// What waits to be sent, and since when it has not become less; nil when nothing waits.
  private var unsent: (bytes: Int, since: NIODeadline)?

  init(_ timeouts: ConnectionTimeouts, now: NIODeadline) {
    self.timeouts = timeouts
    state = .idle(since: now)
  }

  /// Bytes came in.
  mutating func received(now: NIODeadline) {
    switch state {
    case .idle: state = .header(since: now)
    case .body(let since, _): state = .body(since: since, lastByte: now)
    case .header, .answering, .lingering: break
    }
  }

  /// A header section is complete.
  mutating func headerEnded(now: NIODeadline) {
    if case .header(let since) = state {
      state = .body(since: since, lastByte: now)
    } else {
      state = .body(since: now, lastByte: now)
    }
  }

  /// A request is complete.
  mutating func requestEnded() { state = .answering }

  /// An answer is complete.
  mutating func answered(now: NIODeadline) { state = .idle(since: now) }

  /// The connection was refused and waits for the client to notice.
  mutating func lingers(now: NIODeadline) { state = .lingering(since: now) }

  /// How many bytes wait to be sent. As long as that changes the client is taking them, however slowly.
  mutating func unsent(_ bytes: Int, now: NIODeadline) {
    guard bytes > 0 else {
      if unsent != nil { resumeIdle(now) }
      unsent = nil
      return
    }
    if unsent?.bytes != bytes { unsent = (bytes, now) }
  }

  /// Waiting for the client begins when everything was sent.
  private mutating func resumeIdle(_ now: NIODeadline) {
    switch state {
    case .idle: state = .idle(since: now)
    case .lingering: state = .lingering(since: now)
    case .header, .body, .answering: break
    }
  }

  func verdict(now: NIODeadline) -> Verdict {
    if let unsent { return now - unsent.since > timeouts.idle ? .cut : .fine }
    switch state {
    case .idle(let since): return now - since > timeouts.idle ? .closeIdle : .fine
    case .header(let since): return now - since > timeouts.header ? .refuseSlow : .fine
    case .body(let since, let lastByte):
      return now - lastByte > timeouts.bodyPause || now - since > timeouts.request ? .refuseSlow : .fine
    case .answering: return .fine
    case .lingering(let since): return now - since > timeouts.linger ? .cut : .fine
    }
  }
}
