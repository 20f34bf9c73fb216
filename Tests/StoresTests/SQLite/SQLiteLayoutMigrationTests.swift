import Fixtures
import Foundation
import GRDB
import OData
import Profiles
import Synchronization
import Testing

@testable import Stores

/// Databases of the layout before the present one are copied into it when a store opens them.
@Suite("Databases of the layout before")
struct SQLiteLayoutMigrationTests {
  /// What a test throws to stop a migration.
  private struct Stop: Error {}

  /// Counts the steps of a migration, and stops it before one of them.
  private final class Steps: Sendable {
    private let count = Mutex(0)
    private let last: Int

    /// Stops after `last` steps.
    init(stoppingAfter last: Int = .max) { self.last = last }

    var taken: Int { count.withLock { $0 } }

    func take() throws {
      let taken = count.withLock { count in
        count += 1
        return count
      }
      guard taken <= last else { throw Stop() }
    }
  }

  private static func options(_ steps: Steps? = nil) -> SQLiteOptions {
    var options = SQLiteOptions(checksIntegrity: false)
    options.migrationPeople = 3
    if let steps { options.beforeMigrationStep = { try steps.take() } }
    return options
  }

  private static func make(
    _ scratch: Scratch, people: Int = 40, leavesLog: Bool = false, _ random: inout SeededGenerator
  ) throws -> LegacyDirectory {
    try LegacyDirectory.make(at: scratch.database, leavesLog: leavesLog) { try $0.fill(people: people, &random) }
  }

