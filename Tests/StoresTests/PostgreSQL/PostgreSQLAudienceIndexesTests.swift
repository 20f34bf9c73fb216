import Profiles
import Testing

@testable import Stores

/// The indexes of items by audience, in databases from before there were any.
@Suite("Indexes of items by audience on PostgreSQL")
struct PostgreSQLAudienceIndexesTests {
  private static let indexes = """
    select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = 'item'
    """

  @Test("A database of version 3 gets the indexes, and viewers see what they saw")
  func migration() async throws {
    let database = try await ThrowawayDatabase()
    let maker = try database.store()
    var lines: [ImportLine] = [.user(Sample.ann)]
    for (id, audience) in [("1", Audience.me), ("2", [.organization, .everyone]), ("3", .everyone), ("4", .family)] {
      let json = """
        {"id":"\(id)","allowedAudiences":"\(audience.text)","createdDateTime":"\(Sample.time)","number":"1"}
        """
      lines.append(
        .item(
          StoredItem(
            key: Sample.key(id), version: .first, audience: audience, created: Sample.time, json: Array(json.utf8),
            collapsible: nil)))
    }
    var rest = lines[...]
    _ = try maker.importLines(at: Sample.time) { rest.popFirst() }
    maker.close()
    let present = try await database.psql(Self.indexes)
    try await database.revert(to: 3)
    #expect(try await database.psql(Self.indexes).contains("item_beyond_tenant"))

    let store = try database.store()
    #expect(try await database.psql("select version from facet_schema") == "\(PostgreSQLSchema.version)")
    #expect(try await database.psql(Self.indexes) == present)
    #expect(!present.contains("item_beyond_tenant"))
    for (_, name) in PostgreSQLAudienceIndexes.all { #expect(present.contains(name)) }
    for (viewer, tenant, count) in [
      ("bob", TenantID.demo, 2), ("ann", .demo, 4), ("bob", .personalAccounts, 2),
    ] {
      let caller = Caller(actor: .user(Sample.userID(viewer)), tenant: tenant, permissions: [])
      #expect(try await Self.count(store, AuthorizationContext(of: caller)) == count, "\(viewer) of \(tenant)")
    }
    #expect(try store.check() == [])
    store.close()
    try await database.remove()
  }

  private static func count(_ store: PostgreSQLStore, _ authorization: AuthorizationContext) async throws -> Int {
    let reader = try store.makeReader { $0() }
    return try await withCheckedContinuation { continuation in
      reader.count(of: Sample.ann.id, in: "phones", for: authorization, expecting: .unknown) {
        continuation.resume(returning: $0)
      }
    }.get()
  }

  @Test("There is one index for each member of an audience")
  func members() {
    let members = PostgreSQLAudienceIndexes.all.map(\.member)
    #expect(members.map(\.text).allSatisfy { !$0.contains(",") && $0 != "me" })
    #expect(members.reduce(Audience.me) { $0.union($1) } == .all)
    #expect(
      PostgreSQLVisibleItems.select(for: .me, isBounded: true) == nil && PostgreSQLVisibleItems.count(for: .me) == nil)
    let names = (1...Audience.all.rawValue).flatMap { number in
      let audiences = Audience(rawValue: number)
      return [
        PostgreSQLVisibleItems.select(for: audiences, isBounded: false),
        PostgreSQLVisibleItems.select(for: audiences, isBounded: true), PostgreSQLVisibleItems.count(for: audiences),
      ].map { $0?.name }
    }
    #expect(Set(names).count == 3 * Int(Audience.all.rawValue))
  }
}
