public import OData
public import Profiles

extension SQLiteStore {
  /// See `ProfileStore`.
  public func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int {
    try withWriter { writer in
      try writer.transaction {
        var directory = DirectoryImport(tables: writer.tables, time: time)
        return try directory.run(next)
      }
    }
  }

  /// See `ProfileStore`.
  public func exportLines(_ body: (ImportLine) throws -> Void) throws {
    try withReadConnection { connection in
      // One transaction reads one snapshot.
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      try SQLiteExport(connection).run(body)
    }
  }

  /// See `AdministeredStore`.
  public func export(
    _ user: UserID, in tenant: TenantID, lines: (ImportLine) throws -> Void,
    changes: (AuditEntry) throws -> Void
  ) throws {
    try withReadConnection { connection in
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      let export = try SQLiteExport(connection)
      try export.exportPerson(user, of: tenant, lines)
      try export.exportChanges(of: user, in: tenant, changes)
    }
  }

  /// See `ProfileStore`.
  public func changes(of user: UserID, in tenant: TenantID) throws -> [Change] {
    try withReadConnection { connection in
      try SQLiteDirectoryStatements(connection, try SQLiteNames(connection)).changes(
        of: TenantUser(user: user, tenant: tenant), from: nil, limit: .max
      )
      .elements.reversed().map(\.change)
    }
  }
}
