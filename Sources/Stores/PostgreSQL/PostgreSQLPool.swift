import Dispatch
import OData
import Profiles
import Synchronization

/// A read that waits for a thread of the pool.
struct PostgreSQLRead: Sendable {
  /// What it asks first.
  let queries: [PostgreSQLQuery]
  /// Until when it is tried again.
  let deadline: DispatchTime
  /// Makes the answer of the rows and gives it; what it throws may be tried again.
  let proceed: @Sendable (PostgreSQLReads, [PostgreSQLRows]) throws(PostgreSQLFailure) -> Void
  /// Gives up.
  let fail: @Sendable (StoreError) -> Void
}

/// Threads that read, each with a connection of its own. Calls into libpq block, so they never run elsewhere.
final class PostgreSQLPool: Sendable {
  private struct State {
    var waiting: [PostgreSQLRead] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()
  private let count: Int
  /// How long a read is tried again.
  let retrySeconds: Int

  /// Starts the threads.
  init(_ options: PostgreSQLOptions, _ key: AuditKey, threads: Int) {
    count = threads
    retrySeconds = options.retrySeconds
    for _ in 0..<count {
      ended.enter()
      StoreThread.start("facet-reader") { [self] in
        run(PostgreSQLSession(options, key))
        ended.leave()
      }
    }
  }

  /// Queues a read; false after `stop`.
  func submit(_ read: PostgreSQLRead) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isClosed else { return false }
      state.waiting.append(read)
      return true
    }
    if isTaken { wake.signal() }
    return isTaken
  }

  /// Ends the threads; reads that wait are not done any more.
  func stop() {
    state.withLock { $0.isClosed = true }
    for _ in 0..<count { wake.signal() }
  }

  func waitForEnd() { ended.wait() }

  private func run(_ session: PostgreSQLSession) {
    while true {
      wake.wait()
      let (reads, isClosed) = state.withLock { state -> ([PostgreSQLRead], Bool) in
        let reads = Array(state.waiting.prefix(state.isClosed ? .max : Limits.databaseReadsMax))
        state.waiting.removeFirst(reads.count)
        return (reads, state.isClosed)
      }
      if isClosed {
        for read in reads { read.fail(.closed) }
        return
      }
      // Those that were taken with others have signalled as well, and find nothing.
      if !reads.isEmpty { session.run(reads) }
    }
  }
}
