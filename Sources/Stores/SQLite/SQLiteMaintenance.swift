import OData
import Profiles

/// What the writer does beside commits: it settles commits that failed, empties the write-ahead log, and looks whether all is
/// well again. Belongs to the writer's thread.
///
/// After a failure in a commit its rows may be in the log or not, whatever was reported: a sync may fail when everything was
/// written, and memory may run out after a sync. Until the same connection commits again, the next start would find them
/// there; from then on they are overwritten (docs/decisions/0012). So a marker is committed, which changes nobody's data: a
/// number in the header of the database (`user_version`) that nothing else uses.
final class SQLiteMaintenance {
  private let connection: SQLiteConnection
  private let condition: StoreCondition
  private let options: SQLiteOptions
  /// Whether the log holds values of somebody who was deleted.
  private var mustErase = false
  /// Whether it was waited for what keeps it there.
  private var hasWaited = false
  /// Whether writes wait for a marker that can be committed.
  private var mustMark = false
  /// Whether what the last run left in the log has yet to be put into the database.
  private var mustSettleLog = false
  /// Whether pages that were copied into the database may not have reached the disk, although a later sync succeeds. Only the
  /// log has them for certain; the next start copies all of it again.
  private var mustKeepLog = false
  /// Whether everything was put into a database that lies elsewhere by now.
  private var hasSavedMisplaced = false
  /// The database as this connection left it. Nobody else writes into it: with a write-ahead log only emptying that does, and
  /// stores that share the database leave that to the owner.
  private var stamp: SQLiteFiles.Stamp?

  /// Cares for the log of `connection`, unless another store is the owner of the database.
  init(_ connection: SQLiteConnection, _ condition: StoreCondition, _ options: SQLiteOptions) {
    self.connection = connection
    self.condition = condition
    self.options = options
  }

  // MARK: Files

  /// Whether every file is in its place, and nobody else wrote into the database. Otherwise writes are refused from now on.
  func hasSoundFiles() -> Bool {
    guard condition.hasFilesInPlace() else { return false }
    guard options.isOwner, let stamp, let path = connection.resolvedPath else { return true }
    guard SQLiteFiles.Stamp(of: path) != stamp else { return true }
    // Copied over, most likely: pages of two states of the database, or of two databases.
    condition.refuse(.readOnly(SQLiteFiles.overwrittenSentence))
    mustKeepLog = true
    return false
  }

  /// Puts the log into the database, and remembers how that leaves it.
  private func put(
    _ body: () throws(SQLiteFailure) -> SQLiteCheckpoint
  ) throws(SQLiteFailure) -> SQLiteCheckpoint {
    guard hasSoundFiles() else { throw .misplaced }
    defer { stamp = connection.resolvedPath.flatMap { SQLiteFiles.Stamp(of: $0) } }
    return try body()
  }

  // MARK: Commits that failed

  /// Finds out what became of a commit that failed, once what is left of it is undone. Returns what is to be said: that
  /// nothing was saved, or that nobody knows. In that case writes are refused: until the next start when the disk failed, and
  /// until there is room again when that is all.
  func settle(_ failure: SQLiteFailure) -> StoreError {
    do throws(SQLiteFailure) {
      try mark()
      return failure.isFull ? .diskFull : .transient("A commit failed and was undone: \(failure.reason).")
    } catch {
      if error.isFull || error.isMemoryFailure || error.isBusy {
        pause(for: error)
      } else {
        condition.refuse(
          .readOnly(
            "The disk failed in a commit, and it is not known whether its writes were saved: \(failure.reason). Check the "
              + "disk, then restart the server."))
      }
      return .unresolved
    }
  }

  /// Refuses writes until a marker can be committed, which is tried every second.
  func pause(for failure: SQLiteFailure) {
    mustMark = true
    condition.pause(
      failure.isFull
        ? .diskFull
        : .transient("The database cannot be written now: \(failure.reason). It is tried again every second."))
  }

  private func mark() throws(SQLiteFailure) {
    let number = try connection.value("pragma user_version").flatMap { Int32($0) } ?? 0
    try connection.execute("pragma user_version = \(number < Int32.max ? number + 1 : 1)")
  }

  // MARK: The log

