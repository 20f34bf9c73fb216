import GRDBSQLite
import OData
import Profiles

/// What the writer's thread owns, and how it commits a group.
final class SQLiteWorker {
  let connection: SQLiteConnection
  let tables: SQLiteTables
  let condition: SQLiteCondition
  let options: SQLiteOptions
  private let begin, commit, rollback: SQLiteStatement
  private let counter: StoreWriteCounter
  /// What the log needs beyond commits.
  let maintenance: SQLiteMaintenance

  /// Prepares everything that writing needs.
  init(
    _ connection: SQLiteConnection, _ auditKey: AuditKey, condition: SQLiteCondition, counter: StoreWriteCounter,
    options: SQLiteOptions
  ) throws(SQLiteFailure) {
    self.connection = connection
    connection.leaveGRDB()
    self.condition = condition
    self.counter = counter
    self.options = options
    tables = try SQLiteTables(connection, auditKey, options)
    begin = try connection.prepare("begin immediate")
    commit = try connection.prepare("commit")
    rollback = try connection.prepare("rollback")
    maintenance = SQLiteMaintenance(connection, condition, options)
  }

  /// Applies a group of writes in one transaction and answers them in order.
  func commit(_ writes: [StoreWrite]) { commit(writes, attempt: 1) }

  private func commit(_ writes: [StoreWrite], attempt: Int) {
    guard maintenance.hasSoundFiles(), condition.refusal == nil else {
      return fail(writes, condition.refusal ?? .closed)
    }
    do throws(SQLiteFailure) {
      try begin.run()
    } catch {
      // Nothing was done yet that one of them could have spoiled.
      guard error.mayPass, attempt < Limits.failedAttemptsMax else { return giveUp(writes, error) }
      undo()
      return commit(writes, attempt: attempt + 1)
    }
    var answers: [() -> Void] = []
    answers.reserveCapacity(writes.count)
    let applier = WriteApplier(tables)
    do throws(SQLiteFailure) {
      for write in writes { answers.append(try applier.apply(write)) }
      try tables.line.finish()
    } catch {
      return repeatAlone(writes, after: error, attempt)
    }
    options.beforeCommit?()
    if let error = finish() { return fail(writes, error) }
    maintenance.afterCommit(hasErased: applier.hasErased)
    counter.countGroup(of: writes.count)
    for answer in answers { answer() }
    maintenance.afterAnswers()
  }

  /// One write spoiled the transaction for all: alone, each meets its own fate. What the disk or the memory failed is tried
  /// again.
  private func repeatAlone(_ writes: [StoreWrite], after failure: SQLiteFailure, _ attempt: Int) {
    undo()
    let next = failure.mayPass ? attempt + 1 : attempt
    guard writes.count > 1 || (failure.mayPass && next <= Limits.failedAttemptsMax) else {
      return giveUp(writes, failure)
    }
    if failure.mayPass { connection.forgetPages() }
    for write in writes { commit([write], attempt: min(next, Limits.failedAttemptsMax)) }
  }

  /// Nothing was committed, and trying again did not help.
  private func giveUp(_ writes: [StoreWrite], _ failure: SQLiteFailure) {
    undo()
    condition.note(failure)
    if failure.isDiskFailure || failure.isMemoryFailure { maintenance.pause(for: failure) }
    fail(writes, failure.storeError)
  }

  private func fail(_ writes: [StoreWrite], _ error: StoreError) {
    for write in writes { write.fail(error) }
  }

  /// Runs `body` in a transaction that is rolled back when it throws.
  func transaction<Answer>(_ body: () throws -> Answer) throws -> Answer {
    guard maintenance.hasSoundFiles() else { throw condition.refusal ?? .closed }
    if let refusal = condition.refusal { throw refusal }
    let answer: Answer
    do {
      try begin.run()
      answer = try body()
      try tables.line.finish()
    } catch {
      undo()
      guard let failure = error as? SQLiteFailure else { throw error }
      if failure.mayPass { connection.forgetPages() }
      throw failure.storeError
    }
    if let error = finish() { throw error }
    maintenance.afterCommit(hasErased: false)
    maintenance.afterAnswers()
    return answer
  }

  /// Commits; returns what is to be said when that failed.
  private func finish() -> StoreError? {
    do throws(SQLiteFailure) {
      try commit.run()
    } catch {
      undo()
      return maintenance.settle(error)
    }
    // What was committed into files that lie elsewhere by now is not found by the next start, unless they are put back.
    return condition.hasFilesInPlace() ? nil : .unresolved
  }

  /// Some failures end the transaction by themselves; what is left of it ends here.
  private func undo() {
    tables.line.undo()
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
