import OData
import Profiles

/// Reads a whole directory. To be run in one transaction, so that all is of one snapshot.
struct PostgreSQLExport {
  private let connection: PostgreSQLConnection

  /// Reads on `connection`.
  init(_ connection: PostgreSQLConnection) { self.connection = connection }

  /// Gives tenants, groups with their photos, and people to `body`, in the order that `ProfileStore` demands.
  func run(_ body: (ImportLine) throws -> Void) throws {
    try each("select id, json from tenant t order by id") { row in
      let id = try row.tenantID(0)
      let settings = try PostgreSQLOwnerRelations.decided(id, row.bytes(1))
      if try !settings.isPlain || !isImplied(id) { try body(.tenant(settings)) }
    }
    try each("select \(PostgreSQLColumns.group) from directory_group order by id") { row in
      try body(.group(try row.group()))
    }
    try each("select \(PostgreSQLColumns.groupPhoto) from group_photo order by group_id") { row in
      try body(.groupPhoto(try row.groupPhoto()))
    }
    try exportLinks { group, links in
      for nested in links.groups { try body(.nestedGroup(nested, in: group)) }
    }
    var last = ""
    while true {
      let people = try connection.rows(Self.people, .text(last))
      for row in people.rows.map(PostgreSQLRow.init) {
        let person = try row.person()
        last = person.id.text
        try export(person, body)
      }
      guard people.rows.isEmpty else { continue }
      // Owners come behind the people, which an import demands.
      return try exportLinks { group, links in
        for owner in links.owners {
          let exists = try !connection.rows(PostgreSQLTables.selectTenantOfPerson, .text(owner.text)).rows.isEmpty
          if exists { try body(.owner(owner, of: group)) }
        }
      }
    }
  }

  /// Passes on every group that has links.
  private func exportLinks(_ body: (GroupID, GroupLinks) throws -> Void) throws {
    try each("select id, links from directory_group where links is not null order by id") { row in
      guard let links = GroupLinks(json: row.bytes(1)) else { throw PostgreSQLFailure.row(DamagedRow.group) }
      try body(try row.groupID(0), links)
    }
  }

  /// Gives the groups that a person owns to `body`.
  func exportOwned(by user: UserID, _ body: (ImportLine) throws -> Void) throws {
    try exportLinks { group, links in
      if links.owners.contains(user) { try body(.owner(user, of: group)) }
    }
  }

  /// Gives a person to `body`, followed by their memberships and items.
  func export(_ person: StoredUser, _ body: (ImportLine) throws -> Void) throws {
    try body(.user(person))
    for row in try connection.rows(PostgreSQLMemberTable.selectGroups, .text(person.id.text)).rows.map(
      PostgreSQLRow.init)
    {
      try body(.member(person.id, of: try row.groupID(0)))
    }
    for row in try connection.rows(Self.items, .text(person.id.text)).rows.map(PostgreSQLRow.init) {
      let key = ItemKey(user: person.id, collection: row.text(0), id: try row.itemID(1))
      try body(.item(try row.item(key, from: 2)))
    }
  }

  private func isImplied(_ tenant: TenantID) throws -> Bool {
    try TenantID.builtIn.contains(tenant) || !connection.rows(Self.inhabitants, .text(tenant.text)).rows.isEmpty
  }

  private func each(_ sql: String, _ body: (PostgreSQLRow) throws -> Void) throws {
    for row in try connection.rows(PostgreSQLStatement("", sql)).rows { try body(PostgreSQLRow(row)) }
  }

  private static let people = PostgreSQLStatement(
    "export_people",
    "select \(PostgreSQLColumns.person) from person where user_id > $1::text order by user_id limit 500")
  private static let items = PostgreSQLStatement(
    "export_items",
    "select collection, id, \(PostgreSQLColumns.item) from item where user_id = $1::text order by collection, id")
  private static let inhabitants = PostgreSQLStatement(
    "export_inhabitants",
    """
    select 1::bigint where exists (select 1 from person where tenant = $1::text)
    or exists (select 1 from directory_group where tenant = $1::text)
    """)
}