  /// Puts into the database what the last run left in the log. Rows that the last run could not sync are in the memory of the
  /// system perhaps, and nowhere else: nobody may be told of them before they are on the disk. Somebody who still reads an
  /// older state is waited for; then writes wait, and it is tried again every second. So it is while there is no room.
  func settleLog() throws(SQLiteFailure) {
    do throws(SQLiteFailure) {
      let outcome = try put { () throws(SQLiteFailure) in
        try connection.emptyLog(waitingMilliseconds: SQLiteConnection.busyMilliseconds)
      }
      guard outcome == .partial else { return }
      condition.pause(
        .readOnly(
          "Another process has been reading the database since before this start, so that what the last run left in the "
            + "write-ahead log cannot be put in its place. It is tried again every second; end that process."))
    } catch {
      // The next try then copies all of it again.
      if error.isSyncFailure { connection.keepLogOnClose() }
      guard error.isFull else { throw error }
      condition.pause(.diskFull)
    }
    mustSettleLog = true
  }

  /// What must be done before the answers of a commit: values that were deleted leave the log.
  func afterCommit(hasErased: Bool) {
    mustErase = mustErase || hasErased
    if mustErase { erase() }
  }

  /// What may be done afterwards: a long log goes into the database.
  func afterAnswers() {
    guard options.isOwner, !mustKeepLog, let log = connection.log, log.pages > options.logPages else { return }
    do throws(SQLiteFailure) {
      if try put({ () throws(SQLiteFailure) in try connection.copyLog() }) != .partial { log.reset() }
      condition.warning = nil
    } catch {
      note(error)
    }
  }

  /// A long read in the way is waited for shortly; then the next group tries again, every second, and the end of the program.
  private func erase() {
    guard !mustKeepLog else { return }
    do throws(SQLiteFailure) {
      // It is waited for once; then every group only looks.
      let outcome = try put { () throws(SQLiteFailure) in
        try connection.emptyLog(waitingMilliseconds: hasWaited ? 0 : Limits.eraseMilliseconds)
      }
      mustErase = outcome != .emptied
      hasWaited = mustErase
      if !mustErase { connection.log?.reset() }
      condition.warning = nil
    } catch {
      note(error)
    }
  }

  /// The log could not be put into the database. It still has everything, unless a sync failed: then it has to be copied
  /// again as a whole, which only the next start does.
  private func note(_ failure: SQLiteFailure) {
    guard failure.isSyncFailure else {
      condition.warning = "The write-ahead log cannot be emptied: \(failure.reason). It is tried again; check the disk."
      return
    }
    mustKeepLog = true
    condition.refuse(
      .readOnly(
        "The disk failed to keep what was written: \(failure.reason). Nothing that was acknowledged is lost; it is in the "
          + "write-ahead log. Check the disk, then restart the server."))
  }

  // MARK: Now and then

  /// To be called every second: looks whether the files are in their place, and tries again what failed.
  func look() {
    guard hasSoundFiles() else { return saveMisplaced() }
    guard !condition.isFinal else { return }
    do throws(SQLiteFailure) {
      if mustSettleLog {
        let outcome = try put { () throws(SQLiteFailure) in try connection.emptyLog(waitingMilliseconds: 0) }
        guard outcome != .partial else { return }
        mustSettleLog = false
      }
      if mustMark {
        try mark()
        mustMark = false
      }
      condition.resume()
    } catch {
      if error.isSyncFailure, mustSettleLog { note(error) }
      connection.forgetPages()
    }
    if mustErase { erase() } else { afterAnswers() }
  }

  /// Puts everything that was acknowledged into the database, wherever that lies now, and takes it out of the log: under the
  /// log's name another database would take it for its own.
  private func saveMisplaced() {
    guard !mustKeepLog, !hasSavedMisplaced else { return }
    hasSavedMisplaced = (try? connection.emptyLog(waitingMilliseconds: 0)) == .emptied
  }

  /// Empties the log at the end. Failing to is no loss: the next start does it.
  func finish() {
    if !hasSoundFiles() {
      saveMisplaced()
      mustKeepLog = true
    }
    guard options.isOwner, !mustKeepLog else { return connection.keepLogOnClose() }
    do throws(SQLiteFailure) {
      _ = try put { () throws(SQLiteFailure) in
        try connection.emptyLog(waitingMilliseconds: SQLiteConnection.busyMilliseconds)
      }
    } catch {
      // Closing would try the same again, and take a success for more than it is.
      connection.keepLogOnClose()
    }
  }
}
