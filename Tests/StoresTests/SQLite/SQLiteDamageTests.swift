import Fixtures
import Foundation
import GRDB
import OData
import Profiles
import Stores
import Testing

@Suite("The SQLite store on data that is not as it should be")
struct SQLiteDamageTests {
  @Test("A file of garbage opens, refuses writes, and reads say that it is damaged")
  func garbage() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    try scratch.write((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }, to: scratch.database)
    let before = try scratch.read(scratch.database)
    let store = try SQLiteStore.open(scratch.database)
    try await expectRefusal(store)
    guard case .failure(.damaged) = try store.read(Sample.key("phone-1")) else {
      Issue.record("A read of garbage did not say so.")
      return
    }
    #expect(throws: StoreError.self) { try store.content() }
    #expect(try !store.check().isEmpty)
    #expect(throws: StoreOpenError.inUse) { try SQLiteStore.open(scratch.database) }
    store.close()
    #expect(try scratch.read(scratch.database) == before, "The damaged file is left for an operator to look at.")
  }

  @Test("A truncated file opens and refuses writes", arguments: [0.1, 0.5, 0.9])
  func truncated(_ share: Double) async throws {
    let scratch = try filled()
    defer { scratch.remove() }
    let bytes = try scratch.read(scratch.database)
    try scratch.write(bytes.prefix(Int(Double(bytes.count) * share)), to: scratch.database)
    let store = try SQLiteStore.open(scratch.database)
    store.waitForStartCheck()
    try await expectRefusal(store)
    #expect(try !store.check().isEmpty)
    store.close()
  }

  @Test("Pages of garbage in the middle are found after the start")
  func flippedPages() async throws {
    let scratch = try filled()
    defer { scratch.remove() }
    var bytes = try scratch.read(scratch.database)
    for index in (bytes.count / 2)..<(bytes.count / 2 + 8_192) { bytes[index] ^= 0x5A }
    try scratch.write(bytes, to: scratch.database)
    let store = try SQLiteStore.open(scratch.database)
    store.waitForStartCheck()
    try await expectRefusal(store)
    #expect(try !store.check().isEmpty)
    store.close()
  }

  @Test("Flipped bytes anywhere never crash a store", arguments: 0..<24)
  func flippedBytes(_ seed: Int) async throws {
    let scratch = try filled()
    defer { scratch.remove() }
    var bytes = try scratch.read(scratch.database)
    var random = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<50 {
      let index = Int(random.next() % UInt64(bytes.count))
      bytes[index] ^= UInt8(truncatingIfNeeded: random.next() | 1)
    }
    try scratch.write(bytes, to: scratch.database)
    let store = try SQLiteStore.open(scratch.database)
    for number in 0..<50 { _ = try store.read(Sample.key("phone-1", of: Sample.person("user-\(number)"))) }
    _ = try? store.content()
    _ = try? store.check()
    _ = await store.put(Sample.phone("phone-1", of: Sample.person("user-1"), number: "2"))
    store.close()
  }

  @Test("A database of a newer program opens and refuses writes")
  func newerSchema() async throws {
    let scratch = try filled()
    defer { scratch.remove() }
    try tamper(scratch, "insert into grdb_migrations (identifier) values ('from the future')")
    let store = try SQLiteStore.open(scratch.database)
    try await expectRefusal(store)
    guard case .refusingWrites(let sentence) = store.health else { return }
    #expect(sentence.contains("newer version"))
    #expect(try store.read(Sample.key("phone-1", of: Sample.person("user-1"))).get() != nil)
    store.close()
  }

  @Test("A database of another program opens, refuses writes, and is left as it is")
  func foreignDatabase() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    try tamper(scratch, "create table other (a)")
    let store = try SQLiteStore.open(scratch.database)
    try await expectRefusal(store)
    store.close()
    let tables = try await DatabaseQueue(path: scratch.database).read { database in
      try String.fetchAll(database, sql: "select name from sqlite_master")
    }
    #expect(tables == ["other"])
  }

  @Test("A row whose marks point outside its JSON is refused, not trusted")
  func badCollapsibleRange() throws {
    let scratch = try filled()
    defer { scratch.remove() }
    try tamper(scratch, "update profile set collapse_start = 5, collapse_end = 1000000 where id = 'phone-1'")
    let store = try SQLiteStore.open(scratch.database)
    guard case .failure(.damaged) = try store.read(Sample.key("phone-1", of: Sample.person("user-1"))) else {
      Issue.record("The row was read.")
      return
    }
    #expect(try store.read(Sample.key("phone-0", of: Sample.person("user-1"))).get() != nil)
    store.close()
  }

  private func filled() throws -> Scratch {
    let scratch = try Scratch()
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Sample.directory(people: 200, phones: 5))
    store.close()
    return scratch
  }

  private func tamper(_ scratch: Scratch, _ sql: String) throws {
    let queue = try DatabaseQueue(path: scratch.database)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  private func expectRefusal(_ store: SQLiteStore) async throws {
    guard case .refusingWrites(let sentence) = store.health else {
      Issue.record("The store says that it is healthy.")
      return
    }
    #expect(!sentence.isEmpty)
    switch await store.put(Sample.phone("new")) {
    case .failure(.store(.damaged)), .failure(.store(.readOnly)): break
    case let other: Issue.record("A write was answered with \(other).")
    }
    #expect(throws: StoreError.self) { try store.load([.user(Sample.ann)]) }
  }
}
