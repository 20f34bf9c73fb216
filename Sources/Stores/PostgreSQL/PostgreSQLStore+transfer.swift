public import OData
public import Profiles

extension PostgreSQLStore {
  /// See `ProfileStore`.
  public func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int {
    try withTables { tables in
      var directory = DirectoryImport(tables: tables, time: time)
      return try directory.run(next)
    }
  }

  /// See `ProfileStore`. One transaction reads one snapshot, person by person.
  public func exportLines(_ body: (ImportLine) throws -> Void) throws {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try commandConnection()
      try connection.execute("begin isolation level repeatable read read only")
      try PostgreSQLExport(connection).run(body)
      try connection.execute("commit")
    } catch let failure as PostgreSQLFailure {
      throw failure.commandError
    }
  }

  /// See `ProfileStore`.
  public func changes(of user: UserID, in tenant: TenantID) throws -> [Change] {
    guard !condition.isClosed else { throw StoreError.closed }
    do throws(PostgreSQLFailure) {
      let connection = try PostgreSQLConnection(options.url, namesStatements: false)
      let statement = PostgreSQLStatement(
        "",
        """
        select \(PostgreSQLColumns.change) from record where user_id = $1::text and tenant = $2::text order by position
        """)
      let rows = try connection.rows(statement, .text(user.text), .text(tenant.text))
      return try rows.map { row throws(PostgreSQLFailure) in try row.change() }
    } catch {
      throw error.storeError
    }
  }

  /// See `AdministeredStore`.
  public func export(
    _ user: UserID, in tenant: TenantID, lines: (ImportLine) throws -> Void,
    changes: (AuditEntry) throws -> Void
  ) throws {
    try withReads { reads in
      if let person = try reads.answer(.user(user)), person.tenant == tenant {
        let export = PostgreSQLExport(reads.connection)
        try export.export(person, lines)
        try export.exportOwned(by: person.id, lines)
        try export.exportManager(of: user, lines)
      }
      let rows = try reads.connection.rows(Self.changesOfPerson, .text(user.text), .text(tenant.text))
      for row in rows.rows.map(PostgreSQLRow.init) {
        let position = row.int64(11)
        try changes(
          AuditEntry(position: position, change: try row.change(), older: position > 1 ? position - 1 : nil))
      }
    }
  }

  private static let changesOfPerson = PostgreSQLStatement(
    "",
    """
    select \(PostgreSQLColumns.change), position from record
    where tenant = $2::text and (user_id = $1::text or acting_user = $1::text)
    order by user_id <> $1::text, user_id, position
    """)
}
