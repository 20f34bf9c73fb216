import Foundation
import GRDB
import OData
import Profiles
import Testing

@testable import Stores

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

  @Test("A page from a place that is no longer there fails, and is not taken for damage")
  func staleLink() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    let person = TenantUser(user: Sample.userID("user-1"), tenant: .demo)
    // The first is a row of somebody else.
    for place: Int64 in [1, 1_000] {
      var answer: Result<StoredPage<AuditEntry>, StoreError>?
      try store.makeReader { $0() }.changes(of: person, from: place, limit: 5) { answer = $0 }
      guard case .failure(.failed)? = answer else {
        Issue.record("From \(place): \(String(describing: answer))")
        continue
      }
    }
    #expect(store.health == .healthy)
    store.close()
  }

  private static let first = "(select number from person where id = 'user-0')"
  /// A row of the first person, by its position.
  private static func row(_ position: Int) -> String { "person = \(first) and position = \(position)" }
  /// What the first person holds, with their state.
  private static let rows = "\(SQLiteProfileKey.person) = \(first)"
  /// The first person as if they had never been there, but for the sum of all chains.
  private static let removal = """
    delete from audit_log where person = \(first); delete from profile where \(rows);
    delete from person where id = 'user-0'
    """

  @Test(
    "Rows that were altered, moved, added or removed are found",
    arguments: [
      // Altered, one column after the other.
      "update audit_log set time = time + 1 where \(row(2))",
      "update audit_log set kind = 3 where \(row(2))",
      "insert into collection (name) values ('emails'); update audit_log set collection = collection + 1 where \(row(2))",
      "update audit_log set collection = 44 where \(row(2))",
      "update audit_log set item = 'other' where \(row(2))",
      "update audit_log set item = cast(item as blob) where \(row(2))",
      "insert into property (name) values ('number'); update audit_log set properties = x'01' where \(row(2))",
      "update audit_log set properties = x'ff' where \(row(2))",
      "update audit_log set version_before = 7 where \(row(5))",
      "update audit_log set version_after = 7 where \(row(5))",
      "update audit_log set acting_user = 'eve' where \(row(5))",
      "update audit_log set acting_app = 'eve' where \(row(5))",
      "update audit_log set code = zeroblob(32) where \(row(1))",
      // What numbers stand for.
      "update collection set name = 'emails' where name = 'phones'",
      "update tenant set id = 'other' where number = (select tenant from person where id = 'user-0')",
      "update person set id = 'user-9' where id = 'user-0'",
      // Moved.
      """
      update audit_log set position = position + 100 where person = \(first) and position in (4, 5);
      update audit_log set position = 109 - (position - 100) where person = \(first) and position > 100
      """,
      "insert into tenant values (9, 'other', 1, cast('{}' as blob)); update audit_log set tenant = 9 where \(row(5))",
      "update audit_log set tenant = 99 where \(row(5))",
      "update audit_log set previous = null where \(row(4))",
      "update audit_log set seq = seq + 100 where \(row(5))",
      """
      update audit_log set position = 4, person = (select number from person where id = 'user-1') where \(row(5))
      """,
      "update audit_log set person = 99 where \(row(5))",
      // Removed: the first, one in the middle, the last, all, all with the person.
      "delete from audit_log where \(row(1))",
      "delete from audit_log where \(row(3))",
      "delete from audit_log where \(row(5))",
      "delete from audit_log where person = \(first)",
      "delete from profile where \(rows)",
      "delete from profile where \(rows) and id is null",
      removal,
      "\(removal); update audit_total set count = 1",
      "update audit_total set seal = zeroblob(32)",
      "update audit_total set sum = zeroblob(32)",
      "delete from audit_total",
      // Added.
      """
      insert into audit_log select null, seq, person, tenant, 6, time, kind, collection, item, properties,
      version_before, version_after, acting_user, acting_app, code from audit_log where \(row(5))
      """,
    ])
  func tampering(_ sql: String) async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    try scratch.tamper(sql)
    #expect(!(try scratch.findings()).isEmpty)
  }

  /// What is done to the end of a chain in the state of its person.
  enum EndTampering: CaseIterable {
    case tenant, last, length, tip, seal, removed, doubled
    /// The last row, or all rows, are deleted too.
    case shortened, emptied

    fileprivate var sql: String? {
      switch self {
      case .tenant, .last, .length, .tip, .seal, .removed, .doubled: nil
      case .shortened: "delete from audit_log where \(AuditLogTests.row(5))"
      case .emptied: "delete from audit_log where person = \(AuditLogTests.first)"
      }
    }

    fileprivate func change(_ state: inout SQLitePersonState) {
      let end = state.chains[0]
      switch self {
      case .tenant:
        state.chains[0] = SQLitePersonState.ChainEnd(
          tenant: end.tenant + 1, chain: end.chain, last: end.last, seal: end.seal)
      case .last: state.chains[0].last = 1
      case .length, .shortened: state.chains[0].chain.length -= 1
      case .tip: state.chains[0].chain.tip = [UInt8](repeating: 0, count: 32)
      case .seal: state.chains[0].seal = [UInt8](repeating: 0, count: 32)
      case .removed, .emptied: state.chains = []
      case .doubled: state.chains.append(end)
      }
    }
  }

  @Test("The end of a chain that was altered or removed is found", arguments: EndTampering.allCases)
  func ends(_ tampering: EndTampering) async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    try scratch.changeState(of: "user-0", tampering.change)
    if let sql = tampering.sql { try scratch.tamper(sql) }
    #expect(!(try scratch.findings()).isEmpty)
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
    try scratch.tamper(
      """
      attach '\(copy)' as copy;
      delete from audit_log where \(Self.row(6));
      delete from profile where \(Self.rows);
      insert into profile select * from copy.profile where \(Self.rows);
      """)
    #expect(
      try scratch.findings().map(\.message) == [
        "The audit log of somebody is not the one that was written last: it was put back to an earlier state."
      ])
  }

  @Test("What is left of a person who was deleted is an audit log that holds, and tampering with it is found")
  func deleted() async throws {
    let scratch = try await scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    let result = await withCheckedContinuation { continuation in
      store.submit(.person(RemovePerson(user: Sample.userID("user-0"))) { continuation.resume(returning: $0) })
    }
    #expect(try result.get() == .removed)
    #expect(try store.check() == [])
    #expect(try store.changes(of: Sample.userID("user-0"), in: .demo).count == 8)
    store.close()
    for sql in [
      "update audit_log set time = time + 1 where \(Self.row(2))", "delete from audit_log where \(Self.row(8))",
      "delete from audit_log where person = \(Self.first)", "delete from profile where \(Self.rows)", Self.removal,
      "update person set display_name = 'Ann' where id = 'user-0'",
    ] {
      let copy = try Scratch()
      defer { copy.remove() }
      for name in ["facet.db", "audit.key"] {
        try FileManager.default.copyItem(atPath: "\(scratch.directory)/\(name)", toPath: "\(copy.directory)/\(name)")
      }
      #expect(try copy.findings() == [])
      try copy.tamper(sql)
      #expect(!(try copy.findings()).isEmpty, "\(sql)")
    }
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
      "update profile set version = 9 where \(Self.rows) and id = 'phone-0'",
      "update person set version = 9 where id = 'user-0'",
      "update person set tenant = (select number from tenant where id = '\(TenantID.personalAccounts.text)') where id = 'user-0'",
      "update person set principal_name_folded = 'eve' where id = 'user-0'",
      "update tenant set json = cast('garbage' as blob)",
      "delete from profile where \(Self.rows) and id = 'phone-0'",
      """
      insert into directory_group (id, tenant, version, json) values ('g', '\(TenantID.demo.text)', 1, cast('{"id":"g","displayName":"G"}' as blob));
      insert into membership values ('user-0', 'g')
      """,
    ] {
      let scratch = try await scratch()
      defer { scratch.remove() }
      try scratch.tamper(sql)
      #expect(!(try scratch.findings()).isEmpty, "\(sql)")
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
    #expect(try scratch.findings() == [])
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
  func migration() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let old = try SQLiteLegacyDatabase(scratch.database)
    let phone = Sample.phone("phone-0", of: Sample.person("user-0"))
    var log = [Self.change(nil, nil, .first), Self.change(phone.key, nil, .first)]
    log += [1, 2].map { Self.change(phone.key, Version(number: $0), Version(number: $0 + 1), ["number", "type"]) }
    for number in 0...1 {
      let user = Sample.person("user-\(number)")
      try old.add(user)
      try old.add(Sample.phone("phone-0", of: user).with(number == 0 ? Version(number: 3) : .first))
    }
    for change in log { try old.add(change) }
    try old.close()
    #expect(throws: StoreOpenError.older) { try SQLiteStore.openReadOnly(scratch.database) }
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    #expect(try store.changes(of: Sample.userID("user-0"), in: .demo) == log)
    // The other has no logged change, so what they hold begins their chain.
    #expect(try store.changes(of: Sample.userID("user-1"), in: .demo).map(\.item?.text) == [nil, "phone-0"])
    #expect(try store.tenants().map(\.id) == TenantID.builtIn)
    store.close()
  }

  private static func change(
    _ key: ItemKey?, _ before: Version?, _ after: Version, _ properties: [String] = []
  ) -> Change {
    Change(
      time: Sample.time, kind: before == nil ? .created : .updated, user: Sample.userID("user-0"), tenant: .demo,
      collection: key?.collection, item: key?.id, properties: properties, versionBefore: before, versionAfter: after,
      actingUser: Sample.userID("user-1"), actingApplication: "app")
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
