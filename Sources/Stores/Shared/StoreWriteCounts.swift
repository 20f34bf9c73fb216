import Synchronization

/// What the writers of a store did since the start, for metrics.
public struct StoreWriteCounts: Equatable, Sendable {
  /// Transactions that were committed for groups of writes.
  public internal(set) var groups = 0
  /// Writes that were answered after a commit, whatever the answer.
  public internal(set) var writes = 0
  /// Most writes that shared one transaction.
  public internal(set) var largestGroup = 0
  /// Writes that wait now.
  public internal(set) var waiting = 0
}

/// Counts on the threads that write, and is read on any.
final class StoreWriteCounter: Sendable {
  private let current = Mutex(StoreWriteCounts())

  /// What was counted so far.
  var counts: StoreWriteCounts { current.withLock { $0 } }

  /// Counts a transaction of this many writes.
  func countGroup(of writes: Int) {
    current.withLock { counts in
      counts.groups += 1
      counts.writes += writes
      counts.largestGroup = max(counts.largestGroup, writes)
    }
  }
}
