import Dispatch
import OData
import Profiles

/// The one thread that writes.
///
/// It drains what has queued, applies it in one transaction, commits once, and only then answers. While the disk
/// syncs, the next group gathers: no write waits for company, and under load one sync serves many.
final class SQLiteWriter: Sendable {
  private let queue: SQLiteGroupCommit
  private let counter: StoreWriteCounter
  private let condition: SQLiteCondition
  private let ended = DispatchGroup()

  /// Starts the thread, which owns `connection` from now on. `onEnd` runs there when all is written and closed.
  ///
  /// A store that shares the database with the owner leaves it the log.
  init(
    _ connection: SQLiteConnection, _ auditKey: AuditKey, condition: SQLiteCondition, options: SQLiteOptions,
    onEnd: @escaping @Sendable () -> Void
  ) throws(SQLiteFailure) {
    let queue = SQLiteGroupCommit()
    let counter = StoreWriteCounter()
    self.queue = queue
    self.counter = counter
    self.condition = condition
    let made = try SQLiteWorker(connection, auditKey, condition: condition, counter: counter, options: options)
    if options.isOwner { try made.maintenance.settleLog() }
    let worker = OneTimeTransfer(made)
    ended.enter()
    StoreThread.start("facet-writer") { [ended] in
      Self.run(worker, queue)
      onEnd()
      ended.leave()
    }
  }

  /// What was written since the start.
  var counts: StoreWriteCounts {
    var counts = counter.counts
    counts.waiting = queue.count
    return counts
  }

  /// Queues a write, or fails it at once.
  func submit(_ write: StoreWrite) {
    if let refusal = condition.refusal { return write.fail(refusal) }
    if let refusal = queue.append(.write(write)) { write.fail(refusal) }
  }

  /// Borrows the writing connection between two groups. Blocks; never called from a completion of a write.
  func borrow<Answer>(_ body: (SQLiteWorker) throws -> Answer) throws -> Answer {
    if let refusal = condition.refusal { throw refusal }
    let loan = SQLiteConnectionLease()
    if let refusal = queue.append(.loan(loan)) { throw refusal }
    return try loan.use(body)
  }

  /// Takes no more writes; the thread ends when those that wait are done.
  func stop() { queue.close() }

  /// Waits for the thread to end, after `stop`.
  func waitForEnd() { ended.wait() }

  private static func run(_ worker: OneTimeTransfer<SQLiteWorker>, _ queue: SQLiteGroupCommit) {
    guard let worker = worker.take() else { return }
    var lastLook = DispatchTime.now()
    while let work = queue.next(seconds: Limits.filesSeconds) {
      switch work {
      case .writes(let writes): worker.commit(writes)
      case .loan(let loan): loan.grant(worker)
      case .nothing: break
      }
      let now = DispatchTime.now()
      guard now >= lastLook + .seconds(Limits.filesSeconds) else { continue }
      lastLook = now
      worker.maintenance.look()
    }
    worker.maintenance.finish()
  }
}

extension StoreWrite {
  /// Tells whoever asked that nothing was written.
  func fail(_ error: StoreError) {
    switch self {
    case .item(_, _, let completion): completion(.failure(.store(error)))
    case .person(_, let completion): completion(.failure(.store(error)))
    case .createItem(_, _, let completion): completion(.failure(.store(error)))
    case .createPerson(_, _, let completion): completion(.failure(.store(error)))
    case .createGroup(_, _, let completion): completion(.failure(.store(error)))
    case .atomic(_, let completion): completion(.failure(.store(error)))
    case .group(_, let completion): completion(.failure(.store(error)))
    case .replaceAll(_, _, let completion): completion(.failure(.store(error)))
    }
  }
}
