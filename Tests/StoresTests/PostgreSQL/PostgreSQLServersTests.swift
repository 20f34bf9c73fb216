import Foundation
import OData
import Profiles
import Stores
import Testing

/// Several servers on one database.
@Suite("Servers that share a PostgreSQL database")
struct PostgreSQLServersTests {
  /// Sets the number of a phone, if it still has a version.
  private struct Swap: ItemOperation {
    let key: ItemKey
    let number: String
    let base: Version?

    func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
      guard let old = state.item else { throw .itemNotFound }
      guard base == nil || base == old.version else { throw .preconditionFailed }
      let new = Sample.phone(key.id.text, number: number).with(old.version.next)
      return .put(
        new,
        Change(
          time: Sample.time, kind: .updated, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
          properties: ["n\(number)"], versionBefore: old.version, versionAfter: new.version, actingUser: nil,
          actingApplication: nil))
    }
  }

  private static func write(
    _ store: PostgreSQLStore, _ operation: any ItemOperation
  ) async -> Result<ItemOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.item(operation) { continuation.resume(returning: $0) })
    }
  }

  private func stores(_ database: ThrowawayDatabase) throws -> [PostgreSQLStore] {
    let stores = [try database.store(), try database.store { $0.namesStatements = false }]
    var lines: ArraySlice<ImportLine> = [.user(Sample.ann), .item(Sample.phone("p"))]
    _ = try stores[0].importLines(at: Sample.time) { lines.popFirst() }
    return stores
  }

  @Test("No update is lost, whichever server it came by")
  func updates() async throws {
    let database = try await ThrowawayDatabase()
    let stores = try stores(database)
    let key = Sample.key("p")
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<16 {
        group.addTask {
          for number in 0..<20 {
            let result = await Self.write(
              stores[writer % 2], Swap(key: key, number: "\(writer * 100 + number)", base: nil))
            #expect((try? result.get()) != nil)
          }
        }
      }
    }
    let changes = try stores[1].changes(of: key.user, in: .demo).filter { $0.kind == .updated }
    #expect(changes.count == 320)
    #expect(Set(changes.flatMap(\.properties)).count == 320)
    let base = try #require(changes.first?.versionBefore).number
    #expect(changes.map(\.versionAfter?.number) == (1...320).map { base + $0 })
    #expect(try stores[0].check() == [])
    for store in stores { store.close() }
    try await database.remove()
  }

  @Test("Of writes that name the same version one wins")
  func preconditions() async throws {
    let database = try await ThrowawayDatabase()
    let stores = try stores(database)
    let key = Sample.key("p")
    for round in 0..<10 {
      let base = try #require(try stores[0].changes(of: key.user, in: .demo).last?.versionAfter)
      let wins = await withTaskGroup(of: Bool.self) { group in
        for writer in 0..<8 {
          group.addTask {
            let operation = Swap(key: key, number: "\(round * 10 + writer)", base: base)
            return (try? await Self.write(stores[writer % 2], operation).get()) != nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(wins == 1)
    }
    for store in stores { store.close() }
    try await database.remove()
  }

  @Test("A server with another key of the audit log is refused, and so is one of another version")
  func refusals() async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    let elsewhere = try Scratch()
    #expect(throws: StoreError.self) {
      try PostgreSQLStore(PostgreSQLOptions(url: database.url, keyDirectory: elsewhere.directory))
    }
    try await database.psql("update facet_schema set version = 99")
    let result = await Self.write(store, Swap(key: Sample.key("p"), number: "1", base: nil))
    guard case .failure(.store(.readOnly(let sentence))) = result else {
      Issue.record("A newer database was written: \(result)")
      return
    }
    #expect(sentence.contains("version"))
    #expect(throws: StoreError.self) { try database.store() }
    store.close()
    try await database.remove()
    elsewhere.remove()
  }

  @Test(
    "Rows of the audit log that were altered or taken out are found",
    arguments: [
      "update record set kind = 3 where position = 2", "delete from record where position = 2",
      "delete from record where position = 3", "update chain set length = 2", "delete from chain",
      "update item set version = 9", "update item set audience = 63", "delete from item",
    ])
  func tampering(_ sql: String) async throws {
    let database = try await ThrowawayDatabase()
    let stores = try stores(database)
    _ = await Self.write(stores[0], Swap(key: Sample.key("p"), number: "2", base: nil))
    #expect(try stores[0].check() == [])
    try await database.psql(sql)
    #expect(!(try stores[0].check()).isEmpty)
    for store in stores { store.close() }
    try await database.remove()
  }

  @Test("A folder of keys that cannot be read is no empty one")
  func unreadableKeys() async throws {
    let (database, scratch) = (try await ThrowawayDatabase(), try Scratch())
    let store = try database.store()
    try store.shareFiles(in: scratch.directory, publishes: true)
    // What keeps everybody from reading it as a folder, root as well.
    try Data("not a folder".utf8).write(to: URL(filePath: "\(scratch.directory)/keys"))
    let failure = #expect(throws: StoreError.self) {
      try store.shareFiles(in: scratch.directory, publishes: true)
    }
    #expect(failure?.message.contains("/keys cannot be read. Check its permissions.") == true)
    store.close()
    scratch.remove()
    try await database.remove()
  }
}
