public import Profiles

extension SQLiteStore {
  /// Counts everything, by reading through it. Blocks; for commands.
  public func totals() throws -> StoreTotals {
    try withReadConnection { connection in
      StoreTotals(
        users: try connection.count("user"), items: try connection.count("item"),
        changes: try connection.count("record"))
    }
  }

  /// Whether nobody was ever stored. Blocks; for commands and the start of a server.
  public func isEmpty() throws -> Bool {
    try withReadConnection { try $0.value("select 1 from user limit 1") == nil }
  }

  /// Somebody by id or, when nobody has that, by principal name. Blocks; for commands.
  public func person(_ reference: String, in tenant: TenantID) throws -> StoredUser? {
    guard !condition.isClosed else { throw StoreError.closed }
    let source = SQLiteReadSource(path: path, condition: condition)
    return try source.read { statements throws(SQLiteFailure) in
      if let found = try statements.user(principalName: reference, orID: true, in: tenant) { return found }
      // By id somebody of another tenant is found too.
      return try UserID(reference).map { id throws(SQLiteFailure) in try statements.user(id) } ?? nil
    }.get()
  }
}

extension SQLiteConnection {
  fileprivate func count(_ table: String) throws(SQLiteFailure) -> Int {
    try value("select count(*) from \(table)").flatMap { Int($0) } ?? 0
  }
}
