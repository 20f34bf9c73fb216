import Dispatch
import OData
import Profiles

/// How SQLite commits a group of writes: what the thread of the store's group commit owns, on its only writing
/// connection.
final class SQLiteWriter: GroupCommitWriter {
  let connection: SQLiteConnection
  let tables: SQLiteTables
  let counter = StoreWriteCounter()
  private let condition: StoreCondition
  private let options: SQLiteOptions
  private let begin, commit, rollback: SQLiteStatement
  /// The care of the write-ahead log.
  private let maintenance: SQLiteMaintenance
  /// When the files were last checked.
  private var lastLook = DispatchTime.now()

  /// Prepares everything that writing needs. The owner of the database also copies into it what the last run left in
  /// the log; a store beside the owner leaves the log alone. Throws when the database cannot be read or the log cannot
  /// be copied.
  init(
    _ connection: SQLiteConnection, _ auditKey: AuditKey, condition: StoreCondition, options: SQLiteOptions
  ) throws(SQLiteFailure) {
    self.connection = connection
    connection.leaveGRDB()
    self.condition = condition
    self.options = options
    tables = try SQLiteTables(connection, auditKey, options)
    begin = try connection.prepare("begin immediate")
    commit = try connection.prepare("commit")
    rollback = try connection.prepare("rollback")
    maintenance = SQLiteMaintenance(connection, condition, options)
    condition.disabledAccounts.load(try SQLiteSchema.disabledAccounts(connection))
    tables.disabledAccounts = condition.disabledAccounts
    if options.isOwner { try maintenance.settleLog() }
  }

  // MARK: Groups

  /// Applies a group of writes in one transaction. `attempt` counts from 1: a group that the disk or the memory fails
  /// is attempted up to `Limits.failedAttemptsMax` times.
  func tryCommit(_ writes: [StoreWrite], _ attempt: Int?) -> GroupCommitOutcome<Int> {
    let attempt = attempt ?? 1
    guard maintenance.hasSoundFiles(), condition.refusal == nil else { return .failed(condition.refusal ?? .closed) }
    do throws(SQLiteFailure) {
      try begin.run()
    } catch {
      // No write was applied yet that could have spoiled the transaction.
      guard error.mayPass, attempt < Limits.failedAttemptsMax else { return giveUp(after: error) }
      undo()
      return .retryGroup(attempt + 1)
    }
    var answers: [() -> Void] = []
    answers.reserveCapacity(writes.count)
    let applier = WriteApplier(tables)
    do throws(SQLiteFailure) {
      for write in writes { answers.append(try applier.apply(write)) }
      try tables.finish()
      if applier.hasErased { try tables.index.eraseRemnants() }
    } catch {
      return outcome(of: error, writes.count, attempt)
    }
    options.beforeCommit?()
    if let error = finishTransaction() { return .failed(error) }
    maintenance.afterCommit(hasErased: applier.hasErased)
    return .committed(answers)
  }

  /// Rolls back a group that could not be applied. Alone, each of its writes meets its own fate; a single write is
  /// tried again when the disk or the memory failed.
  private func outcome(of failure: SQLiteFailure, _ count: Int, _ attempt: Int) -> GroupCommitOutcome<Int> {
    undo()
    let next = failure.mayPass ? attempt + 1 : attempt
    guard count > 1 || (failure.mayPass && next <= Limits.failedAttemptsMax) else { return giveUp(after: failure) }
    if failure.mayPass { connection.forgetPages() }
    return .retryOneByOne(min(next, Limits.failedAttemptsMax))
  }

  /// Fails a group of which nothing was committed, and which further attempts would not help.
  private func giveUp(after failure: SQLiteFailure) -> GroupCommitOutcome<Int> {
    undo()
    condition.note(failure)
    if failure.isDiskFailure || failure.isMemoryFailure { maintenance.pause(for: failure) }
    return .failed(failure.storeError)
  }

  func afterAnswers() { maintenance.afterAnswers() }

  // MARK: The thread

  var sleepSecondsMax: Int? { Limits.filesSeconds }

  /// Checks the files once in `Limits.filesSeconds`, however busy the thread is.
  func maintain(isIdle: Bool) {
    let now = DispatchTime.now()
    guard now >= lastLook + .seconds(Limits.filesSeconds) else { return }
    lastLook = now
    maintenance.runPeriodicChecks()
    mergeRemnants()
  }

  /// Merges a part of the full-text index of people while it holds tokens of somebody who was deleted. A failure is that of
  /// the next write too, which reports it.
  private func mergeRemnants() {
    guard options.isOwner, condition.refusal == nil, (try? tables.index.hasRemnants()) == true else { return }
    guard (try? transaction({ try tables.index.mergeRemnants() })) == true else { return }
    maintenance.afterCommit(hasErased: true)
  }

  func finish() { maintenance.finish() }

  // MARK: Transactions

  /// Runs `body` in a transaction, which is rolled back when it throws.
  ///
  /// Throws a `StoreError` when writes are refused or the database fails, and what `body` throws.
  func transaction<Answer>(_ body: () throws -> Answer) throws -> Answer {
    guard maintenance.hasSoundFiles() else { throw condition.refusal ?? .closed }
    if let refusal = condition.refusal { throw refusal }
    let answer: Answer
    do {
      try begin.run()
      answer = try body()
      try tables.finish()
    } catch {
      undo()
      guard let failure = error as? SQLiteFailure else { throw error }
      if failure.mayPass { connection.forgetPages() }
      throw failure.storeError
    }
    if let error = finishTransaction() { throw error }
    maintenance.afterCommit(hasErased: false)
    maintenance.afterAnswers()
    return answer
  }

  /// Commits. Returns the error to answer with when that failed, or nil.
  private func finishTransaction() -> StoreError? {
    do throws(SQLiteFailure) {
      try commit.run()
    } catch {
      undo()
      return maintenance.settle(error)
    }
    condition.countCommit()
    // After a start, what was committed into files that had been moved away is not found, unless they are put back.
    return condition.hasFilesInPlace() ? nil : .unresolved
  }

  /// Rolls back. Some failures end the transaction by themselves; what is left of it ends here.
  private func undo() {
    tables.forget()
    for attempt in 1...Limits.failedAttemptsMax where connection.isInTransaction {
      do throws(SQLiteFailure) {
        try rollback.run()
      } catch {
        guard attempt == Limits.failedAttemptsMax, connection.isInTransaction else { continue }
        // A connection that stays inside a half-applied transaction must not commit it with the next group.
        condition.refuse(.readOnly("A transaction could not be undone: \(error.reason). Restart the server."))
      }
    }
  }
}
