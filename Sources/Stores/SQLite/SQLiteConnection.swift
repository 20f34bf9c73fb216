import CSQLite
import Foundation
import GRDB
import GRDBSQLite
import OData
import Synchronization

/// A connection that GRDB opens and whose statements are then stepped directly. Belongs to one thread at a time.
final class SQLiteConnection {
  /// What a connection is for.
  enum Mode {
    /// Reads only. A conflict with another connection is reported at once.
    case read
    /// Reads only, for commands: waits in a conflict with another connection.
    case readPatiently
    /// The one writer of a live database: every commit is on the disk before it returns.
    case write
    /// A copy that no other connection uses yet, in one file without a write-ahead log.
    case copy
  }

  /// The connection as GRDB sees it, for migrations and backups.
  let queue: DatabaseQueue
  let handle: OpaquePointer
  /// The length of the log, which every commit records; made by `leaveGRDB`.
  private(set) var log: SQLiteLogLength?

  /// Opens the database at `path`. Only the modes `write` and `copy` create it.
  init(_ path: String, _ mode: Mode) throws(SQLiteFailure) {
    SQLiteProcess.prepare
    do {
      queue = try DatabaseQueue(path: path, configuration: Self.configuration(mode))
    } catch {
      throw SQLiteFailure(error)
    }
    // Safety: SQLite's multi-thread mode forbids that two threads use a connection at once. The owner of this object
    // prevents that; GRDB does nothing between calls.
    guard let handle = queue.unsafeRead({ $0.sqliteConnection }) else { throw .result(SQLITE_MISUSE) }
    self.handle = handle
  }

  /// Removes GRDB's hooks: from now on the owner runs the transactions. GRDB expects commits only inside its own calls.
  func leaveGRDB() {
    sqlite3_commit_hook(handle, nil, nil)
    sqlite3_rollback_hook(handle, nil, nil)
    sqlite3_update_hook(handle, nil, nil)
    let log = SQLiteLogLength()
    log.watch(handle)
    self.log = log
  }

  /// Prepares a statement, which must be released before the connection.
  func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
    try SQLiteStatement(sql, on: handle)
  }

  /// Runs one statement.
  func execute(_ sql: String) throws(SQLiteFailure) { try prepare(sql).run() }

  /// The first column of the first row as text; nil when there is no row.
  func value(_ sql: String) throws(SQLiteFailure) -> String? {
    try prepare(sql).first { row throws(SQLiteFailure) in row.text(0) }
  }

  /// Closes now instead of with the last reference. Every statement must have been released.
  func close() { try? queue.close() }

  /// The number of rows that the last statement wrote.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// The rowid of the row that was inserted last.
  var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// Whether a transaction is open.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  private static func configuration(_ mode: Mode) -> Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    switch mode {
    case .read:
      configuration.readonly = true
      configuration.busyMode = .immediateError
      configuration.prepareDatabase { try $0.execute(sql: "pragma cache_size = -\(Limits.readCacheKiB)") }
    case .readPatiently:
      configuration.readonly = true
      configuration.busyMode = .timeout(TimeInterval(Limits.busySeconds))
    case .write:
      // GRDB would end the process when the rollback of a failed migration fails, too; here it is an error like any
      // other.
      configuration.allowsUnsafeTransactions = true
      configuration.busyMode = .timeout(TimeInterval(Limits.busySeconds))
      configuration.prepareDatabase { database in
        // GRDB's own WAL mode would lower `synchronous`.
        try database.execute(sql: "pragma journal_mode = wal")
        try database.execute(sql: "pragma synchronous = full")
        // Deleted content is overwritten.
        try database.execute(sql: "pragma secure_delete = on")
        try database.execute(sql: "pragma cache_size = -\(Limits.writeCacheKiB)")
        // Automatic checkpoints do not report their failures; `SQLiteMaintenance` runs them instead.
        try database.execute(sql: "pragma wal_autocheckpoint = 0")
      }
    case .copy:
      configuration.prepareDatabase { try $0.execute(sql: "pragma synchronous = full") }
    }
    return configuration
  }

  /// How long a connection waits for another one, in SQLite's unit.
  static let busyMilliseconds = Limits.busySeconds * 1_000
}

/// The settings of SQLite for the whole process.
enum SQLiteProcess {
  /// Applies them, once, before the first connection.
  static let prepare: Void = {
    // They fail when SQLite was used before, which makes it slower and nothing worse.
    _ = keep_no_memory_statistics()
  }()
}

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
