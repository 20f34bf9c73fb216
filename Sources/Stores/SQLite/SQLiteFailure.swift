import GRDB
import GRDBSQLite
import Profiles

/// A failure of SQLite. It carries no statement and no value, so that it may be logged.
enum SQLiteFailure: Error, Equatable {
  /// An extended result code (SQLite documentation, "Result and Error Codes").
  case result(Int32)
  /// The columns of a row do not form what they should; the sentence says what.
  case row(String)

  /// The failure behind an error of GRDB.
  init(_ error: any Error) {
    switch error {
    case let error as DatabaseError: self = .result(error.extendedResultCode.rawValue)
    case let error as SQLiteFailure: self = error
    default: self = .result(SQLITE_ERROR)
    }
  }

  /// There was no memory for a call.
  static let memory = SQLiteFailure.result(SQLITE_NOMEM)
  /// A file is not the one that was opened.
  static let misplaced = SQLiteFailure.result(ResultCode.SQLITE_READONLY_DBMOVED.rawValue)

  /// Whether another connection had the file locked.
  var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_PROTOCOL }

  /// Whether the content of the database is not what it should be. That counts only when a second attempt without the
  /// page cache finds the same: a read that was cut short once looks alike.
  var isDamage: Bool {
    if case .row = self { return true }
    return primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB
  }

  /// Whether the operating system failed a call on a file.
  var isDiskFailure: Bool { primaryCode == SQLITE_IOERR && !isMemoryFailure }

  /// Whether there was no memory.
  var isMemoryFailure: Bool { primaryCode == SQLITE_NOMEM || self == .result(ResultCode.SQLITE_IOERR_NOMEM.rawValue) }

  /// Whether there was no room on the disk.
  var isFull: Bool { primaryCode == SQLITE_FULL }

  /// Whether the same may succeed when it is tried again at once, without the page cache.
  var mayPass: Bool { isDiskFailure || isMemoryFailure || isDamage || primaryCode == SQLITE_CANTOPEN }

  /// Whether a file could not be synced. A kernel may report that once and forget it, so that a later sync that
  /// succeeds proves nothing of earlier writes.
  var isSyncFailure: Bool {
    [ResultCode.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC].contains { self == .result($0.rawValue) }
  }

  /// What SQLite says about the result code.
  var reason: String {
    switch self {
    case .result(let code): String(cString: sqlite3_errstr(code)) + " (SQLite \(code))"
    case .row(let sentence): sentence
    }
  }

  /// The error for callers of the store, provided that nothing was committed.
  var storeError: StoreError {
    switch self {
    case .row(let sentence): .damaged(Self.damageSentence(String(sentence.dropLast())))
    case .result where isDamage: .damaged(Self.damageSentence(reason))
    case .result where isFull: .diskFull
    case .result where isBusy: .overloaded
    case .result where mayPass: .transient("The database reported: \(reason).")
    case .result where primaryCode == SQLITE_READONLY: .readOnly("The database cannot be written: \(reason).")
    case .result: .failed("The database reported: \(reason).")
    }
  }

  /// The sentence for operators when damage was met.
  static func damageSentence(_ found: String) -> String {
    "The database seems to be damaged: \(found). Run `facet check`. If it finds damage, stop the server and restore a "
      + "backup with `facet restore`; if it finds none, restart the server."
  }

  private var primaryCode: Int32 {
    switch self {
    case .result(let code): code & 0xFF
    case .row: SQLITE_OK
    }
  }
}
