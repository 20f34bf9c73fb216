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
    let held =
      user == Sample.userID("far") ? [("p0", Audience.everyone)] : audiences.enumerated().map { ("p\($0)", $1) }
    guard user != Sample.userID("bob") else { return [] }
    let seen = authorization.audiences(of: user, owner, in: "phones")
    return held.filter { held in seen.map { !held.1.isDisjoint(with: $0) } ?? true }.map(\.0)
  }

  private static func reads(_ database: ThrowawayDatabase) throws -> PostgreSQLReads {
    PostgreSQLReads(
      try PostgreSQLConnection(database.url, namesStatements: true), PostgreSQLOwnerRelations([:]))
  }

  private static func database(isPlain: Bool = false) async throws -> ThrowawayDatabase {
    let database = try await ThrowawayDatabase(isPlain: isPlain)
    let store = try database.store()
    var lines = try lines()[...]
    _ = try store.importLines(at: Sample.time) { lines.popFirst() }
    store.close()
    return database
  }

  @Test("Whoever asks for whatever, the answer is the same")
  func same() async throws {
    // One statement cannot ask two nodes.
    let databases = [try await Self.database(isPlain: true), try await Self.database()]
    let (plain, split) = (try Self.reads(databases[0]), try Self.reads(databases[1]))
    var seen = 0
    for authorization in Self.authorizations() {
      for user in ["ann", "bob", "far", "none"].map(Sample.userID) {
        func both<Answer>(_ request: (Bool) -> PostgreSQLReadRequest<Answer>) throws -> (Answer, Answer) {
          (try plain.answer(request(false)), try split.answer(request(true)))
        }
        for id in try (0..<Self.audiences.count).map({ try #require(ItemID("p\($0)")) }) {
          let key = ItemKey(user: user, collection: "phones", id: id)
          // What makes the item visible is enough to know of the owner.
          let items = try both { .item(key, authorization, isDistributed: $0) }
          #expect(items.0?.item.json == items.1?.item.json && items.0?.owner.tenant == items.1?.owner.tenant)
          #expect(items.0?.owner.displayName == items.1?.owner.displayName)
          let trip = try #require(PostgreSQLReadRequest.item(key, authorization, isDistributed: true).ofOneMoment)
          let ofOneMoment = try split.answer(trip.step(split, split.connection.run(trip.queries)))
          #expect(ofOneMoment?.item == items.1?.item && ofOneMoment?.owner == items.1?.owner)
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
          #expect(pages.1.page.elements.map(\.json) == pages.0.page.elements.map(\.json))
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
    for database in databases { try await database.remove() }
  }

  @Test("When the item changes while it is read, all is read again")
  func change() async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    let zoe = AuthorizationContext(
      of: Caller(actor: .user(Sample.userID("zoe")), tenant: .demo, permissions: Set(Permission.allCases)))
    let key = ItemKey(user: Sample.userID("ann"), collection: "phones", id: try #require(ItemID("p4")))
    let request = PostgreSQLReadRequest.item(key, zoe, isDistributed: true)
    #expect(request.trip.queries.count == 4)
    #expect(try reads.answer(request) != nil)
    let before = try reads.connection.run(Array(request.trip.queries.prefix(3)))
    // From now on only Ann sees the item.
    try await database.psql("update item set version = 9, audience = 0 where id = 'p4'")
    let after = try reads.connection.run(Array(request.trip.queries.suffix(1)))
    #expect(try reads.answer(request.trip.step(reads, before + after)) == nil)
    // Had nothing changed, what was read first would decide.
    #expect(try reads.answer(request.trip.step(reads, before + [before[0]])) != nil)
    try await database.remove()
  }

  @Test(
    "When the tenant or the groups of the owner change while the viewer's are read, the look-up does not decide",
    arguments: [
      "update tenant set version = version + 1", "delete from membership where user_id = 'ann'",
      "insert into membership values ('ann', 'other')",
    ])
  func change(_ sql: String) async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    let bob = AuthorizationContext(
      of: Caller(actor: .user(Sample.userID("bob")), tenant: .demo, permissions: Set(Permission.allCases)))
    let lookup = PostgreSQLOwnerLookup(Sample.userID("ann"), bob)
    let queries = lookup.queries(isSplit: true)
    #expect(queries.count == 7)
    let answer = try lookup.answer(reads.connection.run(queries), isSplit: true)
    guard case .row(let row?) = answer else {
      Issue.record("Nothing changed, and it was not decided: \(answer)")
      return
    }
    #expect(row.sharesGroup)
    let before = try reads.connection.run(lookup.front + [lookup.viewerQuery])
    try await database.psql(sql)
    let after = try reads.connection.run(lookup.back)
    #expect(try lookup.answer(before + after, isSplit: true) == .changed)
    // What is read again decides.
    let again = try lookup.row(.changed, reads.connection.run)
    #expect(again?.sharesGroup == !sql.hasPrefix("delete"))
    try await database.remove()
  }

  @Test("Nothing of the viewer is read before the owner")
  func order() throws {
    let bob = AuthorizationContext(
      of: Caller(actor: .user(Sample.userID("bob")), tenant: .demo, permissions: Set(Permission.allCases)))
    let lookup = PostgreSQLOwnerLookup(Sample.userID("ann"), bob)
    let queries = lookup.queries(isSplit: true)
    let people = queries.map { if case .text(let id)? = $0.values.first { id } else { "" } }
    #expect(people.firstIndex(of: "bob") == 4 && people.filter { $0 == "bob" }.count == 1)
    #expect(queries[2].statement == PostgreSQLMemberTable.selectGroups)
    #expect(lookup.viewerPlace == .person(Sample.userID("bob")))
    #expect(lookup.queries(isSplit: true, isOfTenant: true).allSatisfy { $0.statement.name != "select_group_ids" })
  }

  /// The statements of a read, step by step, with where each is run.
  private static func steps<Answer>(
    _ request: PostgreSQLReadRequest<Answer>, _ reads: PostgreSQLReads
  ) throws -> [String] {
    var steps: [String] = []
    var step = PostgreSQLReadStep.next(request)
    while case .next(let request) = step {
      steps.append("\(request.place): \(request.trip.queries.map(\.statement.name).joined(separator: " "))")
      step = try request.trip.step(reads, try reads.connection.run(request.trip.queries))
    }
    return steps
  }

  @Test("The same is read of what is hidden as of what does not exist, and of people elsewhere as of nobody")
  func sameSteps() async throws {
    let database = try await Self.database()
    let reads = try Self.reads(database)
    for viewer in ["zoe", "bob"] {
      let authorization = AuthorizationContext(
        of: Caller(actor: .user(Sample.userID(viewer)), tenant: .demo, permissions: Set(Permission.allCases)))
      func item(_ user: String, _ id: String) throws -> [String] {
        let key = ItemKey(user: Sample.userID(user), collection: "phones", id: try #require(ItemID(id)))
        return try Self.steps(.item(key, authorization, isDistributed: true), reads)
      }
      // Nobody but Ann sees the first.
      #expect(try item("ann", "p0") == item("ann", "none"))
      #expect(try item("ann", "p0").count == 4)
      // What the policy decides takes one trip.
      #expect(try item("ann", "p4").count == 1)
      #expect(try item("far", "p9").map(Self.anonymous) == item("none", "p9").map(Self.anonymous))
      for read in [
        { try Self.steps(.owner($0, authorization, isDistributed: true), reads) },
        { try Self.steps(.hasItemsBeyondTenant(of: $0, authorization, isDistributed: true), reads) },
      ] as [(UserID) throws -> [String]] {
        let (far, none) = (try read(Sample.userID("far")), try read(Sample.userID("none")))
        #expect(far.map(Self.anonymous) == none.map(Self.anonymous))
      }
    }
    try await database.remove()
  }

  private static func anonymous(_ step: String) -> String {
    step.replacing("far", with: "x").replacing("none", with: "x")
  }
}
