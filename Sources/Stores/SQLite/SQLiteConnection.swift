import CSQLite
import Foundation
import GRDB
import GRDBSQLite
import OData

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
