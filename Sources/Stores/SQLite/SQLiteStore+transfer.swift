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
      let people = try connection.prepare("select \(SQLiteColumns.user) from user where id = ? and tenant = ?")
      try people.bind(user.text, tenant.text)
      try SQLiteExport(connection).exportPeople(people, lines)
      let rows = try connection.prepare(
        """
        select \(SQLiteColumns.change), position, previous from record
        where tenant = ?2 and (user = ?1 or acting_user = ?1) order by user != ?1, user, position
        """)
      try rows.bind(user.text, tenant.text)
      try rows.forEach { row in try changes(try row.auditEntry()) }
    }
  }

  /// See `ProfileStore`.
  public func changes(of user: UserID, in tenant: TenantID) throws -> [Change] {
    try withReadConnection { connection in
      try SQLiteDirectoryStatements(connection).changes(
        of: TenantUser(user: user, tenant: tenant), from: nil, limit: .max
      )
      .elements.reversed().map(\.change)
    }
  }
}
