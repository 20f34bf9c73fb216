import NIOCore
import OData

/// The timeouts of a connection. The defaults are those of `Limits`; tests use shorter ones.
struct ConnectionTimeouts: Sendable {
  /// From the first byte of a header section to its end.
  var header: TimeAmount = .seconds(Int64(Limits.headerSeconds))
  /// Between two reads of a request body.
  var bodyPause: TimeAmount = .seconds(Int64(Limits.bodyPauseSeconds))
  /// From the first byte of a request to its end.
  var request: TimeAmount = .seconds(Int64(Limits.requestSeconds))
  /// Without a request, or without progress in sending a response.
  var idle: TimeAmount = .seconds(Int64(Limits.idleSeconds))
  /// How long input is discarded after the last response before the connection is closed (RFC 9112 section 9.6).
  var linger: TimeAmount = .seconds(Int64(Limits.lingerSeconds))
  /// How often timeouts are checked: one timer per connection, none per request.
  var tick: TimeAmount = .seconds(Int64(Limits.timeoutTickSeconds))
}

/// Which timeout of a connection has passed: a state machine without effects. Owned by one event loop.
struct TimeoutStateMachine {
  /// What the owner must do.
  enum Action: Equatable {
    case none
    /// Close the connection without a response: it was idle too long (RFC 9112 section 9.5).
    case closeIdle
    /// Respond with 408 and close: a request did not arrive in time (RFC 9110 section 15.5.9).
    case respondTimeout
    /// Close at once: the client does not read, or keeps sending after the last response.
    case abort
  }

  private enum State {
    case idle(since: NIODeadline)
    case header(since: NIODeadline)
    case body(since: NIODeadline, lastByte: NIODeadline)
    case responding
    case lingering(since: NIODeadline)
  }

  private let timeouts: ConnectionTimeouts
  private var state: State
  /// How many bytes wait to be sent, and since when the number is the same; nil when none wait.
  private var unsent: (bytes: Int, since: NIODeadline)?

  /// The state of a connection that was accepted at `now`.
  init(_ timeouts: ConnectionTimeouts, now: NIODeadline) {
    self.timeouts = timeouts
    state = .idle(since: now)
  }

  /// Bytes were read.
  mutating func bytesReceived(now: NIODeadline) {
    switch state {
    case .idle: state = .header(since: now)
    case .body(let since, _): state = .body(since: since, lastByte: now)
    case .header, .responding, .lingering: break
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
  mutating func requestEnded() { state = .responding }

  /// A response is complete.
  mutating func responseEnded(now: NIODeadline) { state = .idle(since: now) }

  /// The last response was written; the connection waits for the client to close.
  mutating func lingers(now: NIODeadline) { state = .lingering(since: now) }

  /// How many bytes wait to be sent. While the number changes the client is reading, however slowly.
  mutating func unsent(_ bytes: Int, now: NIODeadline) {
    guard bytes > 0 else {
      if unsent != nil { restartIdle(now) }
      unsent = nil
      return
    }
    if unsent?.bytes != bytes { unsent = (bytes, now) }
  }

  /// Idle and linger time count from when everything was sent.
  private mutating func restartIdle(_ now: NIODeadline) {
    switch state {
    case .idle: state = .idle(since: now)
    case .lingering: state = .lingering(since: now)
    case .header, .body, .responding: break
    }
  }

  /// The action that is due at `now`.
  func action(now: NIODeadline) -> Action {
    if let unsent { return now - unsent.since > timeouts.idle ? .abort : .none }
    switch state {
    case .idle(let since): return now - since > timeouts.idle ? .closeIdle : .none
    case .header(let since): return now - since > timeouts.header ? .respondTimeout : .none
    case .body(let since, let lastByte):
      return now - lastByte > timeouts.bodyPause || now - since > timeouts.request ? .respondTimeout : .none
    case .responding: return .none
    case .lingering(let since): return now - since > timeouts.linger ? .abort : .none
    }
  }
}
