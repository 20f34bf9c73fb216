import OData
import Profiles

/// Reads a whole directory. To be run in one transaction, so that all is of one snapshot.
struct SQLiteExport {
  private let connection: SQLiteConnection
  private let names: SQLiteNames

  /// Reads on `connection`.
  init(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    self.connection = connection
    names = try SQLiteNames(connection)
  }

  /// Gives tenants, groups with their photos, and people to `body`, in the order that `ProfileStore` demands.
  func run(_ body: (ImportLine) throws -> Void) throws {
    try exportTenants(body)
    try connection.prepare("select \(SQLiteColumns.group) from directory_group order by id").forEach { row in
      try body(.group(try row.group()))
    }
    try connection.prepare("select \(SQLiteColumns.groupPhoto) from group_photo order by group_id").forEach { row in
      try body(.groupPhoto(try row.groupPhoto()))
    }
    try exportLinks { group, links in
      for nested in links.groups { try body(.nestedGroup(nested, in: group)) }
    }
    let people = try connection.prepare(
      "select \(SQLiteColumns.user), number from person where tenant is not null order by id")
    try exportPeople(people, body)
    // Owners come behind the people, which an import demands.
    let isPerson = try connection.prepare("select 1 from person where id = ? and tenant is not null")
    try exportLinks { group, links in
      for owner in links.owners {
        try isPerson.bind(owner.text)
        let exists = try isPerson.first { _ throws(SQLiteFailure) in true } ?? false
        if exists { try body(.owner(owner, of: group)) }
      }
    }
  }

  /// Passes on every group that has links.
  private func exportLinks(_ body: (GroupID, GroupLinks) throws -> Void) throws {
    try connection.prepare("select id, links from directory_group where links is not null order by id").forEach { row in
      guard let group = GroupID(row.text(0)), let links = GroupLinks(json: row.bytes(1)) else {
        throw SQLiteFailure.row(DamagedRow.group)
      }
      try body(group, links)
    }
  }

  /// Gives one person, if they are of the tenant.
  func exportPerson(_ user: UserID, of tenant: TenantID, _ body: (ImportLine) throws -> Void) throws {
    let people = try connection.prepare(
      "select \(SQLiteColumns.user), number from person where id = ? and tenant = ?")
    try people.bind(user.text, names.number(of: tenant))
    try exportPeople(people, body)
    try exportLinks { group, links in
      if links.owners.contains(user) { try body(.owner(user, of: group)) }
    }
  }

  /// Gives the rows of the audit log of a tenant that are about a person, in their order, then those that tell what the
  /// person did to others.
  func exportChanges(of user: UserID, in tenant: TenantID, _ body: (AuditEntry) throws -> Void) throws {
    let rows = try connection.prepare(
      """
      select \(SQLiteColumns.change), o.id from audit_log a join person o on o.number = a.person
      where a.tenant = ?2 and (o.id = ?1 or acting_user = ?3) order by o.id <> ?1, o.id, position
      """)
    try rows.bind(user.text, names.number(of: tenant), SQLiteIdentifier(user.text))
    try rows.forEach { row in
      guard let id = UserID(row.text(SQLiteColumns.changeCount)) else { throw SQLiteFailure.row(DamagedRow.change) }
      try body(try row.auditEntry(of: AuditChainOwner(user: id, tenant: tenant), names))
    }
  }

  /// Gives the people of a statement, each followed by their memberships and items.
  private func exportPeople(_ people: SQLiteStatement, _ body: (ImportLine) throws -> Void) throws {
    let keys = try connection.prepare("select key, id from profile where key between ? and ? and id is not null")
    let items = try connection.prepare("select \(SQLiteColumns.item) from profile where key = ?")
    let memberships = try connection.prepare("select group_id from membership where user = ? order by group_id")
    try people.forEach { row in
      let user = try row.user(names)
      try body(.user(user))
      try memberships.bind(user.id.text)
      try memberships.forEach { row in
        guard let group = GroupID(row.text(0)) else { throw SQLiteFailure.row(DamagedRow.membership) }
        try body(.member(user.id, of: group))
      }
      for (key, place) in try sortedKeys(keys, of: user.id, SQLiteProfileKey.all(of: row.int64(6))) {
        try items.bind(place)
        guard let item = try items.first({ row throws(SQLiteFailure) in try row.item(key, from: 0) }) else { continue }
        try body(.item(item))
      }
    }
  }

  /// The items of a person with the keys of their rows, in the order of the names of collections and the bytes of ids,
  /// in which no index has them. A person holds a bounded number.
  private func sortedKeys(
    _ select: SQLiteStatement, of user: UserID, _ range: ClosedRange<Int64>
  ) throws(SQLiteFailure) -> [(ItemKey, Int64)] {
    try select.bind(range.lowerBound, range.upperBound)
    let keys = try select.all { row throws(SQLiteFailure) in
      let place = row.int64(0)
      let collection = try names.collection(SQLiteProfileKey(place).collection)
      return (ItemKey(user: user, collection: collection, id: try row.itemID(1)), place)
    }
    return keys.sorted { left, right in
      guard left.0.collection == right.0.collection else {
        return left.0.collection.utf8.lexicographicallyPrecedes(right.0.collection.utf8)
      }
      return left.0.id.text.utf8.lexicographicallyPrecedes(right.0.id.text.utf8)
    }
  }

  /// Gives every tenant that an import would not create as it is: those that decided something, and those that are
  /// neither built in nor the tenant of a person or a group.
  private func exportTenants(_ body: (ImportLine) throws -> Void) throws {
    let isInhabited = try connection.prepare(
      """
      select 1 where exists (select 1 from person where tenant = ?2)
      or exists (select 1 from directory_group where tenant = ?1)
      """)
    for tenant in try tenants() {
      try isInhabited.bind(tenant.id.text, names.number(of: tenant.id))
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
