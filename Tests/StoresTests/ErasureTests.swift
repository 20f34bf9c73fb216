import Foundation
import GRDB
import OData
import Profiles
import Stores
import Testing

/// What is deleted leaves the files.
@Suite("Deletion")
struct ErasureTests {
  private static let canary = "canary-7c1f"

  private func files(_ scratch: Scratch) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.directory).filter { $0.hasPrefix("facet.db") }
  }

  private func holders(_ scratch: Scratch) throws -> [String] {
    try files(scratch).filter { name in
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.directory)/\(name)"))
      return bytes.range(of: Data(Self.canary.utf8)) != nil
    }
  }

  private func canaryPerson() -> StoredUser {
    let json = #"{"id":"ann","displayName":"\#(Self.canary)","userPrincipalName":"\#(Self.canary)@x.example"}"#
    return StoredUser(
      id: Sample.userID("ann"), tenant: .demo, principalName: "\(Self.canary)@x.example", displayName: Self.canary,
      version: .first, json: Array(json.utf8))
  }

  @Test("No byte of a deleted person is in the database, its log or its index once the deletion is acknowledged")
  func person() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    let ann = canaryPerson()
    let long = String(repeating: Self.canary, count: 900)
    let items = (0..<40).map { Sample.phone("p\($0)", of: ann, number: $0 % 4 == 0 ? long : Self.canary) }
    try store.load([.user(Sample.person("bob")), .user(ann)] + items.map { .item($0) })
    for item in items.prefix(8) { _ = try await store.put(item.with(Version(number: 2))).get() }
    #expect(try files(scratch).sorted() == ["facet.db", "facet.db-shm", "facet.db-wal"])
    #expect(!(try holders(scratch)).isEmpty, "The canary was never there")
    let result = await withCheckedContinuation { continuation in
      store.submit(.person(RemovePerson(user: ann.id)) { continuation.resume(returning: $0) })
    }
    #expect(try result.get() == .removed)
    #expect(try holders(scratch) == [])
    #expect(try store.changes(of: ann.id, in: .demo).count > 50)
    #expect(try store.check() == [])
    store.close()
    #expect(try holders(scratch) == [])
  }

  @Test("A read that blocks an erasure is not waited for without end, and the next write erases the rest")
  func reader() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    let ann = canaryPerson()
    try store.load([.user(ann), .user(Sample.person("bob"))])
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: scratch.database, configuration: configuration)
    try other.inDatabase { try $0.execute(sql: "begin; select count(*) from person") }
    let result = await withCheckedContinuation { continuation in
      store.submit(.person(RemovePerson(user: ann.id)) { continuation.resume(returning: $0) })
    }
    #expect(try result.get() == .removed)
    #expect(!(try holders(scratch)).isEmpty)
    try other.inDatabase { try $0.execute(sql: "rollback") }
    try other.close()
    _ = try await store.put(Sample.phone("p", of: Sample.person("bob"))).get()
    #expect(try holders(scratch) == [])
    store.close()
  }
}
