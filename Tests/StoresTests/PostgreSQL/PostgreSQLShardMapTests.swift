import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// Where people lie on a database that is spread over nodes, found without asking it.
@Suite("The map of shards")
struct PostgreSQLShardMapTests {
  private static let one = PostgreSQLAddress(host: "one", port: 1)
  private static let two = PostgreSQLAddress(host: "two", port: 2)

  @Test(
    "The hash is that of PostgreSQL",
    arguments: [
      // What `select hashtext(...)` answers: lengths around the 12 bytes that are mixed at once.
      ("", -1_477_818_771), ("a", 1_075_015_857), ("abc", -785_388_649), ("abcd", -393_934_804),
      ("0123456789ab", -1_437_215_093), ("hello world, again", 1_455_199_561),
      ("0123456789abcdefghijklmn", 1_608_954_037), ("efee1b77-fb3b-4f65-99d6-274c11914d12", 2_064_776_562),
      ("Zażółć gęślą jaźń", -452_641_214),
    ] as [(String, Int32)])
  func hash(_ text: String, _ hash: Int32) {
    #expect(PostgreSQLHash.value(of: text) == hash)
  }

  @Test("A shard reaches from its start up to the start of the next")
  func shards() throws {
    let user = Sample.userID("ann")
    let hash = PostgreSQLHash.value(of: user.text)
    func map(_ starts: [Int32]) -> PostgreSQLShardMap {
      PostgreSQLShardMap(
        people: starts.enumerated().map {
          PostgreSQLShardMap.Shard(id: Int64($0), start: $1, node: Self.one)
        },
        names: [])
    }
    #expect(map([.min]).shard(of: .person(user))?.id == 0)
    #expect(map([.min, hash]).shard(of: .person(user))?.id == 1)
    #expect(map([.min, hash + 1]).shard(of: .person(user))?.id == 0)
    #expect(map([.min, hash - 1, hash, hash + 1, .max]).shard(of: .person(user))?.id == 2)
    #expect(map([]).shard(of: .person(user)) == nil)
    #expect(map([.min]).shard(of: .principalName("ann@x.example")) == nil)
    #expect(map([.min]).shard(of: .severalNodes) == nil)
  }

  // MARK: Parts of a group of writes

  /// A write of an item that nobody ever makes.
  private struct Untouched: ItemOperation {
    let key: ItemKey
    func change(_ state: ItemState) throws(ProfileError) -> ItemChange { throw .itemNotFound }
  }

  private static func write(_ id: String, _ user: String) throws -> StoreWrite {
    .item(Untouched(key: Sample.key(id, of: Sample.person(user)))) { _ in }
  }

  private static func creation(_ id: String, _ user: String) -> StoreWrite {
    let receipt = IdempotencyReceipt(key: [1], body: [2], time: Sample.time)
    return .createItem(Untouched(key: Sample.key(id, of: Sample.person(user))), receipt) { _ in }
  }

  private static func names(_ parts: [[StoreWrite]]) -> [[String]] {
    parts.map { part in
      part.map { write in
        switch write {
        case .item(let operation, _): operation.key.id.text
        case .createItem(let operation, _, _): operation.key.id.text
        default: "other"
        }
      }
    }
  }

  /// Half of the hashes on each of two nodes; `first` and `second` lie on the one, `third` on the other.
  private func halves() throws -> (PostgreSQLShardMap, first: String, second: String, third: String) {
    let map = PostgreSQLShardMap(
      people: [
        PostgreSQLShardMap.Shard(id: 7, start: .min, node: Self.one),
        PostgreSQLShardMap.Shard(id: 8, start: 0, node: Self.two),
      ], names: [])
    let ids = (0..<100).map { "user-\($0)" }
    let low = ids.filter { PostgreSQLHash.value(of: $0) < 0 }
    let other = try #require(ids.first { PostgreSQLHash.value(of: $0) >= 0 })
    return (map, try #require(low.first), try #require(low.last), other)
  }

  @Test("Each node's writes make one part, in their order; a write beyond one person is a part of its own")
  func parts() throws {
    let (map, first, second, third) = try halves()
    let writes = [
      try Self.write("a", first), try Self.write("b", third), try Self.write("c", second), try Self.write("d", third),
    ]
    #expect(Self.names(map.parts(of: writes)) == [["a", "c"], ["b", "d"]])
    let mixed = [
      try Self.write("a", first), Self.creation("b", first), try Self.write("c", first), try Self.write("d", second),
    ]
    #expect(Self.names(map.parts(of: mixed)) == [["a"], ["b"], ["c", "d"]])
  }

  @Test("The shards of a part are checked where all of them should be on the node")
  func localShards() throws {
    let (map, first, second, third) = try halves()
    let near = [try Self.write("a", first), try Self.write("b", second)]
    #expect(map.shards(of: near, allAt: Self.one) == [7])
    #expect(map.shards(of: near, allAt: Self.two) == [])
    #expect(map.shards(of: near, allAt: nil) == [])
    #expect(map.shards(of: near + [try Self.write("c", third)], allAt: Self.one) == [])
    #expect(map.shards(of: [Self.creation("d", first)], allAt: Self.one) == [])
  }
}
