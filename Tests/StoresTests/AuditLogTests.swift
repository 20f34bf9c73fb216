import Foundation
import GRDB
import OData
import Profiles
import Stores
import Testing

/// The audit log: tampering with it is found.
@Suite("The audit log")
struct AuditLogTests {
  /// A database with two people, and a chain of five rows for the first.
  private func scratch() async throws -> Scratch {
    let scratch = try Scratch()
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Sample.directory(people: 2, phones: 2))
    for number in 2...3 {
      let item = Sample.phone("phone-0", of: Sample.person("user-0"), number: "\(number)")
      _ = try await store.put(item.with(Version(number: Int64(number)))).get()
    }
    #expect(try store.check() == [])
    store.close()
    return scratch
  }

  private func tamper(_ scratch: Scratch, _ sql: String) throws {
    let queue = try DatabaseQueue(path: scratch.database)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  private func findings(_ scratch: Scratch) throws -> [String] {
    let store = try SQLiteStore.openReadOnly(scratch.database)
    defer { store.close() }
    return try store.check().map(\.message)
  }

  @Test(
    "Rows that were altered, moved, added or removed are found",
    arguments: [
      // Altered, one column after the other.
      "update record set time = time + 1 where user = 'user-0' and position = 2",
      "update record set kind = 3 where user = 'user-0' and position = 2",
      "update record set collection = 'emails' where user = 'user-0' and position = 2",
      "update record set item = 'other' where user = 'user-0' and position = 2",
      "update record set properties = 'number' where user = 'user-0' and position = 2",
      "update record set version_before = 7 where user = 'user-0' and position = 5",
      "update record set version_after = 7 where user = 'user-0' and position = 5",
      "update record set acting_user = 'eve' where user = 'user-0' and position = 5",
      "update record set acting_app = 'eve' where user = 'user-0' and position = 5",
      "update record set code = zeroblob(32) where user = 'user-0' and position = 1",
      // Moved.
      """
      update record set position = position + 100 where user = 'user-0' and position in (4, 5);
      update record set position = 109 - (position - 100) where user = 'user-0' and position > 100
      """,
      "update record set tenant = 'other' where user = 'user-0' and position = 5",
      "update record set previous = null where user = 'user-0' and position = 4",
      "update chain set tenant = 'other' where user = 'user-0'",
      "update chain set last = 1 where user = 'user-0'",
      "update record set user = 'user-1', position = 4 where user = 'user-0' and position = 5",
      // Removed: the first, one in the middle, the last, the last with its count, all, all with their chain.
      "delete from record where user = 'user-0' and position = 1",
      "delete from record where user = 'user-0' and position = 3",
      "delete from record where user = 'user-0' and position = 5",
      "delete from record where user = 'user-0' and position = 5; update chain set length = 4 where user = 'user-0'",
      "delete from record where user = 'user-0'",
      "delete from record where user = 'user-0'; delete from chain where user = 'user-0'",
      """
      delete from record where user = 'user-0'; delete from chain where user = 'user-0';
      delete from item where user = 'user-0'; delete from user where id = 'user-0'
      """,
      """
      delete from record where user = 'user-0'; delete from chain where user = 'user-0';
      delete from item where user = 'user-0'; delete from user where id = 'user-0'; update chains set count = 1
      """,
      "update chain set tip = zeroblob(32) where user = 'user-0'",
      "update chain set seal = zeroblob(32) where user = 'user-0'",
      "update chains set seal = zeroblob(32)",
      "update chains set sum = zeroblob(32)",
      // Added.
      """
      insert into record select null, seq, user, tenant, 6, time, kind, collection, item, properties, version_before,
      version_after, acting_user, acting_app, code from record where user = 'user-0' and position = 5
      """,
    ])
  func tampering(_ sql: String) async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    try tamper(scratch, sql)
    #expect(!(try findings(scratch)).isEmpty)
  }

  @Test("A person who is put back to an earlier state, with the rows of a copy of then, is found")
  func rollback() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let copy = scratch.directory + "/copy.db"
    let before = try SQLiteStore.open(scratch.database)
    try before.backup(to: copy)
    let item = Sample.phone("phone-0", of: Sample.person("user-0"), number: "4").with(Version(number: 4))
    _ = try await before.put(item).get()
    before.close()
    try tamper(
      scratch,
      """
      attach '\(copy)' as copy;
      delete from record where user = 'user-0' and position = 6;
      delete from chain where user = 'user-0';
      insert into chain select * from copy.chain where user = 'user-0';
      update item set version = 3 where user = 'user-0' and id = 'phone-0';
      """)
    #expect(!(try findings(scratch)).isEmpty)
  }

  @Test("A check beside a writer finds nothing")
  func besideWriter() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Sample.directory(people: 20, phones: 2))
    let writer = Task {
      for number in 0..<400 where !Task.isCancelled {
        try store.load([
          .user(Sample.person("new-\(number)")), .item(Sample.phone("p", of: Sample.person("new-\(number)"))),
        ])
      }
    }
    for _ in 0..<10 { #expect(try store.check() == []) }
    writer.cancel()
    _ = await writer.result
    #expect(try store.check() == [])
    store.close()
  }

  @Test("What is stored without a row of the audit log is found, and so is what is missing")
  func notAudited() async throws {
    for sql in [
      "update item set version = 9 where user = 'user-0' and id = 'phone-0'",
      "update user set version = 9 where id = 'user-0'",
      "update user set tenant = '\(TenantID.personalAccounts.text)' where id = 'user-0'",
      "update user set principal_name_folded = 'eve' where id = 'user-0'",
      "update tenant set json = cast('garbage' as blob)",
      "delete from item where user = 'user-0' and id = 'phone-0'",
      """
      insert into directory_group values ('g', '\(TenantID.demo.text)', 1, cast('{"id":"g","displayName":"G"}' as blob));
      insert into membership values ('user-0', 'g')
      """,
    ] {
      let scratch = try await scratch()
      defer { scratch.remove() }
      try tamper(scratch, sql)
      #expect(!(try findings(scratch)).isEmpty, "\(sql)")
    }
  }

  @Test("Without the key of the audit log nothing is written, and its own key makes it whole again")
  func key() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let key = scratch.directory + "/audit.key"
    let bytes = try scratch.read(key)
    #expect(bytes.count == 32)
    let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    for other in [nil, [UInt8](repeating: 7, count: 32)] {
      if let other { try scratch.write(other, to: key) } else { try FileManager.default.removeItem(atPath: key) }
      let store = try SQLiteStore.open(scratch.database)
      guard case .refusingWrites(let sentence) = store.health else {
        Issue.record("It takes writes")
        return
      }
      #expect(sentence.contains("audit.key"))
      #expect(try store.check().map(\.message).allSatisfy { $0.contains("audit.key") })
      store.close()
    }
    try scratch.write(bytes, to: key)
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    store.close()
  }

  @Test("A key file of the older name opens, and keeps its name")
  func olderKeyName() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let (key, olderKey) = (scratch.directory + "/audit.key", scratch.directory + "/record.key")
    try FileManager.default.moveItem(atPath: key, toPath: olderKey)
    let bytes = try scratch.read(olderKey)
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    let item = Sample.phone("phone-0", of: Sample.person("user-0"), number: "4")
    _ = try await store.put(item.with(Version(number: 4))).get()
    #expect(try store.check() == [])
    store.close()
    #expect(try findings(scratch) == [])
    #expect(try scratch.read(olderKey) == bytes)
    #expect(!FileManager.default.fileExists(atPath: key))
  }

  @Test("Of key files of both names the one of the present name counts")
  func bothKeyNames() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let (key, olderKey) = (scratch.directory + "/audit.key", scratch.directory + "/record.key")
    let other = [UInt8](repeating: 7, count: 32)
    try scratch.write(other, to: olderKey)
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    store.close()
    #expect(try scratch.read(olderKey) == other)
    // The other way round the database is refused: its own key has the older name only.
    try scratch.write(try scratch.read(key), to: olderKey)
    try scratch.write(other, to: key)
    let refusing = try SQLiteStore.open(scratch.database)
    #expect(refusing.health != .healthy)
    refusing.close()
  }

  @Test("A change log of an older program becomes chains that hold")
  func migration() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let now = try { () throws -> [[Change]] in
      let store = try SQLiteStore.openReadOnly(scratch.database)
      defer { store.close() }
      return try ["user-0", "user-1"].map { try store.changes(of: Sample.userID($0), in: .demo) }
    }()
    // The tables as the migrations before left them.
    try tamper(
      scratch,
      """
      create table change (
        seq integer primary key, user text not null, time integer not null, kind integer not null, collection text,
        item text, properties text not null, version_before integer, version_after integer, acting_user text,
        acting_app text) strict;
      insert into change select null, user, time, kind, collection, item, properties, version_before, version_after,
        acting_user, acting_app from record where user = 'user-0' order by position;
      drop table record; drop table chain; drop table chains; drop table tenant; drop table membership;
      drop table directory_group; drop index item_listed; drop index item_federated; drop index item_everyone;
      alter table item drop column listed; alter table item drop column listed_as;
      create index item_beyond_tenant on item (user) where audience & 48 != 0;
      delete from grdb_migrations where identifier = 'tenants, groups and the record';
      """)
    #expect(throws: StoreOpenError.older) { try SQLiteStore.openReadOnly(scratch.database) }
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    #expect(try store.changes(of: Sample.userID("user-0"), in: .demo) == now[0])
    // The other has no logged change, so what they hold begins their chain.
    #expect(try store.changes(of: Sample.userID("user-1"), in: .demo).map(\.item?.text) == [nil, "phone-0", "phone-1"])
    #expect(try store.tenants().map(\.id) == TenantID.builtIn)
    store.close()
  }

  @Test("Writes of a group that are rolled back leave the count of chains right")
  func undone() async throws {
    let store = try SQLiteStore.temporary()
    try store.load([.user(Sample.ann)])
    let nobody = ImportLine.item(Sample.phone("p", of: Sample.person("nobody")))
    let result = await withCheckedContinuation { continuation in
      store.submit(
        .replaceAll([.user(Sample.person("bob")), nobody], at: Sample.time) { continuation.resume(returning: $0) })
    }
    #expect(throws: ProfileError.userNotFound) { try result.get() }
    #expect(try store.check() == [])
    #expect(try store.content().map(\.line) == [ImportLine.user(Sample.ann).line])
    store.close()
  }
}

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
      store.submit(.person(Remove(user: ann.id)) { continuation.resume(returning: $0) })
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
    try other.inDatabase { try $0.execute(sql: "begin; select count(*) from user") }
    let result = await withCheckedContinuation { continuation in
      store.submit(.person(Remove(user: ann.id)) { continuation.resume(returning: $0) })
    }
    #expect(try result.get() == .removed)
    #expect(!(try holders(scratch)).isEmpty)
    try other.inDatabase { try $0.execute(sql: "rollback") }
    try other.close()
    _ = try await store.put(Sample.phone("p", of: Sample.person("bob"))).get()
    #expect(try holders(scratch) == [])
    store.close()
  }

  private struct Remove: PersonOperation {
    let user: UserID

    func change(_ state: PersonState) -> PersonChange {
      .remove(Self.row(user, nil, state.person?.version ?? .unwritten)) { key, version in
        Self.row(key.user, key, version)
      }
    }

    private static func row(_ user: UserID, _ key: ItemKey?, _ version: Version) -> Change {
      Change(
        time: Sample.time, kind: .deleted, user: user, tenant: .demo, collection: key?.collection, item: key?.id,
        properties: [],
        versionBefore: version, versionAfter: nil, actingUser: nil, actingApplication: nil)
    }
  }
}
