import Profiles
import Testing

@testable import Stores

/// What the row of a chain tells of the person whose writes lock it.
@Suite("People by their chains on PostgreSQL")
struct PostgreSQLChainOwnersTests {
  private static let columns = """
    select string_agg(user_id || ' ' || tenant || ' ' || is_current || ' ' || coalesce(convert_from(display_name, 'UTF8'), '-'),
    ', ' order by user_id) from chain
    """

  private static func person(_ id: String, _ name: String?) -> ImportLine {
    let member = name.map { #","displayName":"\#($0)""# } ?? ""
    return .user(
      StoredUser(
        id: Sample.userID(id), tenant: .demo, principalName: nil, displayName: name, version: .first,
        json: Array(#"{"id":"\#(id)"\#(member)}"#.utf8)))
  }

  private static func importLines(_ lines: [ImportLine], into store: PostgreSQLStore) throws {
    var rest = lines[...]
    _ = try store.importLines(at: Sample.time) { rest.popFirst() }
  }

  @Test("A change of a person changes what their chain tells, and an older database gets the columns")
  func changes() async throws {
    let database = try await ThrowawayDatabase()
    let first = try database.store()
    try Self.importLines([Self.person("ann", "Ann"), Self.person("bob", nil)], into: first)
    let tenant = TenantID.demo.text
    #expect(try await database.psql(Self.columns) == "ann \(tenant) true Ann, bob \(tenant) true -")
    try Self.importLines([Self.person("ann", "Anna")], into: first)
    let renamed = "ann \(tenant) true Anna, bob \(tenant) true -"
    #expect(try await database.psql(Self.columns) == renamed)
    first.close()

    try await database.revert(to: 5)
    let second = try database.store()
    #expect(try await database.psql(Self.columns) == renamed)
    #expect(try second.check() == [])
    second.close()
    try await database.remove()
  }

  @Test(
    "A check finds a chain that tells something else than the person",
    arguments: [
      "update chain set display_name = 'x'", "update chain set display_name = null",
      "update chain set is_current = false",
    ])
  func tampering(_ sql: String) async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try Self.importLines([Self.person("ann", "Ann")], into: store)
    #expect(try store.check() == [])
    try await database.psql(sql)
    #expect(try store.check().map(\.message) == [PostgreSQLChainOwners.fault])
    store.close()
    try await database.remove()
  }
}
