import OData
import Profiles

/// The work of the writer beside commits: it settles commits that failed, empties the write-ahead log, and checks
/// whether a failure has passed. Belongs to the thread of the group commit.
///
/// After a failed commit its rows may be in the log or not, whatever was reported: a sync may fail when everything was
/// written, and memory may run out after a sync. The next start would find them there until the same connection commits
/// again, which overwrites them (docs/decisions/0012). So a marker is committed that changes no data: a number in the
/// header of the database (`user_version`) that nothing else uses.
final class SQLiteMaintenance {
  private let connection: SQLiteConnection
  private let condition: StoreCondition
  private let options: SQLiteOptions
  /// Whether the log holds values of a deleted person.
  private var mustErase = false
  /// Whether the writer has already waited for the reader that keeps those values in the log.
  private var hasWaited = false
  /// Whether writes are refused until a marker can be committed.
  private var mustMark = false
  /// Whether what the last run left in the log has yet to be copied into the database.
  private var mustSettleLog = false
  /// Whether pages that were copied into the database may not have reached the disk although a later sync succeeds.
  /// Only the log has them for certain; the next start copies all of it again.
  private var mustKeepLog = false
  /// Whether everything was copied into a database that lies elsewhere by now.
  private var hasSavedMisplaced = false
  /// The database file as this connection left it. No other connection writes into it: with a write-ahead log only
  /// checkpoints do, and stores that share the database leave those to the owner.
  private var stamp: SQLiteFiles.Stamp?

  /// Maintains the log of `connection`, unless another store owns the database.
  init(_ connection: SQLiteConnection, _ condition: StoreCondition, _ options: SQLiteOptions) {
    self.connection = connection
    self.condition = condition
    self.options = options
  }

  // MARK: Files

  /// Whether every file is in its place, and no other program wrote into the database. If not, writes are refused from
  /// now on.
  func hasSoundFiles() -> Bool {
    guard condition.hasFilesInPlace() else { return false }
    guard options.isOwner, let stamp, let path = connection.resolvedPath else { return true }
    guard SQLiteFiles.Stamp(of: path) != stamp else { return true }
    // The file was probably copied over: it holds pages of two states of the database, or of two databases.
    condition.refuse(.readOnly(SQLiteFiles.overwrittenSentence))
    mustKeepLog = true
    return false
  }

  /// Runs a checkpoint, and remembers how it leaves the database file.
  private func put(
    _ body: () throws(SQLiteFailure) -> SQLiteCheckpoint
  ) throws(SQLiteFailure) -> SQLiteCheckpoint {
    guard hasSoundFiles() else { throw .misplaced }
    defer { stamp = connection.resolvedPath.flatMap { SQLiteFiles.Stamp(of: $0) } }
    return try body()
  }

  // MARK: Commits that failed

  /// Settles a commit that failed, once it is rolled back. Returns the error to answer with: that nothing was
  /// committed, or that the outcome is unknown. Writes are then refused until the next start when the disk failed, and
  /// until there is room again when the disk was full.
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

  /// Copies into the database what the last run left in the log. Rows that the last run could not sync may be in the
  /// memory of the system and nowhere else: no reader may see them before they are on the disk. A reader of an older
  /// snapshot is waited for; then writes are refused, and the copy is tried again every second. So it is while the disk
  /// is full.
  ///
  /// Throws when the disk fails in another way.
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
      // The next attempt then copies all of it again.
      if error.isSyncFailure { connection.keepLogOnClose() }
      guard error.isFull else { throw error }
      condition.pause(.diskFull)
    }
    mustSettleLog = true
  }

  /// Runs before the answers of a commit: erases deleted values from the log.
  func afterCommit(hasErased: Bool) {
    mustErase = mustErase || hasErased
    if mustErase { erase() }
  }

  /// Runs after the answers of a commit: copies a long log into the database.
  func afterAnswers() {
    guard options.isOwner, !mustKeepLog, let log = connection.log, log.pages > options.logPages else { return }
    do throws(SQLiteFailure) {
      if try put({ () throws(SQLiteFailure) in try connection.copyLog() }) != .partial { log.reset() }
      condition.warning = nil
    } catch {
      note(error)
    }
  }

  /// Erases deleted values from the log. A long read in the way is waited for briefly; then the next group tries again,
  /// and so does `runPeriodicChecks` every second, and `finish`.
  private func erase() {
    guard !mustKeepLog else { return }
    do throws(SQLiteFailure) {
      // Only the first attempt waits; then every group only tries.
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

  /// Handles a failed checkpoint. The log still has everything, unless a sync failed: then it has to be copied again as
  /// a whole, which only the next start does.
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

  /// Checks whether the files are in their place, and tries again what failed. To be called every second.
  func runPeriodicChecks() {
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

  /// Copies everything that was acknowledged into the database, wherever it lies now, and empties the log: another
  /// database under the old name would take the log for its own.
  private func saveMisplaced() {
    guard !mustKeepLog, !hasSavedMisplaced else { return }
    hasSavedMisplaced = (try? connection.emptyLog(waitingMilliseconds: 0)) == .emptied
  }

  /// Empties the log at the end. If that fails nothing is lost: the next start does it.
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
      // Closing would run the checkpoint again, and a success would prove nothing.
      connection.keepLogOnClose()
    }
  }
}
