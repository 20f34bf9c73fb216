import Dispatch
import Profiles
import Synchronization

/// A thread for reads that would block an event loop too long, started lazily. A loop submits one piece at a time for
/// each of its requests, so the number of connections bounds the queue.
final class SQLiteReaderThread: Sendable {
  /// A read that delivers its answer by itself.
  typealias Read = @Sendable (SQLiteReadConnection) -> Void

  private struct State {
    var waiting: [Read] = []
    var isStarted = false
    var isClosed = false
  }

  private let path: String
  private let condition: StoreCondition
  private let policyDefaults: [TenantID: TenantPolicy]
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()

  /// A thread that will read the database at `path`, once there is a read.
  init(path: String, condition: StoreCondition, policyDefaults: [TenantID: TenantPolicy]) {
    self.path = path
    self.condition = condition
    self.policyDefaults = policyDefaults
  }

  /// Queues a read; runs `orFail` instead after `stop`.
  func submit(_ read: @escaping Read, orFail: () -> Void) {
    let isTaken = state.withLock { state in
      guard !state.isClosed else { return false }
      state.waiting.append(read)
      if !state.isStarted {
        state.isStarted = true
        start()
      }
      return true
    }
    if isTaken { wake.signal() } else { orFail() }
  }

  /// Takes no more reads; the thread ends once those that wait are done.
  func stop() {
    state.withLock { $0.isClosed = true }
    wake.signal()
  }

  /// Waits for the thread to end, after `stop`.
  func waitForEnd() { ended.wait() }

  private func start() {
    ended.enter()
    StoreThread.start("facet-reader") { [self] in
      run(SQLiteReadConnection(path: path, condition: condition, policyDefaults: policyDefaults))
      ended.leave()
    }
  }

  private func run(_ connection: SQLiteReadConnection) {
    while true {
      wake.wait()
      let (reads, isClosed) = state.withLock { state in
        defer { state.waiting = [] }
        return (state.waiting, state.isClosed)
      }
      for read in reads { read(connection) }
      if isClosed { return }
    }
  }
}
