import GRDB
import GRDBSQLite
import Profiles

/// What went wrong in SQLite. It carries no statement and no value, so that it may be logged.
enum SQLiteFailure: Error, Equatable {
  /// An extended result code.
  case result(Int32)
  /// The columns of a row do not make what they should; the sentence says what.
  case row(String)

  /// The failure behind an error of GRDB.
  init(_ error: any Error) {
    switch error {
    case let error as DatabaseError: self = .result(error.extendedResultCode.rawValue)
    case let error as SQLiteFailure: self = error
    default: self = .result(SQLITE_ERROR)
    }
  }

  /// Whether another connection was in the way for a moment.
  var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_PROTOCOL }

  /// Whether the database file is not what it should be.
  var isDamage: Bool {
    if case .row = self { return true }
    return primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB
  }

  /// Whether nothing that is written from now on can be relied on: the file is damaged, or a sync failed. A kernel
  /// may report a failed sync once and forget it, so trying again proves nothing.
  var endsTrust: Bool { isDamage || primaryCode == SQLITE_IOERR }

  /// What SQLite says about the result code.
  var reason: String {
    switch self {
    case .result(let code): String(cString: sqlite3_errstr(code)) + " (SQLite \(code))"
    case .row(let sentence): sentence
    }
  }

  /// The error for callers of the store.
  var storeError: StoreError {
    switch self {
    case .row(let sentence): .damaged(Self.damageSentence(String(sentence.dropLast())))
    case .result where isDamage: .damaged(Self.damageSentence(reason))
    case .result where primaryCode == SQLITE_FULL: .diskFull
    case .result where isBusy: .overloaded
    case .result where primaryCode == SQLITE_READONLY: .readOnly("The database cannot be written: \(reason).")
    case .result: .failed("The database reported: \(reason).")
    }
  }

  /// What an operator reads when the file is damaged.
  static func damageSentence(_ found: String) -> String {
    "The database is damaged: \(found). Stop the server, then restore a backup with `facet restore`, "
      + "or move the database away to start empty."
  }

  private var primaryCode: Int32 {
    switch self {
    case .result(let code): code & 0xFF
    case .row: SQLITE_OK
    }
  }
}
