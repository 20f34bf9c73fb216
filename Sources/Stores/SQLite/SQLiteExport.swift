import OData
import Profiles

/// Reads a whole directory. To be run in one transaction, so that all is of one snapshot.
struct SQLiteExport {
  private let connection: SQLiteConnection

  /// Reads on `connection`.
  init(_ connection: SQLiteConnection) { self.connection = connection }

  /// Gives tenants, groups and people to `body`, in the order that `ProfileStore` demands.
  func run(_ body: (ImportLine) throws -> Void) throws {
    try exportTenants(body)
    try connection.prepare("select \(SQLiteColumns.group) from directory_group order by id").forEach { row in
      try body(.group(try row.group()))
    }
    try exportPeople(try connection.prepare("select \(SQLiteColumns.user) from user order by id"), body)
  }

  /// Gives the people of a statement, each followed by their memberships and items.
  func exportPeople(_ people: SQLiteStatement, _ body: (ImportLine) throws -> Void) throws {
    let items = try connection.prepare(
      "select collection, id, \(SQLiteColumns.item) from item where user = ? order by collection, id")
    let memberships = try connection.prepare("select group_id from membership where user = ? order by group_id")
    try people.forEach { row in
      let user = try row.user()
      try body(.user(user))
      try memberships.bind(user.id.text)
      try memberships.forEach { row in
        guard let group = GroupID(row.text(0)) else { throw SQLiteFailure.row(DamagedRow.membership) }
        try body(.member(user.id, of: group))
      }
      try items.bind(user.id.text)
      try items.forEach { row in
        let key = ItemKey(user: user.id, collection: row.text(0), id: try row.itemID(1))
        try body(.item(try row.item(key, from: 2)))
      }
    }
  }

  /// Gives every tenant that an import would not create as it is: those that decided something, and those that are neither
  /// built in nor the tenant of a person or a group.
  private func exportTenants(_ body: (ImportLine) throws -> Void) throws {
    let isInhabited = try connection.prepare(
      """
      select 1 where exists (select 1 from user where tenant = ?1)
      or exists (select 1 from directory_group where tenant = ?1)
      """)
    for tenant in try tenants() {
      try isInhabited.bind(tenant.id.text)
      let isImplied = try isInhabited.first { _ throws(SQLiteFailure) in true } ?? TenantID.builtIn.contains(tenant.id)
      if !tenant.isPlain || !isImplied { try body(.tenant(tenant)) }
    }
  }

  /// Every tenant, by id.
  func tenants() throws(SQLiteFailure) -> [TenantSettings] {
    try connection.prepare("select id, json from tenant order by id").all { row throws(SQLiteFailure) in
      guard let id = TenantID(row.text(0)), let settings = TenantSettings(id: id, json: row.bytes(1)) else {
        throw .row(DamagedRow.tenant)
      }
      return settings
    }
  }
}
