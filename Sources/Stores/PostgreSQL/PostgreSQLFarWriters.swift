import OData
import Profiles
import Synchronization

/// The threads of a node for writes that may have to wait for other nodes, or for a lock that is held on their behalf. The
/// threads that write what the node commits alone so never wait for another node.
///
/// While a write of a person is here, later ones of that person follow it, so that they keep their order.
final class PostgreSQLFarWriters: Sendable {
  private let writers: [GroupCommit<PostgreSQLWriter>]
  private let pending: PostgreSQLPendingWrites

  /// Starts the threads, which connect to the node at `address`.
  init(
    _ access: PostgreSQLAccess, at address: PostgreSQLAddress, _ condition: StoreCondition,
    _ counter: StoreWriteCounter
  ) {
    let pending = PostgreSQLPendingWrites()
    self.pending = pending
    writers = (0..<Limits.distributedFarWriters).map { _ in
      GroupCommit(PostgreSQLWriter(access, at: address, condition, counter, lane: .far(pending)))
    }
  }

  /// How many writes wait.
  var waiting: Int { writers.reduce(0) { $0 + $1.waiting } }

  /// Queues a write. Returns why it was not taken, or nil.
  func append(_ write: StoreWrite) -> StoreError? {
    pending.add(write)
    let refusal = writers[write.routingKey % writers.count].append(write)
    if refusal != nil { pending.remove([write]) }
    return refusal
  }

  /// Takes over those writes whose person has a write here, and returns the others. A write that is not taken stays with
  /// them.
  func takeFollowing(_ writes: [StoreWrite]) -> [StoreWrite] {
    guard !pending.isEmpty else { return writes }
    return writes.filter { !pending.contains($0) || append($0) != nil }
  }

  /// Fails the writes that wait.
  func refuseWaiting(_ error: StoreError) {
    for writer in writers { pending.remove(writer.refuseWaiting(error)) }
  }

  /// Ends the threads, once the writes that wait are done.
  func stop() { for writer in writers { writer.stop() } }

  /// Waits for the threads to end, after `stop`.
  func waitForEnd() { for writer in writers { writer.waitForEnd() } }
}

/// How many writes of which people or groups wait or run on some threads.
final class PostgreSQLPendingWrites: Sendable {
  private let counts = Mutex<[String: Int]>([:])
  private let total = Atomic(0)

  /// Whether there are none. Spares the usual case the lock.
  var isEmpty: Bool { total.load(ordering: .acquiring) == 0 }

  /// Whether there is one of the same person or group.
  func contains(_ write: StoreWrite) -> Bool {
    guard let subject = write.subject else { return false }
    return counts.withLock { $0[subject] != nil }
  }

  /// Counts a write.
  func add(_ write: StoreWrite) {
    guard let subject = write.subject else { return }
    total.add(1, ordering: .acquiringAndReleasing)
    counts.withLock { $0[subject, default: 0] += 1 }
  }

  /// No longer counts writes.
  func remove(_ writes: [StoreWrite]) {
    let subjects = writes.compactMap(\.subject)
    counts.withLock { counts in
      for subject in subjects {
        let rest = (counts[subject] ?? 1) - 1
        counts[subject] = rest > 0 ? rest : nil
      }
    }
    total.subtract(subjects.count, ordering: .acquiringAndReleasing)
  }
}
