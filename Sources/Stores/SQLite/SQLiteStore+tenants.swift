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
        guard let old = try worker.tables.relations.decided(id) else { return false }
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

  /// Gives all that is held on an id in a tenant, as of one moment: the person, their memberships and items, and then the
  /// rows of the audit log that are about them or that say what they did. Those are given of somebody who is gone, too.
  public func export(
    _ user: UserID, in tenant: TenantID, lines: (ImportLine) throws -> Void,
    changes: (AuditEntry) throws -> Void
  ) throws {
    try withReadConnection { connection in
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      let people = try connection.prepare("select \(SQLiteRows.userColumns) from user where id = ? and tenant = ?")
      try people.bind(user.text, tenant.text)
      try Self.exportPeople(people, connection, lines)
      let rows = try connection.prepare(
        """
        select \(SQLiteRows.changeColumns), position, previous from record
        where tenant = ?2 and (user = ?1 or acting_user = ?1) order by user != ?1, user, position
        """)
      try rows.bind(user.text, tenant.text)
      try rows.forEach { row in try changes(try row.auditEntry()) }
    }
  }
}
