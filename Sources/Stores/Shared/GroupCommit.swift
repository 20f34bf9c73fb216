import Dispatch
import OData
import Profiles
import Synchronization

/// Group commit: one thread takes the writes that have queued, applies them in one transaction, commits once, and only then
/// answers them. The next group gathers while the disk syncs or the database server answers: no write waits for company, and
/// under load one commit serves many.
///
/// Queueing, waking, counting and answering are the same for every store. What a transaction is, and what follows from its
/// failure, is up to the `GroupCommitWriter`.
final class GroupCommit<Writer: GroupCommitWriter>: Sendable {
  private let queue: GroupCommitQueue<Writer>
  private let counter: StoreWriteCounter
  private let ended = DispatchGroup()

  /// Starts the thread, which owns `writer` from now on. `onEnd` runs there once all is written and the writer has finished.
  init(_ writer: Writer, onEnd: @escaping @Sendable () -> Void = {}) {
    let queue = GroupCommitQueue<Writer>()
    self.queue = queue
    counter = writer.counter
    let transfer = OneTimeTransfer(writer)
    ended.enter()
    StoreThread.start("facet-writer") { [ended] in
      Self.run(transfer, queue)
      onEnd()
      ended.leave()
    }
  }

  /// How many writes and leases wait.
  var waiting: Int { queue.count }

  /// What was written since the start.
  var counts: StoreWriteCounts {
    var counts = counter.counts
    counts.waiting = waiting
    return counts
  }

  /// Queues a write, or fails it at once.
  func submit(_ write: StoreWrite) {
    if let refusal = append(write) { write.fail(refusal) }
  }

  /// Queues a write. Returns why it was not taken, or nil.
  func append(_ write: StoreWrite) -> StoreError? { queue.append(.write(write)) }

  /// Fails the writes that wait; nothing of them was begun. Returns them.
  @discardableResult
  func refuseWaiting(_ error: StoreError) -> [StoreWrite] {
    let writes = queue.removeWrites()
    for write in writes { write.fail(error) }
    return writes
  }

  /// Runs `body` with the writer between two groups. Blocks; never called from the completion of a write.
  ///
  /// Throws `StoreError.closed` or `StoreError.overloaded` when the queue does not take the lease, and what `body` throws.
  func borrow<Answer>(_ body: (Writer) throws -> Answer) throws -> Answer {
    let lease = WriterLease<Writer>()
    if let refusal = queue.append(.lease(lease)) { throw refusal }
    return try lease.use(body)
  }

  /// Takes no more writes; the thread ends once those that wait are done.
  func stop() { queue.close() }

  /// Waits for the thread to end, after `stop`.
  func waitForEnd() { ended.wait() }

  private static func run(_ writer: OneTimeTransfer<Writer>, _ queue: GroupCommitQueue<Writer>) {
    guard let writer = writer.take() else { return }
    while let work = queue.next(seconds: writer.sleepSecondsMax) {
      switch work {
      case .writes(let writes):
        writer.commit(writes)
        writer.maintain(isIdle: false)
      case .lease(let lease):
        lease.grant(writer)
        writer.maintain(isIdle: false)
      case .nothing: writer.maintain(isIdle: true)
      }
    }
    writer.finish()
  }
}

/// What one attempt to commit a group of writes came to.
enum GroupCommitOutcome<Attempt> {
  /// Committed. The answers are given in the order of the writes.
  case committed([() -> Void])
  /// Nothing was committed, and the whole group is attempted again.
  case retryGroup(Attempt)
  /// Nothing was committed. One write may have spoiled the transaction for all, so each is attempted alone; nil makes that
  /// a first attempt.
  case retryOneByOne(Attempt?)
  /// Nothing was committed here. Another thread has taken the writes and answers them.
  case handedOver
  /// Given up: every write fails with this error, which also tells whether the outcome is known.
  case failed(StoreError)
}

/// The part of group commit that differs from store to store. Belongs to the thread of its `GroupCommit`.
///
/// What follows from a failure is not shared. SQLite counts attempts, because a disk that fails may fail only once, and must
/// settle a failed COMMIT before anything else is written. PostgreSQL bounds attempts in time, because a server comes back in
/// its own time, and must look up the outcome of a COMMIT whose reply was lost.
protocol GroupCommitWriter: AnyObject, SendableMetatype {
  /// What a later attempt knows of earlier ones.
  associatedtype Attempt

  /// Counts committed groups.
  var counter: StoreWriteCounter { get }

  /// Applies writes in one transaction and commits it. `attempt` is nil the first time.
  func tryCommit(_ writes: [StoreWrite], _ attempt: Attempt?) -> GroupCommitOutcome<Attempt>

  /// Commits all that was taken from the queue at once, in one group or, where the database asks for it, in several.
  func commit(_ writes: [StoreWrite])

  /// Runs after a group was committed and answered.
  func afterAnswers()

  /// The longest time that the thread may sleep without work, in seconds; nil when it need not wake by itself.
  var sleepSecondsMax: Int? { get }

  /// Runs after all work, and with `isIdle` when the thread slept for `sleepSecondsMax`.
  func maintain(isIdle: Bool)

  /// Runs at the end, after the last write.
  func finish()
}

extension GroupCommitWriter {
  func commit(_ writes: [StoreWrite]) { commitGroup(writes) }

  /// Commits a group, which is retried as the outcome of each attempt asks, and answers its writes in order.
  func commitGroup(_ writes: [StoreWrite], _ attempt: Attempt? = nil) {
    var attempt = attempt
    while true {
      switch tryCommit(writes, attempt) {
      case .committed(let answers):
        counter.countGroup(of: writes.count)
        for answer in answers { answer() }
        return afterAnswers()
      case .retryGroup(let next): attempt = next
      case .retryOneByOne(let next):
        for write in writes { commitGroup([write], next) }
        return
      case .handedOver: return
      case .failed(let error):
        for write in writes { write.fail(error) }
        return
      }
    }
  }
}

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
