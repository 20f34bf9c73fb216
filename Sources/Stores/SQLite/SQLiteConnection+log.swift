import CSQLite
import GRDBSQLite
import Synchronization

/// What became of an attempt to put the write-ahead log into the database.
enum SQLiteCheckpoint: Equatable {
  /// All of it is in the database, which is synced, and the log is empty.
  case emptied
  /// All of it is in the database, which is synced, but somebody still reads from the log.
  case copied
  /// Somebody reads an older state or writes, so that a part had to wait. That is no failure.
  case partial
}

extension SQLiteConnection {
  /// Copies the log into the database, syncs that, and empties the log. Waits at most so long for others in the way.
  func emptyLog(waitingMilliseconds: Int) throws(SQLiteFailure) -> SQLiteCheckpoint {
    sqlite3_busy_timeout(handle, Int32(clamping: waitingMilliseconds))
    defer { sqlite3_busy_timeout(handle, Int32(clamping: Self.busyMilliseconds)) }
    return try checkpoint(SQLITE_CHECKPOINT_TRUNCATE)
  }

  /// Copies of the log what nobody is in the way of, without waiting.
  func copyLog() throws(SQLiteFailure) -> SQLiteCheckpoint { try checkpoint(SQLITE_CHECKPOINT_PASSIVE) }

  private func checkpoint(_ mode: Int32) throws(SQLiteFailure) -> SQLiteCheckpoint {
    var (inLog, inDatabase): (Int32, Int32) = (-1, -1)
    let code = sqlite3_wal_checkpoint_v2(handle, "main", mode, &inLog, &inDatabase)
    guard code == SQLITE_OK || SQLiteFailure.result(code).isBusy else { throw .result(code) }
    // SQLite syncs the database before it counts the last page of the log as copied.
    guard inLog >= 0, inLog == inDatabase else { return .partial }
    return code == SQLITE_OK && mode == SQLITE_CHECKPOINT_TRUNCATE ? .emptied : .copied
  }

  /// Leaves the log where it is when this connection is the last to close.
  func keepLogOnClose() { _ = keep_log_on_close(handle) }

  /// Forgets the pages that were read, so that they are read again.
  func forgetPages() { sqlite3_db_release_memory(handle) }

  /// Where SQLite found the database: links in its path are resolved.
  var resolvedPath: String? { sqlite3_db_filename(handle, "main").map { String(cString: $0) } }
}

/// How many pages the log had after the last commit of a connection.
final class SQLiteLogLength {
  private(set) var pages = 0

  /// Notes it at every commit. This object must outlive the connection, which holds it.
  fileprivate func note(_ pages: Int32) { self.pages = Int(pages) }

  func watch(_ handle: OpaquePointer) {
    sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        // Safety: the connection owns the object, and calls this on the thread that commits.
        if let context { Unmanaged<SQLiteLogLength>.fromOpaque(context).takeUnretainedValue().note(pages) }
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// The log is empty.
  func reset() { pages = 0 }
}
