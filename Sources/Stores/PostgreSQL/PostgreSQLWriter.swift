import Dispatch
import OData
import Profiles
import Synchronization

/// One thread that writes, with a connection of its own: it takes what has queued, applies it in one transaction, and
/// answers after the commit.
final class PostgreSQLWriter: Sendable {
  private struct State {
    var waiting: [StoreWrite] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()

  /// Starts the thread.
  init(
    _ options: PostgreSQLOptions, _ key: AuditKey, _ condition: PostgreSQLCondition, _ counter: StoreWriteCounter
  ) {
    ended.enter()
    StoreThread.start("facet-writer") { [self] in
      run(PostgreSQLWorker(options, key, condition, counter), condition)
      ended.leave()
    }
  }

  /// Queues a write, or fails it at once.
  func submit(_ write: StoreWrite) {
    let refusal = state.withLock { state -> StoreError? in
      if state.isClosed { return .closed }
      guard state.waiting.count < Limits.queuedWritesMax else { return .overloaded }
      state.waiting.append(write)
      return nil
    }
    if let refusal { write.fail(refusal) } else { wake.signal() }
  }

  /// Takes no more writes; the thread ends when those that wait are done.
  func stop() {
    state.withLock { $0.isClosed = true }
    wake.signal()
  }

  func waitForEnd() { ended.wait() }

  private func run(_ worker: PostgreSQLWorker, _ condition: PostgreSQLCondition) {
    while true {
      // While writes fail, it is tried now and then whether they would succeed again.
      if condition.refusal != nil {
        if wake.wait(timeout: .now() + .seconds(1)) == .timedOut { worker.probe(); continue }
      } else {
        wake.wait()
      }
      let (writes, isDone) = state.withLock { state -> ([StoreWrite], Bool) in
        let writes = Array(state.waiting.prefix(Limits.groupWritesMax))
        state.waiting.removeFirst(writes.count)
        return (writes, state.isClosed && state.waiting.isEmpty)
      }
      // Those that were taken with others have signalled as well, so that nothing waits now and then.
      if !writes.isEmpty { worker.commit(writes) }
      if isDone { return }
    }
  }
}

/// What a writer's thread owns.
private final class PostgreSQLWorker {
  private let options: PostgreSQLOptions
  private let key: AuditKey
  private let condition: PostgreSQLCondition
  private let counter: StoreWriteCounter
  private let session: PostgreSQLSession
  private var tables: PostgreSQLTables?

  init(
    _ options: PostgreSQLOptions, _ key: AuditKey, _ condition: PostgreSQLCondition, _ counter: StoreWriteCounter
  ) {
    self.options = options
    self.key = key
    self.condition = condition
    self.counter = counter
    session = PostgreSQLSession(options, key)
  }

  /// What became of a group.
  private enum Outcome {
    case committed([() -> Void])
    /// Nothing was committed.
    case failed(PostgreSQLFailure)
  }

  /// When a connection was last tried in vain.
  private var lastOutage: DispatchTime?

  /// Applies a group of writes in one transaction and answers them in order. What a lost connection left undone is done
  /// again until the deadline; whether a commit was done whose answer was lost is looked up, never guessed. While the
  /// server is known to be away, one group in a second finds out whether it is back, and the others fail at once.
  func commit(_ writes: [StoreWrite]) {
    guard !isKnownToBeAway(writes) else { return }
    for group in groups(writes) { commitTogether(group) }
    forgetReceipts()
  }

  /// Fails the writes when the server was tried in vain a moment ago.
  private func isKnownToBeAway(_ writes: [StoreWrite]) -> Bool {
    guard let refusal = condition.refusal, let lastOutage, DispatchTime.now() < lastOutage + .seconds(1) else {
      return false
    }
    for write in writes { write.fail(refusal) }
    return true
  }

  /// On a database that is spread over nodes a transaction of several people would take two phases, so that each person's
  /// writes make a group.
  private func groups(_ writes: [StoreWrite]) -> [[StoreWrite]] {
    // Without a connection it is as the last one found it.
    if session.outage == nil { _ = try? session.connection() }
    guard session.isDistributed else { return [writes] }
    var groups: [[StoreWrite]] = []
    var places: [String: Int] = [:]
    for write in writes {
      guard let subject = write.subject else { return writes.map { [$0] } }
      if let place = places[subject] {
        groups[place].append(write)
      } else {
        places[subject] = groups.count
        groups.append([write])
      }
    }
    return groups
  }

  /// When expired receipts were last looked for.
  private var lastForgotten = DispatchTime.now()

  /// Where receipts are spread over nodes, those that have expired are forgotten apart from the writes, now and then.
  private func forgetReceipts() {
    let now = DispatchTime.now()
    guard session.isDistributed, now > lastForgotten + .seconds(Limits.distributedReceiptsSeconds),
      let tables, let time = tables.lastReceiptTime
    else { return }
    lastForgotten = now
    // What fails is tried again after the next minute.
    _ = try? session.connection().rows(PostgreSQLTables.forgetAllReceipts, .int(time.ticks))
  }

