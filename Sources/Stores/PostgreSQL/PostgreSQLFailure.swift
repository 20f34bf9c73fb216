import Profiles

/// What went wrong in PostgreSQL. It carries no statement and no value, so that it may be logged.
enum PostgreSQLFailure: Error, Equatable {
  /// The connection could not be made, or was lost; whether what was sent was done is not known.
  case disconnected
  /// A commit was sent, its answer was lost, and it could not be found out whether it was done.
  case unresolved
  /// An error with its SQLSTATE (PostgreSQL documentation, appendix A).
  case state(String)
  /// The columns of a row do not make what they should; the sentence says what.
  case row(String)
  /// The database has another form than this program knows; the sentence says which.
  case schema(String)

  /// Whether the same transaction may succeed when it is run again: a deadlock, a serialization failure, or a unique key
  /// that another server was faster with.
  var isConflict: Bool {
    if case .state(let code) = self { ["40P01", "40001", "23505"].contains(code) } else { false }
  }

  /// Whether a prepared statement is not there, as after a fail-over or behind a pool of connections.
  var isUnprepared: Bool { self == .state("26000") || self == .state("42P05") }

  /// Whether the server cannot be used at the moment: it is starting, stopping, or a copy that takes no writes.
  var isOutage: Bool {
    switch self {
    case .disconnected: true
    case .state(let code): code.hasPrefix("57P") || code.hasPrefix("08") || code == "25006" || code.hasPrefix("53")
    case .row, .schema, .unresolved: false
    }
  }

  /// The error for callers of the store.
  var storeError: StoreError {
    switch self {
    case .disconnected: .unavailable("The database server cannot be reached.")
    case .unresolved: .unresolved
    case .state("25006"): .readOnly("The database server takes no writes: it is a copy of another one.")
    case .state("53100"): .diskFull
    case .state(let code) where isOutage: .unavailable("The database server cannot be used now (SQLSTATE \(code)).")
    case .state(let code): .failed("The database server reported SQLSTATE \(code).")
    case .row(let sentence): .damaged(sentence)
    case .schema(let sentence): .readOnly(sentence)
    }
  }
}
