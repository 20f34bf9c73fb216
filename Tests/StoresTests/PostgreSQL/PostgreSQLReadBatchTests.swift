import Dispatch
import OData
import Profiles
import Synchronization
import Testing

@testable import Stores

/// Reads that share a round trip and, on a node of a distributed database, a moment.
@Suite("Batches of reads on PostgreSQL")
struct PostgreSQLReadBatchTests {
  private static let here = PostgreSQLAddress(host: "127.0.0.1", port: 1)
  private static let there = PostgreSQLAddress(host: "127.0.0.1", port: 2)

  /// A map of one shard.
  private static func map(at node: PostgreSQLAddress = here) -> PostgreSQLShardMap {
    PostgreSQLShardMap(people: [PostgreSQLShardMap.Shard(id: 1, start: .min, node: node)], names: [])
  }

  /// A read of an item that every person of the tenant may ask for.
  private static func read(_ user: String, _ item: String) throws -> PostgreSQLRead {
    let key = ItemKey(user: Sample.userID(user), collection: "phones", id: try #require(ItemID(item)))
    let bob = Caller(actor: .user(Sample.userID("bob")), tenant: .demo, permissions: [.userReadAll])
    let request = PostgreSQLReadRequest.item(key, AuthorizationContext(of: bob), isDistributed: true)
    func trip(_ trip: PostgreSQLTrip<OwnedItem?>) -> PostgreSQLRead.Trip {
      PostgreSQLRead.Trip(queries: trip.queries) { _, _ in }
    }
    return PostgreSQLRead(
      place: request.place, trip: trip(request.trip), ofOneMoment: request.ofOneMoment.map(trip),
      deadline: .now() + .seconds(1), fail: { _ in })
  }

  private static func names(_ batch: PostgreSQLReadBatch) -> [String] { batch.queries.map(\.statement.name) }

  private static func rows(_ number: Int64) -> PostgreSQLRows {
    PostgreSQLRows(rows: [[withUnsafeBytes(of: number.bigEndian) { Array($0) }]], changes: 1)
  }

  @Test("Reads of a node share a transaction, and equal statements run once")
  func transaction() throws {
    let reads = [try Self.read("ann", "1"), try Self.read("ann", "2"), try Self.read("eve", "1")]
    let batch = PostgreSQLReadBatch(reads, Self.map(), at: Self.here)
    #expect(batch.hasTransaction)
    let expected = [
      "begin_snapshot", "select_item", "select_owner", "select_tenant_version", "select_item", "select_item",
      "select_owner", "commit", "count_local_shards",
    ]
    #expect(Self.names(batch) == expected)
    // Each answer is the number of its statement, but for the count of shards, of which there is one.
    let answers = expected.indices.map { Self.rows($0 == expected.count - 1 ? 1 : Int64($0)) }
    var places: [[Int64]] = []
    batch.deliver(answers) { _, trip, rows in
      #expect(rows?.count == trip.queries.count)
      places.append(rows?.compactMap { $0.first?.int64(0) } ?? [])
    }
    #expect(places == [[1, 2, 3], [4, 2, 3], [5, 6, 3]])
  }

  @Test("When a shard is not there any more, nothing that was read counts")
  func moved() throws {
    let reads = try (0..<3).map { try Self.read("ann", "\($0)") }
    let batch = PostgreSQLReadBatch(reads, Self.map(), at: Self.here)
    var delivered: [Bool] = []
    batch.deliver(batch.queries.map { _ in Self.rows(0) }) { _, _, rows in delivered.append(rows != nil) }
    #expect(delivered == [false, false, false])
  }

  @Test("Few reads, reads of another node, and reads of a plain database stand for themselves")
  func alone() throws {
    let three = try (0..<3).map { try Self.read("ann", "\($0)") }
    let own = ["select_item", "select_owner", "select_tenant_version", "read_item_version"]
    let few = PostgreSQLReadBatch(Array(three.prefix(2)), Self.map(), at: Self.here)
    #expect(!few.hasTransaction && Self.names(few) == own + own)
    for batch in [
      PostgreSQLReadBatch(three, nil, at: nil), PostgreSQLReadBatch(three, Self.map(), at: nil),
    ] {
      #expect(!batch.hasTransaction && Self.names(batch) == own + own + own)
    }
    // The map says that they have moved: each is read whatever moment its statements see.
    let elsewhere = PostgreSQLReadBatch(three, Self.map(at: Self.there), at: Self.here)
    #expect(Self.names(elsewhere) == own + own + own)
    var delivered = 0
    elsewhere.deliver(elsewhere.queries.map { _ in Self.rows(0) }) { _, _, rows in delivered += rows?.count == 4 ? 1 : 0
    }
    #expect(delivered == 3)
  }
}
