import OData
import Profiles
import Testing

@testable import Stores

/// Reads in statements on one table each, as on Citus, beside those in one statement: on any database both give the same.
@Suite("Look-ups of owners that are split")
struct PostgreSQLOwnerLookupTests {
  private static let team = GroupID("team")
  private static let audiences: [Audience] = [
    .me, .family, .contacts, .groupMembers, .organization, .federatedOrganizations, .everyone,
  ]

  private static func person(_ id: String, in tenant: TenantID = .demo) -> StoredUser {
    StoredUser(
      id: Sample.userID(id), tenant: tenant, principalName: nil, displayName: id, version: .first,
      json: Array(#"{"id":"\#(id)","displayName":"\#(id)"}"#.utf8))
  }

  private static func item(_ id: String, of user: String, in collection: String, _ audience: Audience) throws
    -> StoredItem
  {
    let key = ItemKey(user: Sample.userID(user), collection: collection, id: try #require(ItemID(id)))
    return StoredItem(
      key: key, version: .first, audience: audience, created: Sample.time, json: Array(#"{"id":"\#(id)"}"#.utf8),
      collapsible: nil)
  }

  /// Ann shares a group with Bob, lists Eve as family, and her tenant is federated with that of Far.
  private static func lines() throws -> [ImportLine] {
    let team = try #require(team)
    var settings = TenantSettings(id: .demo)
    settings.federatedWith = [.personalAccounts]
    let group = StoredGroup(
      id: team, tenant: .demo, version: .first, json: Array(#"{"id":"team","displayName":"Team"}"#.utf8))
    let eve = ListedPerson(Sample.userID("eve"), as: .family)
    return [
      .tenant(settings), .group(group), .user(person("ann")), .user(person("bob")), .user(person("eve")),
      .user(person("zoe")), .user(person("far", in: .personalAccounts)), .member(Sample.userID("ann"), of: team),
      .member(Sample.userID("bob"), of: team),
      .item(try item("list", of: "ann", in: Relationship.collection, .me).listing(eve)),
    ]
      + (try audiences.enumerated().map { .item(try item("p\($0)", of: "ann", in: "phones", $1)) })
      + [.item(try item("p0", of: "far", in: "phones", .everyone))]
  }

  private static func authorizations() -> [AuthorizationContext] {
    let people: [(String, TenantID)] = [
      ("ann", .demo), ("bob", .demo), ("eve", .demo), ("zoe", .demo), ("far", .personalAccounts), ("none", .demo),
    ]
    let users = people.flatMap { id, tenant in
      [false, true].map { needsPolicy in
        AuthorizationContext(
          of: Caller(actor: .user(Sample.userID(id)), tenant: tenant, permissions: Set(Permission.allCases)),
          needsPolicy: needsPolicy)
      }
    }
    let application = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])
    return users + [
      .everything, AuthorizationContext(of: application), AuthorizationContext(of: application, needsPolicy: true),
    ]
  }

  private static func reads(_ database: ThrowawayDatabase) throws -> PostgreSQLReads {
    PostgreSQLReads(
      try PostgreSQLConnection(database.url, namesStatements: true), PostgreSQLOwnerRelations([:]))
  }

  private static func database() async throws -> ThrowawayDatabase {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    var lines = try lines()[...]
    _ = try store.importLines(at: Sample.time) { lines.popFirst() }
    store.close()
    return database
  }

  @Test("Whoever asks for whatever, the answer is the same")
  func same() async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    var seen = 0
    for authorization in Self.authorizations() {
      for user in ["ann", "bob", "far", "none"].map(Sample.userID) {
        func both<Answer>(_ request: (Bool) -> PostgreSQLReadRequest<Answer>) throws -> (Answer, Answer) {
          (try reads.answer(request(false)), try reads.answer(request(true)))
        }
        for id in try (0..<Self.audiences.count).map({ try #require(ItemID("p\($0)")) }) {
          let key = ItemKey(user: user, collection: "phones", id: id)
          let items = try both { .item(key, authorization, isDistributed: $0) }
          #expect(items.0 == items.1)
          seen += items.1 == nil ? 0 : 1
        }
        let owners = try both { .owner(user, authorization, isDistributed: $0) }
        #expect(owners.0 == owners.1)
        let pages = try both {
          .items(of: user, in: "phones", authorization, after: nil, limit: 5, isDistributed: $0)
        }
        #expect(pages.0.owner == pages.1.owner && pages.0.page.elements == pages.1.page.elements)
        let counts = try both { .count(of: user, in: "phones", authorization, isDistributed: $0) }
        #expect(counts.0 == counts.1)
        let beyond = try both { .hasItemsBeyondTenant(of: user, authorization, isDistributed: $0) }
        #expect(beyond.0 == beyond.1)
      }
    }
    // Neither answers nothing at all.
    #expect(seen > 30)
    try await database.remove()
  }

  @Test(
    "When the item or the tenant changes while they are read, all is read again",
    arguments: [(1, "update item set version = 9 where id = 'p3'"), (6, "update tenant set version = version + 1")])
  func change(_ count: Int, _ sql: String) async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    let bob = AuthorizationContext(
      of: Caller(actor: .user(Sample.userID("bob")), tenant: .demo, permissions: Set(Permission.allCases)))
    let key = ItemKey(user: Sample.userID("ann"), collection: "phones", id: try #require(ItemID("p3")))
    let request = PostgreSQLReadRequest.item(key, bob, isDistributed: true)
    #expect(request.queries.count == 8)
    #expect(try reads.answer(request) != nil)
    let before = try reads.connection.run(Array(request.queries.prefix(count)))
    // Bob shares a group with Ann when that is looked up, but not any more when the read ends.
    let between = try reads.connection.run(Array(request.queries[count..<6]))
    try await database.psql("\(sql); delete from membership where user_id = 'bob'")
    let after = try reads.connection.run(Array(request.queries.suffix(2)))
    #expect(try request.answer(reads, before + between + after) == nil)
    // With nothing changed, what was read first decides.
    #expect(try request.answer(reads, before + between + Self.unchanged(before, between)) != nil)
    try await database.remove()
  }

  /// The versions that a read would have ended with, had nothing changed.
  private static func unchanged(_ before: [PostgreSQLRows], _ between: [PostgreSQLRows]) -> [PostgreSQLRows] {
    let all = before + between
    return [all[2], all[0]]
  }
}
