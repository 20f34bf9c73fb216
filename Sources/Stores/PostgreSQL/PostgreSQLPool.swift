import Dispatch
import OData
import Profiles
import Synchronization

/// A read that waits for a thread of the pool.
struct PostgreSQLRead: Sendable {
  /// Queries that it begins with, and what follows.
  struct Trip: Sendable {
    let queries: [PostgreSQLQuery]
    /// Makes the answer from the rows and delivers it, or goes on. What it throws may be tried again.
    let proceed: @Sendable (PostgreSQLReads, [PostgreSQLRows]) throws(PostgreSQLFailure) -> Void
  }

  /// Where most of what is read lies.
  let place: PostgreSQLPlace
  let trip: Trip
  /// The same with fewer queries, all of which must see one moment; nil where it takes as many.
  let ofOneMoment: Trip?
  /// The end of all attempts.
  let deadline: DispatchTime
  /// Delivers an error, unless the answer was delivered before. May be called while the read runs.
  let fail: @Sendable (StoreError) -> Void
}

/// Threads that read, each with a connection of its own: calls into libpq block.
final class PostgreSQLPool: Sendable {
  private struct State {
    var waiting: [PostgreSQLRead] = []
    /// What each thread works on.
    var running: [[PostgreSQLRead]] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()
  private let count: Int
  /// How long a read is tried again, in seconds.
  let retrySeconds: Int

  /// Starts the threads, which connect to the node at `address`; nil stands for the URL of the store.
  init(_ access: PostgreSQLAccess, at address: PostgreSQLAddress?, threads: Int) {
    count = threads
    retrySeconds = access.options.retrySeconds
    state.withLock { $0.running = Array(repeating: [], count: threads) }
    for thread in 0..<count {
      ended.enter()
      StoreThread.start("facet-reader") { [self] in
        run(PostgreSQLSession(access, at: address), thread)
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

  /// Fails the reads that `isAffected` holds for: those that wait and those that run, whose threads may go on to wait for
  /// the server.
  func fail(_ error: StoreError, _ isAffected: (PostgreSQLRead) -> Bool) {
    let reads = state.withLock { state in
      let reads = (state.running.joined() + state.waiting).filter(isAffected)
      guard !reads.isEmpty else { return reads }
      state.waiting.removeAll(where: isAffected)
      for thread in state.running.indices { state.running[thread].removeAll(where: isAffected) }
      return reads
    }
    for read in reads { read.fail(error) }
  }

  /// Ends the threads; reads that wait fail with `StoreError.closed`.
  func stop() {
    state.withLock { $0.isClosed = true }
    for _ in 0..<count { wake.signal() }
  }

  /// Waits for the threads to end, after `stop`.
  func waitForEnd() { ended.wait() }

  private func run(_ session: PostgreSQLSession, _ thread: Int) {
    while true {
      wake.wait()
      let (reads, isClosed) = state.withLock { state -> ([PostgreSQLRead], Bool) in
        let reads = Array(state.waiting.prefix(state.isClosed ? .max : Limits.databaseReadsMax))
        state.waiting.removeFirst(reads.count)
        state.running[thread] = reads
        return (reads, state.isClosed)
      }
      if isClosed {
        for read in reads { read.fail(.closed) }
        return
      }
      // Each read has signalled; the signals of those that were taken with others find nothing.
      guard !reads.isEmpty else { continue }
      session.run(reads)
      state.withLock { $0.running[thread] = [] }
    }
  }
}
