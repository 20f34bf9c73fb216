import HummingbirdCore
import Logging
import NIOCore
import OData
import Synchronization

/// Bounds the number of connections of all listeners together. The bound is below the number of files that the process
/// may have open, because the database, key files and fetches of keys need descriptors too.
///
/// At the bound listeners stop accepting, further connections wait in the backlog of the operating system, and a
/// warning is logged. The bound may be exceeded by one connection for each listener but one, which may be about to
/// accept when another takes the last place.
final class ConnectionBudget: Sendable {
  private struct State {
    var open = 0
    /// When the log last warned that the bound is reached.
    var warned: NIODeadline?
    /// Whether a tenth of the connections has been free since then.
    var hasRecovered = true
    /// When accepting last failed for lack of descriptors.
    var exhausted: NIODeadline?
    var observers: [@Sendable () -> Void] = []
  }

  /// Most connections at once.
  let connectionsMax: Int
  private let logger: Logger
  private let state = Mutex(State())

  /// A budget of `connectionsMax` connections.
  init(connectionsMax: Int, logger: Logger) {
    self.connectionsMax = connectionsMax
    self.logger = logger
  }

  /// Whether no further connection may be accepted now.
  var isFull: Bool { state.withLock { $0.open >= connectionsMax } }

  /// Has `observer` called, on any thread, whenever `isFull` may have changed.
  func addObserver(_ observer: @escaping @Sendable () -> Void) { state.withLock { $0.observers.append(observer) } }

  /// A connection was accepted. At the bound this logs a warning, at most once a minute and not again before a tenth
  /// was free.
  func opened(now: NIODeadline = .now()) {
    let (observers, warns) = state.withLock { state in
      state.open += 1
      guard state.open == connectionsMax else { return ([@Sendable () -> Void](), false) }
      let warns = state.hasRecovered && Self.mayWarn(since: state.warned, now)
      if warns { (state.warned, state.hasRecovered) = (now, false) }
      return (state.observers, warns)
    }
    if warns {
      logger.warning(
        """
        No more connections are accepted until some end: as many are open as may be. Raise the number of files that the \
        process may open (ulimit -n, or LimitNOFILE of its service) if it is the lower bound, or look who holds them.
        """, metadata: ["connections": "\(connectionsMax)", "bound": "\(Limits.connectionsMax)"])
    }
    for observer in observers { observer() }
  }

  /// A connection was closed.
  func closed() {
    let observers = state.withLock { state in
      state.open -= 1
      if state.open <= connectionsMax - max(1, connectionsMax / 10) { state.hasRecovered = true }
      return state.open == connectionsMax - 1 ? state.observers : []
    }
    for observer in observers { observer() }
  }

  /// Accepting failed because the operating system had no free descriptor. Logs a warning, at most once a minute.
  func descriptorsExhausted(_ error: IOError, now: NIODeadline = .now()) {
    let warns = state.withLock { state in
      defer { state.exhausted = now }
      return Self.mayWarn(since: state.exhausted, now)
    }
    guard warns else { return }
    logger.warning(
      """
      No connection can be accepted: the system gives no more descriptors. It is tried again every \
      \(Limits.acceptRetrySeconds) s. Raise the number of files that the process, or the machine, may open.
      """, metadata: ["errno": "\(error.errnoCode)"])
  }

  private static func mayWarn(since last: NIODeadline?, _ now: NIODeadline) -> Bool {
    last.map { now - $0 > .seconds(Int64(Limits.acceptWarningSeconds)) } ?? true
  }
}

/// Counts the connections of one listener.
struct CountedConnections: AvailableConnectionsDelegate {
  let budget: ConnectionBudget

  mutating func connectionOpened() { budget.opened() }

  mutating func connectionClosed() { budget.closed() }

  /// Always true: `AcceptLimitHandler` does the work, because Hummingbird resumes only when a connection of the
  /// same listener ends.
  func isAcceptingNewConnections() -> Bool { true }
}
