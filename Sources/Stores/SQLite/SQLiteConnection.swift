import CSQLite
import Foundation
import GRDB
import GRDBSQLite
import OData

/// A connection that GRDB opened and that is then stepped directly. Belongs to one thread at a time.
final class SQLiteConnection {
  /// What a connection is for.
  enum Mode {
    /// Reads only. Another connection in the way is reported at once.
    case read
    /// Reads only, for commands: waits when another connection is in the way.
    case readPatiently
    /// The one writer of a live database: every commit is on the disk before it returns.
    case write
    /// A copy that nobody else uses yet, in one file without a write-ahead log.
    case copy
  }

  /// GRDB's side, for migrations and backups.
  let queue: DatabaseQueue
  let handle: OpaquePointer
  /// Where commits note how long the log is; made by `leaveGRDB`.
  private(set) var log: SQLiteLogLength?

  /// Opens the database at `path`, which only the modes `write` and `copy` create.
  init(_ path: String, _ mode: Mode) throws(SQLiteFailure) {
    SQLiteProcess.prepare
    do {
      queue = try DatabaseQueue(path: path, configuration: Self.configuration(mode))
    } catch {
      throw SQLiteFailure(error)
    }
    // Safety: SQLite's multi-thread mode asks that no two threads use a connection at once, which the owner of this
    // object sees to; GRDB itself does nothing between calls.
    guard let handle = queue.unsafeRead({ $0.sqliteConnection }) else { throw .result(SQLITE_MISUSE) }
    self.handle = handle
  }

  /// Takes the connection out of GRDB's hands: from now on its transactions are the owner's. GRDB watches commits for
  /// observers, and expects them to happen inside its own calls only.
  func leaveGRDB() {
    sqlite3_commit_hook(handle, nil, nil)
    sqlite3_rollback_hook(handle, nil, nil)
    sqlite3_update_hook(handle, nil, nil)
    let log = SQLiteLogLength()
    log.watch(handle)
    self.log = log
  }

  /// Prepares a statement. It must be let go of before the connection.
  func prepare(_ sql: String) throws(SQLiteFailure) -> SQLiteStatement {
    try SQLiteStatement(sql, on: handle)
  }

  /// Runs one statement.
  func execute(_ sql: String) throws(SQLiteFailure) { try prepare(sql).run() }

  /// The first column of the first row as text; nil when there is none.
  func value(_ sql: String) throws(SQLiteFailure) -> String? {
    try prepare(sql).first { row throws(SQLiteFailure) in row.text(0) }
  }

  /// Closes now rather than with the last reference. Every statement must be gone.
  func close() { try? queue.close() }

  /// How many rows the statement that ran last wrote.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// The place of the row that was inserted last into a table that numbers its rows.
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
      // A migration whose undoing fails, too, is an error like any other: GRDB would end the process.
      configuration.allowsUnsafeTransactions = true
      configuration.busyMode = .timeout(TimeInterval(Limits.busySeconds))
      configuration.prepareDatabase { database in
        // Not GRDB's own WAL mode, which would lower `synchronous`.
        try database.execute(sql: "pragma journal_mode = wal")
        try database.execute(sql: "pragma synchronous = full")
        // What is deleted is overwritten.
        try database.execute(sql: "pragma secure_delete = on")
        try database.execute(sql: "pragma cache_size = -\(Limits.writeCacheKiB)")
        // SQLite's own emptying of the log keeps its failures to itself; the writer does it (`SQLiteMaintenance`).
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

/// What holds for all of SQLite in this process.
enum SQLiteProcess {
  /// Sets it up, once, before the first connection.
  static let prepare: Void = {
    // Where something else used SQLite before, it stays as it is: that is slower and nothing worse.
    _ = keep_no_memory_statistics()
  }()
}
