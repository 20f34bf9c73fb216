import Foundation
import GRDB
import Profiles
import Stores
import Testing

@Suite("Backup, restore and check of the SQLite store")
struct SQLiteBackupTests {
  @Test("A backup that is restored has everything, the log too")
  func roundTrip() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Sample.directory(people: 20, phones: 3))
    let content = try store.content()
    let changes = try store.changes(of: Sample.person("user-1").id, in: .demo)
    try store.backup(to: backup)
    #expect(!FileManager.default.fileExists(atPath: backup + "-wal"))
    _ = await store.put(Sample.phone("later", of: Sample.person("user-1")))
    store.close()
    try SQLiteStore.restore(from: backup, to: scratch.database)
    let restored = try SQLiteStore.open(scratch.database)
    #expect(restored.health == .healthy)
    #expect(try restored.content() == content)
    #expect(try restored.changes(of: Sample.person("user-1").id, in: .demo) == changes)
    #expect(try restored.writerSettings() == .durable)
    restored.close()
    try expectNoParts(scratch)
  }

  @Test("A backup never replaces a file")
  func existingTarget() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    try scratch.write([1, 2, 3], to: backup)
    let store = try SQLiteStore.open(scratch.database)
    #expect(throws: BackupError.exists) { try store.backup(to: backup) }
    #expect(try scratch.read(backup) == [1, 2, 3])
    store.close()
    try expectNoParts(scratch)
  }

  @Test("What is no whole Facet database is not restored, and the data stays")
  func badBackups() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let good = scratch.directory + "/good.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Sample.directory(people: 100, phones: 3))
    let content = try store.content()
    try store.backup(to: good)
    store.close()
    let bytes = try scratch.read(good)
    var damaged = bytes
    for index in (bytes.count / 2)..<(bytes.count / 2 + 8_192) { damaged[index] ^= 0x5A }
    let bad: [[UInt8]] = [[], Array("no database".utf8), Array(bytes.prefix(bytes.count / 2)), damaged]
    for (number, bytes) in bad.enumerated() {
      let path = scratch.directory + "/bad-\(number).db"
      try scratch.write(bytes, to: path)
      #expect(throws: BackupError.self, "Number \(number)") {
        try SQLiteStore.restore(from: path, to: scratch.database)
      }
    }
    let foreign = scratch.directory + "/foreign.db"
    try DatabaseQueue(path: foreign).write { try $0.execute(sql: "create table other (a)") }
    #expect(throws: BackupError.self) { try SQLiteStore.restore(from: foreign, to: scratch.database) }
    #expect(throws: BackupError.missing) {
      try SQLiteStore.restore(from: scratch.directory + "/missing.db", to: scratch.database)
    }
    let after = try SQLiteStore.open(scratch.database)
    #expect(try after.content() == content)
    after.close()
    try expectNoParts(scratch)
  }

  @Test("Nothing is restored under a running server")
  func runningServer() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.backup(to: backup)
    #expect(throws: StoreOpenError.inUse) { try SQLiteStore.restore(from: backup, to: scratch.database) }
    store.close()
  }

  @Test("A backup is restored over damaged data, which is put aside")
  func overDamage() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    try store.backup(to: backup)
    store.close()
    try scratch.write(Array(repeating: 7, count: 5_000), to: scratch.database)
    try scratch.write(Array(repeating: 8, count: 5_000), to: scratch.database + "-wal")
    try SQLiteStore.restore(from: backup, to: scratch.database)
    let restored = try SQLiteStore.open(scratch.database)
    #expect(restored.health == .healthy)
    #expect(try restored.content().map(\.line) == [ImportLine.user(Sample.ann).line])
    restored.close()
    let aside = try FileManager.default.contentsOfDirectory(atPath: scratch.directory).filter {
      $0.contains(".damaged-")
    }
    #expect(!aside.isEmpty)
  }

  @Test(
    "A check finds what does not fit together, and shows no values",
    arguments: [
      "update profile set json = cast('{\"secret\":' as blob) where id = 'phone-1'",
      "update profile set key = key | 63 << 12 where id = 'phone-1'",
      "update profile set created = created + 1 where id = 'phone-1'",
      "update profile set id = 'moved' where id = 'phone-1'",
      "insert into collection values (9, 'secrets'); update profile set key = key + (8 << 18) where id = 'phone-1'",
      "update profile set key = key + (8 << 18) where id = 'phone-1'",
      "update person set json = cast('[]' as blob) where id = 'user-0'",
      "update person set display_name = 'secret' where id = 'user-0'",
      "update person set principal_name = 'secret' where id = 'user-0'",
    ])
  func check(_ tampering: String) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Sample.directory(people: 1, phones: 3))
    #expect(try store.check() == [])
    store.close()
    let queue = try DatabaseQueue(path: scratch.database)
    try queue.write { try $0.execute(sql: tampering) }
    try queue.close()
    let after = try SQLiteStore.openReadOnly(scratch.database)
    let findings = try after.check()
    // What was moved is missing from the audit log's end too.
    #expect((1...3).contains(findings.count))
    #expect(findings.allSatisfy { !$0.message.contains("secret") && $0.user != nil })
    after.close()
  }

  private func expectNoParts(_ scratch: Scratch) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch.directory)
    #expect(files.filter { $0.contains(".part") } == [])
  }
}
