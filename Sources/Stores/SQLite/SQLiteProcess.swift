import CSQLite

/// What holds for all of SQLite in this process.
enum SQLiteProcess {
  /// Sets it up, once, before the first connection.
  static let prepare: Void = {
    // Where something else used SQLite before, it stays as it is: that is slower and nothing worse.
    _ = keep_no_memory_statistics()
  }()
}
