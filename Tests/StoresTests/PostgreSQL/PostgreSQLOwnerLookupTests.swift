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

  /// The ids of the phones that somebody may see, by their audiences alone.
  private static func visible(
    of user: UserID, _ authorization: AuthorizationContext, _ owner: ItemOwner?
  ) throws -> [String] {
    guard let owner else { return [] }
    let held = user == Sample.userID("far") ? [("p0", Audience.everyone)] : audiences.enumerated().map { ("p\($0)", $1) }
    guard user != Sample.userID("bob") else { return [] }
    let seen = authorization.audiences(of: user, owner, in: "phones")
    return held.filter { held in seen.map { !held.1.isDisjoint(with: $0) } ?? true }.map(\.0)
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
          // What makes the item visible is enough to know of the owner.
          let items = try both { .item(key, authorization, isDistributed: $0) }
          #expect(items.0?.item == items.1?.item && items.0?.owner.tenant == items.1?.owner.tenant)
          #expect(items.0?.owner.displayName == items.1?.owner.displayName)
          seen += items.1 == nil ? 0 : 1
        }
        let owners = try both { .owner(user, authorization, isDistributed: $0) }
        #expect(owners.0 == owners.1)
        // Whatever is expected, what is visible is given.
        for expected in [ExpectedAudiences.unknown, .all, .some(.me), .some([.organization, .everyone])] {
          let selection = ItemSelection(limit: 5, expecting: expected)
          let pages = try both { .items(of: user, in: "phones", authorization, selection, isDistributed: $0) }
          #expect(pages.0.owner == pages.1.owner && pages.0.owner == owners.0)
          let visible = try Self.visible(of: user, authorization, owners.0)
          #expect(pages.0.page.elements.map(\.key.id.text) == Array(visible.prefix(5)))
          #expect(pages.1.page.elements == pages.0.page.elements)
          let counts = try both {
            .count(of: user, in: "phones", authorization, expecting: expected, isDistributed: $0)
          }
          #expect(counts.0 == visible.count && counts.1 == visible.count)
          let ids = try ["p6", "p0", "none"].map { try #require(ItemID($0)) }
          let byID = try both {
            .items(ids, of: user, in: "phones", authorization, expecting: expected, isDistributed: $0)
          }
          #expect(Set(byID.0.map(\.item.key.id.text)) == Set(visible).intersection(["p6", "p0"]))
          #expect(Set(byID.1.map(\.item.key.id.text)) == Set(visible).intersection(["p6", "p0"]))
        }
        let beyond = try both { .hasItemsBeyondTenant(of: user, authorization, isDistributed: $0) }
        #expect(beyond.0 == beyond.1)
      }
    }
    // Neither answers nothing at all.
    #expect(seen > 30)
    try await database.remove()
  }

  @Test("When the item changes while it is read, all is read again")
  func change() async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    let zoe = AuthorizationContext(
      of: Caller(actor: .user(Sample.userID("zoe")), tenant: .demo, permissions: Set(Permission.allCases)))
    let key = ItemKey(user: Sample.userID("ann"), collection: "phones", id: try #require(ItemID("p4")))
    let request = PostgreSQLReadRequest.item(key, zoe, isDistributed: true)
    #expect(request.queries.count == 4)
    #expect(try reads.answer(request) != nil)
    let before = try reads.connection.run(Array(request.queries.prefix(3)))
    // From now on only Ann sees the item.
    try await database.psql("update item set version = 9, audience = 0 where id = 'p4'")
    let after = try reads.connection.run(Array(request.queries.suffix(1)))
    #expect(try request.answer(reads, before + after) == nil)
    // Had nothing changed, what was read first would decide.
    #expect(try request.answer(reads, before + [before[0]]) != nil)
    try await database.remove()
  }

  @Test("When the tenant changes between the policy and the groups, the look-up does not decide")
  func tenant() async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    let bob = AuthorizationContext(
      of: Caller(actor: .user(Sample.userID("bob")), tenant: .demo, permissions: Set(Permission.allCases)))
    let lookup = PostgreSQLOwnerLookup(Sample.userID("ann"), bob)
    let queries = lookup.queries(isSplit: true)
    #expect(queries.count == 6)
    let whole = try PostgreSQLOwnerRelations.OwnerRow(try reads.connection.run([lookup.query])[0])
    #expect(whole?.sharesGroup == true)
    #expect(try lookup.answer(reads.connection.run(queries), isSplit: true) == .row(whole))
    let before = try reads.connection.run(Array(queries.prefix(2)))
    try await database.psql("update tenant set version = version + 1")
    let after = try reads.connection.run(Array(queries.suffix(4)))
    #expect(try lookup.answer(before + after, isSplit: true) == .undecided)
    try await database.remove()
  }
}
