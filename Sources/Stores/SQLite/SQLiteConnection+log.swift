import CSQLite
import GRDBSQLite
import Synchronization

/// The outcome of a checkpoint: an attempt to copy the write-ahead log into the database (SQLite documentation,
/// `sqlite3_wal_checkpoint_v2`).
enum SQLiteCheckpoint: Equatable {
  /// The whole log is in the database, which is synced, and the log is empty.
  case emptied
  /// The whole log is in the database, which is synced, but another connection still reads from the log.
  case copied
  /// Another connection reads an older snapshot or writes, so that a part of the log had to wait. That is no failure.
  case partial
}

extension SQLiteConnection {
  /// Copies the log into the database, syncs that, and empties the log. Waits at most `waitingMilliseconds` for other
  /// connections. Throws when the disk fails.
  func emptyLog(waitingMilliseconds: Int) throws(SQLiteFailure) -> SQLiteCheckpoint {
    sqlite3_busy_timeout(handle, Int32(clamping: waitingMilliseconds))
    defer { sqlite3_busy_timeout(handle, Int32(clamping: Self.busyMilliseconds)) }
    return try checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
  }

  /// Copies the part of the log that no other connection needs, without waiting. Throws when the disk fails.
  func copyLog() throws(SQLiteFailure) -> SQLiteCheckpoint { try checkpoint(SQLITE_CHECKPOINT_PASSIVE) }

  private func checkpoint(_ mode: Int32) throws(SQLiteFailure) -> SQLiteCheckpoint {
    var (inLog, inDatabase): (Int32, Int32) = (-1, -1)
    let code = sqlite3_wal_checkpoint_v2(handle, "main", mode, &inLog, &inDatabase)
    guard code == SQLITE_OK || SQLiteFailure.result(code).isBusy else { throw .result(code) }
    // SQLite syncs the database before it counts the last page of the log as copied.
    guard inLog >= 0, inLog == inDatabase else { return .partial }
    return code == SQLITE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE ? .emptied : .copied
  }

  /// Keeps the log when this connection is the last to close.
  func keepLogOnClose() { _ = keep_log_on_close(handle) }

  /// Drops the page cache, so that pages are read again.
  func forgetPages() { sqlite3_db_release_memory(handle) }

  /// The path of the database with its links resolved.
  var resolvedPath: String? { sqlite3_db_filename(handle, "main").map { String(cString: $0) } }
}

/// The length of the log after the last commit of a connection, in pages.
final class SQLiteLogLength {
  private(set) var pages = 0

  /// Records the length after a commit. The connection keeps this object alive.
  fileprivate func note(_ pages: Int32) { self.pages = Int(pages) }

  /// Records the length at every commit of the connection `handle` from now on.
  func watch(_ handle: OpaquePointer) {
    sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        // Safety: the connection owns the object, and calls this on the thread that commits.
        if let context { Unmanaged<SQLiteLogLength>.fromOpaque(context).takeUnretainedValue().note(pages) }
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Records that the log is empty.
  func reset() { pages = 0 }
}
