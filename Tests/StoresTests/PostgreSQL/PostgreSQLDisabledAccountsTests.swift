import Profiles
import Testing

@testable import Stores

/// The table of disabled accounts, on databases that had none and on those that were tampered with.
@Suite("Disabled accounts on PostgreSQL")
struct PostgreSQLDisabledAccountsTests {
  private static let accounts = """
    select coalesce(string_agg(user_id || ' ' || tenant, ', ' order by user_id), '') from disabled_account
    """

  private static func person(_ id: String, isEnabled: Bool) -> ImportLine {
    .user(
      StoredUser(
        id: Sample.userID(id), tenant: .demo, principalName: nil, displayName: nil, version: .first,
        json: Array(#"{"id":"\#(id)","accountEnabled":\#(isEnabled)}"#.utf8)))
  }

  private static func importLines(_ lines: [ImportLine], into store: PostgreSQLStore) throws {
    var rest = lines[...]
    _ = try store.importLines(at: Sample.time) { rest.popFirst() }
  }

  @Test("The table follows the people, and an older database gets it with those who are disabled")
  func changes() async throws {
    let database = try await ThrowawayDatabase()
    let first = try database.store()
    try Self.importLines([Self.person("ann", isEnabled: false), Self.person("bob", isEnabled: true)], into: first)
    let ann = "ann \(TenantID.demo.text)"
    #expect(try await database.psql(Self.accounts) == ann)
    #expect(try first.check() == [])
    first.close()

    try await database.revert(to: 7)
    let second = try database.store()
    #expect(try await database.psql(Self.accounts) == ann)
    try Self.importLines([Self.person("ann", isEnabled: true)], into: second)
    #expect(try await database.psql(Self.accounts) == "")
    #expect(try second.check() == [])
    second.close()
    try await database.remove()
  }

  @Test(
    "A check finds an account that is recorded otherwise than the person says",
    arguments: ["delete from disabled_account", "update disabled_account set user_id = 'bob'"])
  func tampering(_ sql: String) async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try Self.importLines([Self.person("ann", isEnabled: false), Self.person("bob", isEnabled: true)], into: store)
    try await database.psql(sql)
    let findings = try store.check()
    #expect(!findings.isEmpty && findings.allSatisfy { $0.message == CheckFinding.otherAccount })
    store.close()
    try await database.remove()
  }
}
