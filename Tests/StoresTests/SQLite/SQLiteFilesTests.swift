import Fixtures
import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// What is done to the files of a store while it has them open.
@Suite("Files that move under the SQLite store")
struct SQLiteFilesTests {
  /// What an operator, or a script, does to a file.
  enum Fate: CaseIterable {
    case moved, removed, replaced
  }

  private static let names = ["facet.db", "facet.db-wal", "facet.db-shm"]

  @Test(
    "Once a file of the database is gone no write is acknowledged, and none that was is lost",
    arguments: names, Fate.allCases)
  func misplaced(_ name: String, _ fate: Fate) async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    guard case .success(.written) = await store.put(Sample.phone("before")) else {
      Issue.record("Nothing was written")
      return
    }
    let file = "\(scratch.directory)/\(name)"
    let aside = scratch.directory + "/aside"
    switch fate {
    case .moved: try FileManager.default.moveItem(atPath: file, toPath: aside)
    case .removed: try FileManager.default.removeItem(atPath: file)
    case .replaced:
      try FileManager.default.copyItem(atPath: file, toPath: aside)
      #expect(rename(aside, file) == 0)
    }
    guard case .failure(.store(.readOnly)) = await store.put(Sample.phone("after")) else {
      Issue.record("A write was acknowledged")
      return
    }
    expectRefusal(store, naming: name)
    store.close()
    if fate == .moved { try FileManager.default.moveItem(atPath: aside, toPath: file) }
    if name == "facet.db", fate == .removed {
      #expect(throws: StoreOpenError.lost) { try SQLiteStore.open(scratch.database) }
      return
    }
    let next = try SQLiteStore.open(scratch.database)
    #expect(next.health == .healthy)
    // Of a database that was replaced by an older one, what it had is left.
    if name != "facet.db" || fate == .moved {
      #expect(try next.read(Sample.key("before")).get() != nil)
      #expect(try next.check() == [])
    }
    #expect(try next.read(Sample.key("after")).get() == nil)
    next.close()
  }

  @Test("A store that nobody writes to notices within two seconds", arguments: names)
  func idle(_ name: String) async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    try FileManager.default.removeItem(atPath: "\(scratch.directory)/\(name)")
    // On a thread of its own: other tests keep those that all share.
    let waited = await withCheckedContinuation { continuation in
      Thread {
        let start = ContinuousClock.now
        while store.health == .healthy, ContinuousClock.now - start < .seconds(20) { usleep(10_000) }
        continuation.resume(returning: ContinuousClock.now - start)
      }.start()
    }
    // `Limits.filesSeconds`, and what a busy machine adds.
    #expect(waited < .seconds(Limits.filesSeconds + 12))
    expectRefusal(store, naming: name)
    store.close()
  }

  @Test("A database that is copied over is not written any more, and a backup puts it right")
  func copiedOver() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann), .item(Sample.phone("old"))])
    try store.backup(to: backup)
    guard case .success(.written) = await store.put(Sample.phone("new")) else {
      Issue.record("Nothing was written")
      return
    }
    try Self.copy(backup, over: scratch.database)
    guard case .failure(.store(.readOnly)) = await store.put(Sample.phone("after")) else {
      Issue.record("A write was acknowledged")
      return
    }
    guard case .refusingWrites(let sentence) = store.health else {
      Issue.record("The store says that it is healthy")
      return
    }
    #expect(sentence.contains("Another program wrote into the database"))
    store.close()
    try SQLiteStore.restore(from: backup, to: scratch.database)
    let next = try SQLiteStore.open(scratch.database)
    #expect(next.health == .healthy)
    #expect(try next.check() == [])
    #expect(try next.read(Sample.key("old")).get() != nil)
    next.close()
  }

  /// Writes into the file that is there, as `cp` does.
  private static func copy(_ path: String, over target: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/cp")
    process.arguments = [path, target]
    try ProcessGate.run(process)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test("Emptying the log is the store's own writing, and commands beside it are none")
  func ownWrites() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var options = SQLiteOptions()
    options.logPages = 4
    let store = try SQLiteStore.open(scratch.database, options: options)
    try store.load([.user(Sample.ann)])
    for number in 0..<40 {
      guard case .success(.written) = await store.put(Sample.phone("p\(number)")) else {
        Issue.record("Number \(number) was refused: \(store.health)")
        return
      }
      if number % 10 == 5 {
        let beside = try SQLiteStore.openBeside(scratch.database)
        try beside.changeTenant(.demo) { $0.name = "Name \(number)" }
        beside.close()
        let reader = try SQLiteStore.openReadOnly(scratch.database)
        #expect(try reader.check() == [])
        reader.close()
      }
    }
    #expect(store.health == .healthy && store.warning == nil)
    let log = try FileManager.default.attributesOfItem(atPath: scratch.database + "-wal")[.size] as? Int
    #expect((log ?? 0) < 400_000, "The log is used again once it was emptied")
    store.close()
  }

  @Test("A directory that is renamed takes its store along, and one that takes its place is not touched")
  func renamedDirectory() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let (place, aside) = (scratch.directory + "/data", scratch.directory + "/aside")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    let first = try SQLiteStore.open(place + "/facet.db")
    try first.load([.user(Sample.ann), .item(Sample.phone("first"))])
    try FileManager.default.moveItem(atPath: place, toPath: aside)
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    let second = try SQLiteStore.open(place + "/facet.db")
    try second.load([.user(Sample.ann), .item(Sample.phone("second"))])
    let late = await first.put(Sample.phone("late"))
    guard case .failure(.store(.readOnly)) = late else {
      Issue.record("A write was not refused because of the files: \(late)")
      return
    }
    // Closing must not remove the log of the other store, which has the name of its own.
    first.close()
    #expect(FileManager.default.fileExists(atPath: place + "/facet.db-wal"))
    _ = await second.put(Sample.phone("third"))
    #expect(second.health == .healthy)
    #expect(try second.check() == [])
    second.close()
    for (directory, items) in [(aside, ["first"]), (place, ["second", "third"])] {
      let store = try SQLiteStore.open(directory + "/facet.db")
      let found = try store.content().compactMap { if case .item(let item) = $0 { item.key.id.text } else { nil } }
      #expect(found == items)
      #expect(try store.check() == [])
      store.close()
    }
  }

  @Test("What looks like damage is none while files are not in place", arguments: [true, false])
  func damageOrMoved(_ isMoved: Bool) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    try scratch.write((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }, to: scratch.database)
    let condition = StoreCondition()
    condition.watchFiles { isMoved ? .readOnly("They were moved.") : nil }
    SQLiteStartCheck(path: scratch.database, condition: condition).waitForEnd()
    switch condition.refusal {
    case .damaged?: #expect(!isMoved)
    case .readOnly("They were moved.")?: #expect(isMoved)
    case let other: Issue.record("The store refuses because of \(String(describing: other))")
    }
  }

  @Test("What reads later does not read a file that took the place of the database")
  func replacedBeforeReading() async throws {
    let (scratch, other) = (try Scratch(), try Scratch())
    defer { for scratch in [scratch, other] { scratch.remove() } }
    let strange = try SQLiteStore.open(other.database)
    try strange.load([.user(Sample.ann), .item(Sample.phone("strange"))])
    strange.close()
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    #expect(rename(other.database, scratch.database) == 0)
    #expect(throws: StoreError.self) { try store.read(Sample.key("strange")).get() }
    #expect(throws: StoreError.self) { try store.content() }
    store.close()
  }

  @Test("A directory stays locked when the lock file is removed or moved")
  func lockFile() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    try store.backup(to: backup)
    try FileManager.default.removeItem(atPath: scratch.directory + "/facet.lock")
    #expect(throws: StoreOpenError.inUse) { try SQLiteStore.open(scratch.database) }
    #expect(throws: StoreOpenError.inUse) { try SQLiteStore.restore(from: backup, to: scratch.database) }
    // A change of a tenant goes beside the server, as before.
    let beside = try SQLiteStore.openBeside(scratch.database)
    try beside.changeTenant(.demo) { $0.name = "Contoso" }
    beside.close()
    guard case .success(.written) = await store.put(Sample.phone("p")) else {
      Issue.record("The server does not write any more")
      return
    }
    #expect(try store.tenants().contains { $0.name == "Contoso" })
    store.close()
    try SQLiteStore.restore(from: backup, to: scratch.database)
  }

  @Test("An older program that holds the lock file keeps a store out")
  func olderLock() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let descriptor = open(scratch.directory + "/facet.lock", O_RDWR | O_CREAT, 0o600)
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    #expect(throws: StoreOpenError.inUse) { try SQLiteStore.open(scratch.database) }
    close(descriptor)
    try SQLiteStore.open(scratch.database).close()
  }

  @Test("Nothing is begun in the place of a database that is gone", arguments: [false, true])
  func lostDatabase(_ isEmpty: Bool) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let backup = scratch.directory + "/backup.db"
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    try store.backup(to: backup)
    store.close()
    try FileManager.default.removeItem(atPath: scratch.database)
    if isEmpty { try scratch.write([], to: scratch.database) }
    for _ in 0..<2 {
      #expect(throws: StoreOpenError.lost) { try SQLiteStore.open(scratch.database) }
      #expect(FileManager.default.fileExists(atPath: scratch.database) == isEmpty)
    }
    let sentence = StoreOpenError.lost.message
    #expect(sentence.contains("audit.key") && sentence.contains("facet restore"))
    // Both ways out lead on.
    try SQLiteStore.restore(from: backup, to: scratch.database)
    let restored = try SQLiteStore.open(scratch.database)
    #expect(restored.health == .healthy)
    #expect(try restored.content().map(\.line) == [ImportLine.user(Sample.ann).line])
    restored.close()
    try FileManager.default.removeItem(atPath: scratch.database)
    try FileManager.default.moveItem(
      atPath: scratch.directory + "/audit.key", toPath: scratch.directory + "/audit.key.old")
    let anew = try SQLiteStore.open(scratch.database)
    #expect(anew.health == .healthy)
    #expect(try anew.content().isEmpty)
    anew.close()
  }

  @Test("A first start that was cut off is made good by the next one", arguments: [false, true])
  func cutOffStart(_ hasMigrated: Bool) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    store.close()
    // As it is before the key gets its name.
    try FileManager.default.moveItem(
      atPath: scratch.directory + "/audit.key", toPath: scratch.directory + "/audit.key.new")
    if !hasMigrated { try scratch.write([], to: scratch.database) }
    let next = try SQLiteStore.open(scratch.database)
    #expect(next.health == .healthy)
    #expect(try next.check() == [])
    next.close()
    let files = try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted()
    #expect(files == ["audit.key", "facet.db", "facet.lock"])
  }

  @Test("A key that waits for its database never takes the place of another")
  func strayKey() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    try SQLiteStore.open(scratch.database).close()
    let key = try scratch.read(scratch.directory + "/audit.key")
    try scratch.write([UInt8](repeating: 7, count: 32), to: scratch.directory + "/audit.key.new")
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    store.close()
    #expect(try scratch.read(scratch.directory + "/audit.key") == key)
  }

  private func expectRefusal(_ store: SQLiteStore, naming name: String) {
    guard case .refusingWrites(let sentence) = store.health else {
      Issue.record("The store says that it is healthy")
      return
    }
    #expect(sentence.contains(name) && sentence.contains("put the files of the database back"))
  }
}
