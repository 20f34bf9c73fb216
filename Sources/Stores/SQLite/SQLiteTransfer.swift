public import OData
public import Profiles

extension SQLiteStore {
  /// See `ProfileStore`.
  public func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int {
    try withWorker { worker in
      try worker.transaction {
        var transfer = DirectoryImport(tables: worker.tables, time: time)
        var count = 0
        while let line = try next() {
          try transfer.take(line)
          count += 1
        }
        return count
      }
    }
  }

  /// See `ProfileStore`.
  public func exportLines(_ body: (ImportLine) throws -> Void) throws {
    try withReadConnection { connection in
      // One transaction, so that all is read as of one moment.
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      try Self.exportTenants(connection, body)
      try connection.prepare("select \(SQLiteRows.groupColumns) from directory_group order by id").forEach { row in
        try body(.group(try row.group()))
      }
      try Self.exportPeople(
        try connection.prepare("select \(SQLiteRows.userColumns) from user order by id"), connection, body)
    }
  }

  /// Gives the people of a statement, each followed by their memberships and items.
  static func exportPeople(
    _ people: SQLiteStatement, _ connection: SQLiteConnection, _ body: (ImportLine) throws -> Void
  ) throws {
    let items = try connection.prepare(
      "select collection, id, \(SQLiteRows.itemColumns) from item where user = ? order by collection, id")
    let memberships = try connection.prepare("select group_id from membership where user = ? order by group_id")
    try people.forEach { row in
      let user = try row.user()
      try body(.user(user))
      try memberships.bind(user.id.text)
      try memberships.forEach { row in
        guard let group = GroupID(row.text(0)) else { throw SQLiteFailure.row("The row of a membership is damaged.") }
        try body(.member(user.id, of: group))
      }
      try items.bind(user.id.text)
      try items.forEach { row in
        let key = ItemKey(user: user.id, collection: row.text(0), id: try row.itemID(1))
        try body(.item(try row.item(key, from: 2)))
      }
    }
  }

  /// Every tenant that an import would not make by itself as it is: those that decided something, and those that are
  /// neither always there nor anybody's.
  private static func exportTenants(
    _ connection: SQLiteConnection, _ body: (ImportLine) throws -> Void
  ) throws {
    let isInhabited = try connection.prepare(
      """
      select 1 where exists (select 1 from user where tenant = ?1)
      or exists (select 1 from directory_group where tenant = ?1)
      """)
    for tenant in try tenants(connection) {
      try isInhabited.bind(tenant.id.text)
      let isImplied = try isInhabited.first { _ throws(SQLiteFailure) in true } ?? TenantID.builtIn.contains(tenant.id)
      if !tenant.isPlain || !isImplied { try body(.tenant(tenant)) }
    }
  }

  static func tenants(_ connection: SQLiteConnection) throws(SQLiteFailure) -> [TenantSettings] {
    try connection.prepare("select id, json from tenant order by id").all { row throws(SQLiteFailure) in
      guard let id = TenantID(row.text(0)), let settings = TenantSettings(id: id, json: row.bytes(1)) else {
        throw .row("The row of a tenant is damaged.")
      }
      return settings
    }
  }

  /// See `ProfileStore`.
  public func changes(of user: UserID, in tenant: TenantID) throws -> [Change] {
    try withReadConnection { connection in
      try SQLiteDirectoryStatements(connection).changes(of: Viewer(user: user, tenant: tenant), from: nil, limit: .max)
        .elements.reversed().map(\.change)
    }
  }
}
