import Profiles

/// A failure of PostgreSQL. It carries no statement and no value, so that it may be logged.
enum PostgreSQLFailure: Error, Equatable {
  /// The connection was lost. Whether the server ran what was sent is not known.
  case disconnected
  /// No connection could be made. The reason is that of libpq and may name hosts and users of the database, so it is
  /// for the operator alone.
  case unreachable(String)
  /// The reply to COMMIT was lost, and it could not be found out whether the transaction was committed.
  case unresolved
  /// A shard of the group of writes does not lie on the node that was asked. Nothing was written.
  case misplaced
  /// Another node would have to be asked, for which this thread must not wait. Nothing was written.
  case elsewhere
  /// The account of the caller is disabled. Nothing was read.
  case accountDisabled
  /// The server reported an SQLSTATE (PostgreSQL documentation, appendix A).
  case state(String)
  /// The columns of a row do not form what they should; the sentence says what.
  case row(String)
  /// The database has another form than this program knows; the sentence says which.
  case schema(String)

  /// Whether the same transaction may succeed when it is run again: after a deadlock, a serialization failure, or a
  /// unique key that another server was faster with.
  var isConflict: Bool {
    if case .state(let code) = self { ["40P01", "40001", "23505"].contains(code) } else { false }
  }

  /// Whether a lock was not to be had in time (`lock_not_available`).
  var isOfLock: Bool { self == .state("55P03") }

  /// Whether a prepared statement is missing, as after a fail-over or behind a connection pooler.
  var isUnprepared: Bool { self == .state("26000") || self == .state("42P05") }

  /// Whether this program may not write the database.
  var isOfSchema: Bool { if case .schema = self { true } else { false } }

  /// Whether the node that was asked could not reach another node of Citus, which reports it so (`connection_failure`). Only
  /// what lies there fails; the connection and its node are well.
  var isOfOtherNode: Bool { self == .state("08006") }

  /// Whether a transaction whose COMMIT failed so may have been committed.
  var mayFollowCommit: Bool { isOutage || isOfOtherNode }

  /// Whether the connection is of no more use.
  var needsNewConnection: Bool { self == .disconnected || isUnprepared }

  /// Whether the server cannot be used at the moment: it is away, starting or stopping, or a read-only copy.
  var isOutage: Bool {
    switch self {
    case .disconnected, .unreachable: true
    case .state where isOfOtherNode: false
    case .state(let code): code.hasPrefix("57P") || code.hasPrefix("08") || code == "25006" || code.hasPrefix("53")
    case .row, .schema, .unresolved, .misplaced, .elsewhere, .accountDisabled: false
    }
  }

  /// The error for the operator who started a command or a server.
  var commandError: StoreError {
    guard case .unreachable(let reason) = self, !reason.isEmpty else { return storeError }
    return .unavailable("The database server cannot be reached: \(reason)")
  }

  /// The error for callers of the store. Clients of the server may see it.
  var storeError: StoreError {
    switch self {
    case .disconnected, .unreachable: .unavailable("The database server cannot be reached.")
    case .unresolved: .unresolved
    case .accountDisabled: .accountDisabled
    case .misplaced: .transient("The person is being moved to another node.")
    case .elsewhere: .transient("Another node of the database would have to be asked.")
    case .state("25006"): .readOnly("The database server takes no writes: it is a copy of another one.")
    case .state("53100"): .diskFull
    // A read that was made before a first connection told how.
    case .state("0A000"): .transient("The tables were found to be spread over nodes.")
    case .state where isOfOtherNode: .unavailable("A node of the database cannot be reached by another one.")
    case .state(let code) where isOutage: .unavailable("The database server cannot be used now (SQLSTATE \(code)).")
    case .state(let code): .failed("The database server reported SQLSTATE \(code).")
    case .row(let sentence): .damaged(sentence)
    case .schema(let sentence): .readOnly(sentence)
    }
  }
}