  private static func files(_ scratch: Scratch) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted()
  }

  /// What the store must hold: everything that was in the old database, in its order.
  private static func expectEqual(_ store: SQLiteStore, _ directory: LegacyDirectory) throws {
    #expect(store.health == .healthy)
    #expect(try store.check() == [])
    let (content, lines) = (try store.content(), directory.lines)
    #expect(content == lines)
    #expect(content.map(\.line) == lines.map(\.line))
    for (user, tenant, changes) in directory.history {
      #expect(try store.changes(of: user, in: tenant) == changes, "\(user.text) in \(tenant.text)")
    }
  }

  private static func rows(_ path: String, _ sql: String) throws -> [String] {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try queue.read { try String.fetchAll($0, sql: sql) }
  }

  @Test(
    "Everything is there, in its order and with its audit log, and nothing of the old file is",
    arguments: [true, false])
  func everything(leavesLog: Bool) async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A legacy directory")
    let directory = try Self.make(scratch, people: 120, leavesLog: leavesLog, &random)
    #expect(throws: StoreOpenError.older) { try SQLiteStore.openReadOnly(scratch.database) }
    let heard = Mutex<[SQLiteMigrationProgress]>([])
    var options = Self.options()
    options.onMigration = { progress in heard.withLock { $0.append(progress) } }
    let store = try SQLiteStore.open(scratch.database, options: options)
    #expect(heard.withLock { $0 } == [.started, .finished])
    try Self.expectEqual(store, directory)
    for case .user(let user) in directory.lines where user.tenant == .demo {
      _ = try await store.put(Sample.phone("new", of: user)).get()
    }
    #expect(try store.check() == [])
    store.close()
    #expect(try Self.files(scratch) == ["audit.key", "facet.db", "facet.lock"])
    let mode = try FileManager.default.attributesOfItem(atPath: scratch.database)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(
      try Self.rows(
        scratch.database, "select hex(key) || hex(body) || item || expires from idempotency_receipt order by key")
        == (1...9).map { "0\($0)0\($0)0\($0)item-\($0)\($0)" })
    #expect(
      try Self.rows(scratch.database, "select name from sqlite_master where type = 'table' and name like '%migration%'")
        == ["grdb_migrations"])
    #expect(try Self.rows(scratch.database, "pragma integrity_check") == ["ok"])
    heard.withLock { $0 = [] }
    let again = try SQLiteStore.open(scratch.database, options: options)
    #expect(again.health == .healthy && heard.withLock { $0 } == [])
    again.close()
  }

  @Test("A migrated database has the tables and indexes of a new one")
  func schema() throws {
    let (old, new) = (try Scratch(), try Scratch())
    defer {
      old.remove()
      new.remove()
    }
    try LegacyDirectory.make(at: old.database) { _ in }
    for scratch in [old, new] { try SQLiteStore.open(scratch.database).close() }
    for sql in [
      "select type || name || ifnull(sql, '') from sqlite_master order by 1", "select identifier from grdb_migrations",
      "select number || id from tenant order by 1", "pragma application_id",
    ] {
      #expect(try Self.rows(old.database, sql) == Self.rows(new.database, sql), "\(sql)")
    }
  }

  @Test("A migration that stops anywhere goes on where it was, and ends with the same")
  func stopping() throws {
    var random = SeededGenerator.replayable("Stopped migrations")
    for _ in 0..<6 {
      let scratch = try Scratch()
      defer { scratch.remove() }
      let directory = try Self.make(scratch, &random)
      var stops = 0
      while stops < 60 {
        let store = try SQLiteStore.open(
          scratch.database, options: Self.options(Steps(stoppingAfter: Int(random.next() % 30))))
        defer { store.close() }
        if store.health == .healthy { break }
        stops += 1
      }
      let store = try SQLiteStore.open(scratch.database, options: Self.options())
      try Self.expectEqual(store, directory)
      store.close()
      #expect(stops > 1)
      #expect(try Self.files(scratch) == ["audit.key", "facet.db", "facet.lock"])
    }
  }

  @Test("Each step may be the last one of a run")
  func everyStep() throws {
    var random = SeededGenerator.replayable("Migrations stopped at each step")
    let made = try Scratch()
    defer { made.remove() }
    let directory = try Self.make(made, people: 6, &random)
    var (last, isDone) = (0, false)
    while !isDone {
      let scratch = try Scratch()
      defer { scratch.remove() }
      for file in ["audit.key", "facet.db"] {
        try FileManager.default.copyItem(atPath: "\(made.directory)/\(file)", toPath: "\(scratch.directory)/\(file)")
      }
      let steps = Steps(stoppingAfter: last)
      try SQLiteStore.open(scratch.database, options: Self.options(steps)).close()
      isDone = steps.taken <= last
      let store = try SQLiteStore.open(scratch.database, options: Self.options())
      try Self.expectEqual(store, directory)
      store.close()
      last += 1
    }
    #expect(last > 20)
  }

  @Test("People and rows that were committed are not copied again")
  func resuming() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A resumed migration")
    let directory = try Self.make(scratch, &random)
    try FileManager.default.createDirectory(atPath: scratch.directory + "/whole", withIntermediateDirectories: true)
    for file in ["audit.key", "facet.db"] {
      try FileManager.default.copyItem(
        atPath: "\(scratch.directory)/\(file)", toPath: "\(scratch.directory)/whole/\(file)")
    }
    let whole = Steps()
    try SQLiteStore.open(scratch.directory + "/whole/facet.db", options: Self.options(whole)).close()
    let stopped = whole.taken * 3 / 4
    try SQLiteStore.open(scratch.database, options: Self.options(Steps(stoppingAfter: stopped))).close()
    let rest = Steps()
    let store = try SQLiteStore.open(scratch.database, options: Self.options(rest))
    try Self.expectEqual(store, directory)
    store.close()
    #expect(rest.taken < whole.taken / 2, "\(rest.taken) of \(whole.taken)")
  }

  @Test(
    "A copy of another state of the database, or what is none, is begun anew",
    arguments: [
      "update user set version = version", "insert into receipt values (x'77', x'77', 'late', 7)",
    ])
  func otherState(_ sql: String) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A database that went on")
    let directory = try Self.make(scratch, &random)
    try SQLiteStore.open(scratch.database, options: Self.options(Steps(stoppingAfter: 40))).close()
    #expect(FileManager.default.fileExists(atPath: SQLiteLayoutMigration.copyPath(of: scratch.database)))
    let queue = try DatabaseQueue(path: scratch.database)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
    let receipts = try Self.rows(scratch.database, "select item from receipt")
    let store = try SQLiteStore.open(scratch.database, options: Self.options())
    try Self.expectEqual(store, directory)
    store.close()
    #expect(try Self.rows(scratch.database, "select item from idempotency_receipt").sorted() == receipts.sorted())
  }

  @Test("What an older command writes while the database is copied is not lost: the copy is begun anew")
  func writtenMeanwhile() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A database that is written while it is copied")
    let directory = try Self.make(scratch, &random)
    let whole = Steps()
    try FileManager.default.createDirectory(atPath: scratch.directory + "/whole", withIntermediateDirectories: true)
    for file in ["audit.key", "facet.db"] {
      try FileManager.default.copyItem(
        atPath: "\(scratch.directory)/\(file)", toPath: "\(scratch.directory)/whole/\(file)")
    }
    try SQLiteStore.open(scratch.directory + "/whole/facet.db", options: Self.options(whole)).close()
    // The last three steps are around the renaming.
    let late = Steps(stoppingAfter: whole.taken - 3)
    var options = Self.options()
    let database = scratch.database
    options.beforeMigrationStep = {
      do {
        try late.take()
      } catch  where late.taken == whole.taken - 2 {
        let queue = try DatabaseQueue(path: database)
        try queue.write { try $0.execute(sql: "insert into receipt values (x'77', x'77', 'late', 7)") }
        try queue.close()
      } catch {}
    }
    let store = try SQLiteStore.open(scratch.database, options: options)
    #expect(store.health != .healthy)
    store.close()
    #expect(try Self.rows(scratch.database, "select item from receipt where key = x'77'") == ["late"])
    let next = try SQLiteStore.open(scratch.database, options: Self.options())
    try Self.expectEqual(next, directory)
    next.close()
    #expect(try Self.rows(scratch.database, "select item from idempotency_receipt where key = x'77'") == ["late"])
  }

  @Test("A damaged copy is begun anew, and one that is left beside a new database is removed")
  func damagedCopy() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A damaged copy")
    let directory = try Self.make(scratch, &random)
    let copy = SQLiteLayoutMigration.copyPath(of: scratch.database)
    try scratch.write(Array(repeating: 7, count: 10_000), to: copy)
    let store = try SQLiteStore.open(scratch.database, options: Self.options())
    try Self.expectEqual(store, directory)
    store.close()
    try scratch.write([7], to: copy)
    try SQLiteStore.open(scratch.database).close()
    #expect(!FileManager.default.fileExists(atPath: copy))
  }

  @Test("Without room for the copy nothing changes, and the operator reads how much is needed")
  func noSpace() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("No space")
    let directory = try Self.make(scratch, &random)
    let bytes = try scratch.read(scratch.database)
    var options = Self.options()
    options.freeBytes = { _ in Int64(bytes.count) - 1 }
    let refused = try SQLiteStore.open(scratch.database, options: options)
    guard case .refusingWrites(let sentence) = refused.health else {
      Issue.record("It was migrated.")
      return
    }
    #expect(sentence.contains("MiB of disk space") && sentence.contains("Nothing was changed"), "\(sentence)")
    refused.close()
    #expect(try scratch.read(scratch.database) == bytes)
    #expect(try Self.files(scratch) == ["audit.key", "facet.db", "facet.lock"])
    options.freeBytes = { _ in Int64(bytes.count) }
    let store = try SQLiteStore.open(scratch.database, options: options)
    try Self.expectEqual(store, directory)
    store.close()
  }

  @Test("A backup of the layout before is restored, and migrated by the next start")
  func backup() throws {
    let (old, scratch) = (try Scratch(), try Scratch())
    defer {
      old.remove()
      scratch.remove()
    }
    var random = SeededGenerator.replayable("A legacy backup")
    let directory = try Self.make(old, &random)
    try FileManager.default.copyItem(atPath: old.directory + "/audit.key", toPath: scratch.directory + "/audit.key")
    try SQLiteStore.restore(from: old.database, to: scratch.database)
    #expect(throws: StoreOpenError.older) { try SQLiteStore.openReadOnly(scratch.database) }
    let store = try SQLiteStore.open(scratch.database)
    try Self.expectEqual(store, directory)
    store.close()
  }

  @Test("A command beside a server of an older version changes nothing, and without its key nobody does")
  func refused() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A server of an older version")
    let directory = try Self.make(scratch, &random)
    let bytes = try scratch.read(scratch.database)
    let lock = try DataDirectoryLock(directory: scratch.directory)
    let beside = try SQLiteStore.openBeside(scratch.database)
    #expect(beside.health == .refusingWrites(StoreOpenError.older.message))
    beside.close()
    lock.release()
    let key = try scratch.read(scratch.directory + "/audit.key")
    try scratch.write(Array(repeating: 7, count: 32), to: scratch.directory + "/audit.key")
    let foreign = try SQLiteStore.open(scratch.database)
    #expect(foreign.health == .refusingWrites(AuditKey.foreignKeySentence))
    foreign.close()
    #expect(try scratch.read(scratch.database) == bytes)
    try scratch.write(key, to: scratch.directory + "/audit.key")
    let store = try SQLiteStore.open(scratch.database)
    try Self.expectEqual(store, directory)
    store.close()
  }

  @Test("A database behind a link is migrated where it lies")
  func link() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var random = SeededGenerator.replayable("A linked database")
    let directory = try Self.make(scratch, people: 9, &random)
    let place = scratch.directory + "/elsewhere"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: scratch.database, toPath: place + "/real.db")
    try FileManager.default.createSymbolicLink(atPath: scratch.database, withDestinationPath: place + "/real.db")
    let store = try SQLiteStore.open(scratch.database)
    try Self.expectEqual(store, directory)
    store.close()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.database) == place + "/real.db")
    #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["real.db"])
  }
}
