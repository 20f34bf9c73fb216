import OData
public import Profiles

/// Tenants, and all that is held on one person. Everything here blocks; for commands and the start of a server.
extension SQLiteStore {
  /// Every tenant, by id.
  public func tenants() throws -> [TenantSettings] { try withReadConnection { try Self.tenants($0) } }

  /// Adds a tenant that decided nothing, unless it is there.
  public func addTenant(_ id: TenantID) throws {
    try withWorker { worker in try worker.transaction { try worker.tables.directory.add(id) } }
  }

  /// Changes what a tenant decided; false when there is no such tenant. Nothing is written that stays as it is.
  @discardableResult
  public func changeTenant(_ id: TenantID, _ change: (inout TenantSettings) throws -> Void) throws -> Bool {
    try withWorker { worker in
      try worker.transaction {
        guard let old = try worker.tables.standings.decided(id) else { return false }
        var new = old
        try change(&new)
        if new != old { try worker.tables.directory.put(new) }
        return true
      }
    }
  }

  /// Whether a group is one of a tenant.
  public func hasGroup(_ id: GroupID, in tenant: TenantID) throws -> Bool {
    try withReadConnection { try SQLiteDirectoryStatements($0).group(id)?.tenant == tenant }
  }

  /// Gives all that is held on a person, as of one moment: themself, their memberships and items, and then the rows of
  /// the record that are about them or that say what they did.
  public func export(
    _ user: UserID, records: (DirectoryRecord) throws -> Void, changes: (RecordedChange) throws -> Void
  ) throws {
    try withReadConnection { connection in
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      let people = try connection.prepare("select \(SQLiteRows.userColumns) from user where id = ?")
      try people.bind(user.text)
      try Self.exportPeople(people, connection, records)
      let rows = try connection.prepare(
        """
        select \(SQLiteRows.changeColumns), position from record where user = ?1 or acting_user = ?1
        order by user != ?1, user, position
        """)
      try rows.bind(user.text)
      try rows.forEach { row in try changes(RecordedChange(position: row.int64(10), change: try row.change())) }
    }
  }
}
