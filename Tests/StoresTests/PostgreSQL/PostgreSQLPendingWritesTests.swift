import Profiles
import Testing

@testable import Stores

/// Whose writes wait for other nodes, so that later ones follow.
@Suite("Writes that are pending")
struct PostgreSQLPendingWritesTests {
  private static func write(_ id: String, of user: String) -> StoreWrite {
    .item(Put(item: Sample.phone(id, of: Sample.person(user)))) { _ in }
  }

  @Test("A person has pending writes until the last of them is removed")
  func counting() {
    let pending = PostgreSQLPendingWrites()
    #expect(pending.isEmpty)
    let writes = [Self.write("a", of: "ann"), Self.write("b", of: "ann"), Self.write("c", of: "bob")]
    for write in writes { pending.add(write) }
    #expect(!pending.isEmpty)
    pending.remove([writes[0], writes[2]])
    #expect(pending.contains(Self.write("d", of: "ann")) && !pending.contains(Self.write("d", of: "bob")))
    pending.remove([writes[1]])
    #expect(pending.isEmpty && !pending.contains(writes[0]))
  }

  @Test("A write of everything is of nobody")
  func everything() {
    let pending = PostgreSQLPendingWrites()
    let write = StoreWrite.replaceAll([], at: Sample.time) { _ in }
    pending.add(write)
    #expect(pending.isEmpty && !pending.contains(write))
    pending.remove([write])
    #expect(pending.isEmpty)
  }
}
