import OData
import Profiles
import Testing

@testable import Stores

@Suite("Slots of the table of profiles")
struct SQLiteItemTableTests {
  private static let last = SQLiteProfileKey.slotMax

  @Test(
    "Once the last slot of a collection and audience is taken, those that were given back are given out again",
    arguments: [[last], [last - 1, last], [0, last], [1, last], [0, 1, last]])
  func gaps(_ slots: [Int64]) async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)] + slots.indices.map { .item(Sample.phone("phone-\($0)")) })
    store.close()
    // From the end, so that no two items meet in a slot.
    for index in slots.indices.reversed() {
      try scratch.tamper(
        "update profile set key = (key & ~\(Self.last)) | \(slots[index]) where id = 'phone-\(index)'")
    }
    store = try SQLiteStore.open(scratch.database)
    let more = (slots.count...slots.count + 2).map { Sample.phone("phone-\($0)") }
    for item in more { #expect(try await store.put(item).get() == .written(item)) }
    for item in more { #expect(try store.read(item.key).get()?.item.json == item.json) }
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    store.close()
  }
}
