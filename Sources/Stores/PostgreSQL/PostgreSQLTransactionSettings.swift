import OData

/// Settings of single transactions, by which no lock is waited for, or held, for longer than a bound.
enum PostgreSQLTransactionSettings {
  /// For a transaction of several nodes. While one of them does not answer, the transaction neither ends nor can be
  /// cancelled, because Citus waits for the node without a bound even then. What it has locked on other nodes is released
  /// when their part has idled for `Limits.nodeIdleSeconds`; it can no longer be committed then.
  static let ofSeveralNodes = [
    PostgreSQLStatement("propagate_settings", "set local citus.propagate_set_commands = 'local'"),
    PostgreSQLStatement(
      "limit_idling", "set local idle_in_transaction_session_timeout = '\(Limits.nodeIdleSeconds)s'"),
  ]

  /// For a write that is tried by itself after its group waited for a lock.
  static let ofNextLock = [
    PostgreSQLStatement("limit_next_lock", "set local lock_timeout = '\(Limits.nodeNextLockMilliseconds)ms'")
  ]
}
