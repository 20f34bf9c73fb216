import HummingbirdCore
import Logging
import NIOCore
import OData
import Synchronization

/// How many connections all listeners together may hold, which is fewer than the process may have files open: the
/// database, keys and fetches of keys need some too.
///
/// At the bound listeners stop accepting, further connections wait in the operating system's backlog, and the log says
/// so once. The bound may be exceeded by one connection for each listener but one, which may be about to accept when
/// another takes the last.
final class ConnectionBudget: Sendable {
  private struct State {
    var open = 0
    /// When the log said last that the bound was reached.
    var warned: NIODeadline?
    /// Whether a tenth was free since.
    var hasRecovered = true
    /// When accepting failed last for want of descriptors.
    var exhausted: NIODeadline?
    var gates: [@Sendable () -> Void] = []
  }

  let connectionsMax: Int
  private let logger: Logger
  private let state = Mutex(State())

  init(connectionsMax: Int, logger: Logger) {
    self.connectionsMax = connectionsMax
    self.logger = logger
  }

  /// Whether no further connection may be accepted now.
  var isFull: Bool { state.withLock { $0.open >= connectionsMax } }

  /// Has `gate` called, on any thread, whenever `isFull` may have changed.
  func add(gate: @escaping @Sendable () -> Void) { state.withLock { $0.gates.append(gate) } }

  /// A connection was accepted. That the bound is reached is said once a minute at most, and again only after a tenth was
  /// free.
  func opened(now: NIODeadline = .now()) {
    let (gates, warns) = state.withLock { state in
      state.open += 1
      guard state.open == connectionsMax else { return ([@Sendable () -> Void](), false) }
      let warns = state.hasRecovered && state.warned.map { now - $0 > .seconds(60) } ?? true
      if warns { (state.warned, state.hasRecovered) = (now, false) }
      return (state.gates, warns)
    }
    if warns {
      logger.warning(
        """
        No more connections are accepted until some end: as many are open as may be. Raise the number of files that the \
        process may open (ulimit -n, or LimitNOFILE of its service) if it is the lower bound, or look who holds them.
        """, metadata: ["connections": "\(connectionsMax)", "bound": "\(Limits.connectionsMax)"])
    }
    for gate in gates { gate() }
  }

  /// A connection has ended.
  func closed() {
    let gates = state.withLock { state in
      state.open -= 1
      if state.open <= connectionsMax - max(1, connectionsMax / 10) { state.hasRecovered = true }
      return state.open == connectionsMax - 1 ? state.gates : []
    }
    for gate in gates { gate() }
  }

  /// Accepting failed because the system gave no descriptor, whatever is counted here. Said once a minute at most.
  func descriptorsEnded(_ error: IOError, now: NIODeadline = .now()) {
    let warns = state.withLock { state in
      defer { state.exhausted = now }
      return state.exhausted.map { now - $0 > .seconds(60) } ?? true
    }
    guard warns else { return }
    logger.warning(
      """
      No connection can be accepted: the system gives no more descriptors. It is tried again every \
      \(Limits.acceptRetrySeconds) s. Raise the number of files that the process, or the machine, may open.
      """, metadata: ["errno": "\(error.errnoCode)"])
  }
}

/// Counts the connections of one listener, from its first on.
struct CountedConnections: AvailableConnectionsDelegate {
  let budget: ConnectionBudget

  mutating func connectionOpened() { budget.opened() }

  mutating func connectionClosed() { budget.closed() }

  /// Holding back is left to `AcceptBackPressureHandler`: Hummingbird goes on only when a connection of the same listener ends.
  func isAcceptingNewConnections() -> Bool { true }
}
