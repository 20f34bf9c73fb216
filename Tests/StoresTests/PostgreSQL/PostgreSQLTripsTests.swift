import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// How many round trips lists take.
@Suite("Round trips of lists on PostgreSQL")
struct PostgreSQLTripsTests {
  private static let ann = Sample.userID("ann")

  /// Ann with 5 phones, 1,000 e-mail addresses of some 450 bytes, which alternate between two types, and one long web page;
  /// and Bob.
  private static func lines() throws -> [ImportLine] {
    let reader = ImportLineReader(
      defaultTenant: .demo, environment: ServiceEnvironment(now: { Sample.time }, makeID: { .random() }))
    func item(_ collection: String, _ id: Int, _ rest: String) throws -> ImportLine {
      let item = """
        {"id":"\(String(format: "i%04d", id))","allowedAudiences":"organization",\
        "createdDateTime":"2024-02-01T12:00:00Z",\(rest)}
        """
      return try reader.line(Array(#"{"userId":"ann","collection":"\#(collection)","item":\#(item)}"#.utf8))
    }
    let long = String(repeating: "x", count: 60_000)
    return [.user(Sample.person("ann")), .user(Sample.person("bob"))]
      + (try (0..<5).map { try item("phones", $0, #""number":"\#($0)""#) })
      + (try (0..<1_000).map {
        try item(
          "emails", $0, #""type":"\#($0 % 20 == 0 ? "work" : "other")","displayName":"\#(long.prefix(200))""#)
      })
      + [try item("websites", 0, #""displayName":"a""#), try item("websites", 1, #""description":"\#(long)""#)]
  }

  /// A store behind a proxy that counts.
  private struct Bench {
    let database: ThrowawayDatabase
    let proxy: CountingProxy
    let store: PostgreSQLStore
    let sockets: Scratch
    let directory: String

    init() async throws {
      database = try await ThrowawayDatabase(isPlain: true)
      sockets = try Scratch()
      directory = try PostgreSQLCutTests.socketDirectory()
      proxy = try CountingProxy(to: directory, in: sockets.directory)
      store = try database.store(through: proxy.directory, insteadOf: directory)
      var rest = try lines()[...]
      _ = try store.importLines(at: Sample.time) { rest.popFirst() }
    }

    func remove() async throws {
      store.close()
      proxy.close()
      try await database.remove()
      sockets.remove()
    }
  }

  private static func user(_ id: String) -> Caller {
    Caller(actor: .user(Sample.userID(id)), tenant: .demo, permissions: [.userRead, .userReadAll])
  }

  private static let application = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])

  private struct Case {
    let caller: Caller
    let collection: String
    let query: String
    var limit = 100
    /// How many items the page has.
    let items: Int
    let trips: Int
  }

  @Test("A list takes as many round trips as the documentation says")
  func lists() async throws {
    let bench = try await Bench()
    let session = try ItemListQueue(bench.store)
    let (ann, bob) = (Self.user("ann"), Self.user("bob"))
    for test in [
      Case(caller: ann, collection: "phones", query: "", items: 5, trips: 1),
      Case(caller: ann, collection: "notes", query: "", items: 0, trips: 1),
      Case(caller: ann, collection: "phones", query: "$filter=number eq '3'", items: 1, trips: 1),
      Case(caller: ann, collection: "phones", query: "$filter=length(number) eq 1", items: 5, trips: 1),
      Case(caller: ann, collection: "phones", query: "$count=true", items: 5, trips: 2),
      Case(caller: bob, collection: "phones", query: "", items: 5, trips: 2),
      Case(caller: bob, collection: "phones", query: "$filter=number eq '3'", items: 1, trips: 2),
      Case(caller: Self.application, collection: "phones", query: "", items: 5, trips: 2),
      // A page of the usual length.
      Case(caller: ann, collection: "emails", query: "", items: 100, trips: 1),
      Case(caller: bob, collection: "emails", query: "", items: 100, trips: 2),
      // What is left of 450 kB in two reads.
      Case(caller: ann, collection: "emails", query: "$filter=type eq 'work'", limit: 999, items: 50, trips: 1),
      Case(caller: bob, collection: "emails", query: "$filter=type eq 'work'", limit: 999, items: 50, trips: 2),
      Case(caller: ann, collection: "emails", query: "$filter=type eq 'work'&$count=true", items: 50, trips: 1),
      Case(caller: ann, collection: "emails", query: "$filter=not (type ne 'work')&$count=true", items: 50, trips: 2),
      // Two reads, and three more for the 320 kB of which no copy is kept.
      Case(caller: ann, collection: "emails", query: "", limit: 999, items: 999, trips: 5),
      Case(caller: bob, collection: "emails", query: "", limit: 999, items: 999, trips: 6),
      // A short page with a long item is read in a second way.
      Case(caller: ann, collection: "websites", query: "", items: 2, trips: 2),
    ] {
      let collection = try #require(ProfileModel.collection(named: test.collection))
      let request = CollectionRequest(owner: .id(Self.ann), collection: collection, caller: test.caller)
      let options = try QueryOptions(test.query.utf8, of: collection.target, supporting: .list)
      // The first time statements are prepared, and settings of the tenant are read.
      for isCounted in [false, true] {
        bench.proxy.begin()
        let page = try await session.list(request, ListQuery(options, limit: test.limit)).get()
        #expect(page.ids.count == test.items, "\(test.collection) \(test.query)")
        let trips = bench.proxy.trips
        #expect(!isCounted || trips == test.trips, "\(test.collection) \(test.query) for \(test.caller.actor)")
      }
    }
    try await bench.remove()
  }

  @Test("A count takes as many round trips as the documentation says")
  func counts() async throws {
    let bench = try await Bench()
    let session = try ItemListQueue(bench.store)
    for (caller, name, count, trips) in [
      (Self.user("ann"), "emails", 1_000, 1), (Self.user("ann"), "notes", 0, 2), (Self.user("bob"), "emails", 1_000, 2),
    ] {
      let collection = try #require(ProfileModel.collection(named: name))
      let request = CollectionRequest(owner: .id(Self.ann), collection: collection, caller: caller)
      for isCounted in [false, true] {
        bench.proxy.begin()
        #expect(try await session.count(request, ListQuery(QueryOptions(), limit: 0)).get() == count)
        let counted = bench.proxy.trips
        #expect(!isCounted || counted == trips, "\(name) for \(caller.actor)")
      }
    }
    try await bench.remove()
  }

  @Test("On a distributed database one's own list takes one round trip more, and what was expected none")
  func distributed() async throws {
    let bench = try await Bench()
    let place = bench.database.url.replacing("host=\(bench.directory)", with: "host=\(bench.proxy.directory)")
    let reads = PostgreSQLReads(try PostgreSQLConnection(place, namesStatements: true), PostgreSQLOwnerRelations([:]))
    let (ann, bob) = (AuthorizationContext(of: Self.user("ann")), AuthorizationContext(of: Self.user("bob")))
    for (authorization, expected, trips) in [
      (ann, ExpectedAudiences.unknown, 2), (ann, .all, 1), (ann, .some(.everyone), 2), (bob, .unknown, 2),
      (bob, .some([.organization, .everyone]), 1), (bob, .some(.everyone), 2), (bob, .all, 2),
    ] {
      for isCounted in [false, true] {
        bench.proxy.begin()
        let selection = ItemSelection(limit: 100, expecting: expected)
        let request = PostgreSQLReadRequest.items(
          of: Self.ann, in: "phones", authorization, selection, isDistributed: true)
        #expect(try reads.answer(request).page.elements.count == 5)
        let counted = bench.proxy.trips
        #expect(!isCounted || counted == trips, "\(expected)")
      }
    }
    try await bench.remove()
  }

  @Test("Of somebody who has the same id in another tenant nothing is read")
  func strangers() async throws {
    let bench = try await Bench()
    let stranger = Caller(actor: .user(Self.ann), tenant: .personalAccounts, permissions: [.userRead])
    let connection = try PostgreSQLConnection(bench.database.url, namesStatements: true)
    let reads = PostgreSQLReads(connection, PostgreSQLOwnerRelations([:]))
    for (caller, items) in [(stranger, 0), (Self.user("ann"), 1_000)] {
      let request = PostgreSQLReadRequest.items(
        of: Self.ann, in: "emails", AuthorizationContext(of: caller), ItemSelection(limit: 1_000),
        isDistributed: false)
      let rows = try connection.run(request.trip.queries)
      #expect(rows[0].rows.count == items)
      #expect(try reads.answer(request.trip.step(reads, rows)).page.elements.isEmpty == (items == 0))
    }
    try await bench.remove()
  }
}
