import GRDBSQLite
import OData
import Profiles

/// What the writer's thread owns, and how it commits a group.
final class SQLiteWorker {
  let connection: SQLiteConnection
  let tables: SQLiteTables
  let condition: SQLiteCondition
  private let begin, commit, rollback: SQLiteStatement
  private let counter: StoreWriteCounter
  private let beforeCommit: (@Sendable () -> Void)?
  /// Whether the write-ahead log holds values of somebody who was deleted.
  var mustErase = false
  /// Whether it was waited for what keeps it there.
  private var hasWaited = false

  /// Prepares everything that writing needs.
  init(
    _ connection: SQLiteConnection, _ recordKey: RecordKey, condition: SQLiteCondition, counter: StoreWriteCounter,
    options: SQLiteOptions
  ) throws(SQLiteFailure) {
    self.connection = connection
    connection.leaveGRDB()
    self.condition = condition
    self.counter = counter
    beforeCommit = options.beforeCommit
    tables = try SQLiteTables(connection, recordKey, options)
    begin = try connection.prepare("begin immediate")
    commit = try connection.prepare("commit")
    rollback = try connection.prepare("rollback")
  }

  /// Applies a group of writes in one transaction and answers them in order.
  func commit(_ writes: [StoreWrite]) {
    if let refusal = condition.refusal { return writes.forEach { $0.fail(refusal) } }
    var hasBegun = false
    do throws(SQLiteFailure) {
      try begin.run()
      hasBegun = true
      var answers: [() -> Void] = []
      answers.reserveCapacity(writes.count)
      let applier = WriteApplier(tables)
      for write in writes { answers.append(try applier.apply(write)) }
      try tables.record.finish()
      beforeCommit?()
      try commit.run()
      if mustErase || applier.hasErased { erase() }
      counter.countGroup(of: writes.count)
      for answer in answers { answer() }
    } catch {
      undo()
      condition.note(error)
      guard hasBegun, writes.count > 1, !error.endsTrust else { return writes.forEach { $0.fail(error.storeError) } }
      // One write spoiled the transaction for all: alone, each meets its own fate.
      for write in writes { commit([write]) }
    }
  }

  /// Runs `body` in a transaction that is rolled back when it throws.
  func transaction<Answer>(_ body: () throws -> Answer) throws -> Answer {
    do {
      try begin.run()
      let answer = try body()
      try tables.record.finish()
      try commit.run()
      return answer
    } catch {
      undo()
      guard let failure = error as? SQLiteFailure else { throw error }
      condition.note(failure)
      throw failure.storeError
    }
  }

  /// Empties the write-ahead log, which still holds what was deleted. A long read in the way is waited for shortly; then
  /// the next group tries again, and the end of the program does.
  private func erase() {
    // It is waited for once; then every group only looks.
    _ = try? connection.value("pragma busy_timeout = \(hasWaited ? 0 : Limits.eraseMilliseconds)")
    let isBusy = (try? connection.value("pragma wal_checkpoint(truncate)")) != "0"
    _ = try? connection.value("pragma busy_timeout = \(SQLiteConnection.busyMilliseconds)")
    mustErase = isBusy
    hasWaited = isBusy
  }

  /// Empties the write-ahead log into the database. Failing to is no loss: the next start does it.
  func finish() { try? connection.execute("pragma wal_checkpoint(truncate)") }

  /// Some failures end the transaction by themselves; what is left of it ends here.
  private func undo() {
    tables.record.undo()
    guard connection.isInTransaction else { return }
    do throws(SQLiteFailure) {
      try rollback.run()
    } catch {
      // A connection that stays inside a half-applied transaction must not commit it with the next group.
      condition.refuse(.readOnly("A transaction could not be undone: \(error.reason). Restart the server."))
    }
  }
}