  private func commitTogether(_ writes: [StoreWrite]) {
    guard !isKnownToBeAway(writes) else { return }
    let now = DispatchTime.now()
    let deadline = now + .seconds(options.retrySeconds)
    let patience = condition.refusal == nil ? deadline : now
    while true {
      switch attempt(writes, until: deadline) {
      case .committed(let answers):
        condition.note(nil)
        counter.countGroup(of: writes.count)
        for answer in answers { answer() }
        return
      case .failed(let failure) where failure.isOutage:
        lastOutage = .now()
        guard DispatchTime.now() < patience else { return fail(writes, failure) }
        StoreThread.pause(milliseconds: 50)
      case .failed(let failure) where failure.isConflict || failure.isUnprepared:
        guard DispatchTime.now() < deadline else { return fail(writes, failure) }
        guard writes.count == 1 else { return writes.forEach { commitTogether([$0]) } }
        StoreThread.pause(milliseconds: 10)
      case .failed(.unresolved):
        // They may have been done, so that doing them again would do them twice.
        return fail(writes, .unresolved)
      case .failed(let failure):
        // One write spoiled the transaction for all: alone, each meets its own fate.
        guard writes.count > 1 else { return fail(writes, failure) }
        return writes.forEach { commitTogether([$0]) }
      }
    }
  }

  private func fail(_ writes: [StoreWrite], _ failure: PostgreSQLFailure) {
    condition.note(failure.isOutage || failure.isOfSchema ? failure.storeError : nil)
    for write in writes { write.fail(failure.storeError) }
  }

  /// Finds out whether the server takes writes again.
  func probe() {
    do throws(PostgreSQLFailure) {
      let connection = try session.connection()
      if try connection.first("select pg_is_in_recovery()::int::bigint")?.int64(0) == 0 {
        condition.note(nil)
      } else {
        session.reset()
      }
    } catch {
      lastOutage = .now()
      session.reset()
      tables = nil
    }
  }

  private func attempt(_ writes: [StoreWrite], until deadline: DispatchTime) -> Outcome {
    do throws(PostgreSQLFailure) {
      let tables = try currentTables()
      var writeSet = PostgreSQLTables.WriteSet()
      for write in writes { write.note(in: &writeSet) }
      try tables.begin(writeSet)
      let applier = WriteApplier(tables)
      var answers: [() -> Void] = []
      for write in writes { answers.append(try applier.apply(write)) }
      let commitProof = tables.commitProof
      do throws(PostgreSQLFailure) {
        try tables.commit()
      } catch {
        // What records nothing has changed nothing that would not be the same when it is done again. Of every outage, also
        // one that the server reports itself, it is not known whether the commit came before it.
        guard error.isOutage, let commitProof else { throw error }
        recover(error)
        return try wasCommitted(commitProof, until: deadline) ? .committed(answers) : .failed(error)
      }
      return .committed(answers)
    } catch {
      recover(error)
      return .failed(error)
    }
  }

  /// Whether a transaction was committed, asked on a new connection once it is not under way any more: whether the row is
  /// there that it recorded.
  private func wasCommitted(
    _ commitProof: PostgreSQLTables.CommitProof, until deadline: DispatchTime
  ) throws(PostgreSQLFailure) -> Bool {
    while true {
      do throws(PostgreSQLFailure) {
        let answers = try session.connection().run([
          PostgreSQLQuery(PostgreSQLTables.selectStatus, .text(commitProof.transaction)),
          PostgreSQLQuery(
            PostgreSQLTables.selectCode, .text(commitProof.owner.user.text), .text(commitProof.owner.tenant.text),
            .int(commitProof.chain.length)),
        ])
        guard answers.count == 2 else { throw .disconnected }
        if answers[1].first?.bytes(0) == commitProof.chain.tip { return true }
        // The old server process may not have noticed yet that its client is gone.
        if answers[0].first?.optionalText(0) != "in progress" { return false }
      } catch {
        session.reset()
        // Whatever the look-up fails of, it does not say that nothing was committed.
        guard error.isOutage else { throw .unresolved }
      }
      guard DispatchTime.now() < deadline + .seconds(Limits.databaseSeconds) else { throw .unresolved }
      StoreThread.pause(milliseconds: 50)
    }
  }

  private func currentTables() throws(PostgreSQLFailure) -> PostgreSQLTables {
    let connection = try session.connection()
    if let tables, tables.isOn(connection) { return tables }
    let made = PostgreSQLTables(connection, key, options.undecided, isDistributed: session.isDistributed)
    tables = made
    return made
  }

  private func recover(_ error: PostgreSQLFailure) {
    guard !error.isOutage, !error.isUnprepared else {
      tables = nil
      return session.reset()
    }
    do throws(PostgreSQLFailure) {
      try tables?.rollback()
    } catch {
      tables = nil
      session.reset()
    }
  }
}
