import Dispatch
import OData
import Profiles
import Stores
import Synchronization
import Testing

@Suite("The writer of the SQLite store")
struct SQLiteWriterTests {
  @Test("The live writing connection has a write-ahead log and syncs at every commit")
  func settings() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    defer { store.close() }
    let settings = try store.writerSettings()
    #expect(settings.journalMode == "wal")
    #expect(settings.synchronous == 2)
    #expect(settings == .durable)
  }

  @Test("Nothing is answered before its commit")
  func answersAfterCommit() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let answered = Atomic(0)
    let early = Atomic(0)
    var options = SQLiteOptions()
    let (entered, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    options.beforeCommit = {
      entered.signal()
      mayGoOn.wait()
    }
    let store = try SQLiteStore.open(scratch.database, options: options)
    try store.load([.user(Sample.ann)])
    let done = DispatchSemaphore(value: 0)
    for number in 0..<10 {
      store.submit(
        .item(Put(item: Sample.phone("p\(number)"))) { _ in
          answered.add(1, ordering: .sequentiallyConsistent)
          done.signal()
        })
    }
    // While a commit is held back, nothing of its group is answered, and no reader sees any of it.
    var committed = 0
    while committed < 10 {
      entered.wait()
      if answered.load(ordering: .sequentiallyConsistent) != committed {
        early.add(1, ordering: .sequentiallyConsistent)
      }
      let visible = try store.content().count - 1
      #expect(visible == committed)
      mayGoOn.signal()
      done.wait()
      let total = store.writeCounts.writes
      for _ in (committed + 1)..<total { done.wait() }
      committed = total
    }
    #expect(early.load(ordering: .sequentiallyConsistent) == 0)
    store.close()
  }

  @Test("What queues during a commit shares the next one")
  func groups() async throws {
    let held = try HeldWriter()
    defer { held.scratch.remove() }
    let (store, gate, done) = (held.store, held.gate, held.done)
    for number in 0..<(Limits.groupWritesMax * 3) {
      store.submit(.item(Put(item: Sample.phone("p\(number)"))) { _ in done.signal() })
    }
    #expect(store.writeCounts.waiting == Limits.groupWritesMax * 3)
    gate.open()
    for _ in 0...(Limits.groupWritesMax * 3) { done.wait() }
    let counts = store.writeCounts
    #expect(counts.groups == 4)
    #expect(counts.writes == Limits.groupWritesMax * 3 + 1)
    #expect(counts.largestGroup == Limits.groupWritesMax)
    #expect(counts.waiting == 0)
    store.close()
  }

  @Test("A write that SQLite rejects fails alone, and its group is kept")
  func rejectedWrite() async throws {
    let held = try HeldWriter()
    defer { held.scratch.remove() }
    let (store, gate, done) = (held.store, held.gate, held.done)
    let answers = Mutex<[String: Bool]>([:])
    for number in 0..<20 {
      let phone = Sample.phone("p\(number)")
      // A version of 0 violates a constraint of the table.
      let version = Version(number: number == 7 ? 0 : 1)
      let item = StoredItem(
        key: phone.key, version: version, audience: phone.audience, created: phone.created, json: phone.json,
        collapsible: nil)
      store.submit(
        .item(Put(item: item)) { result in
          let isWritten = if case .success(.written) = result { true } else { false }
          answers.withLock { $0[item.key.id.text] = isWritten }
          done.signal()
        })
    }
    gate.open()
    for _ in 0...20 { done.wait() }
    #expect(answers.withLock { $0.filter { !$0.value }.map(\.key) } == ["p7"])
    #expect(try store.content().count == 21)
    #expect(try store.changes(of: Sample.ann.id, in: .demo).count == 21)
    #expect(store.health == .healthy)
    store.close()
  }

  @Test("A full disk is reported, and writing goes on when there is room again")
  func fullDisk() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    try store.limitWriterPages(to: 40)
    var refused: Result<ItemOutcome, ProfileError>?
    for number in 0..<40 where refused == nil {
      let answer = await store.put(Sample.phone("p\(number)", number: String(repeating: "1", count: 20_000)))
      if case .failure = answer { refused = answer }
    }
    #expect(refused == .failure(.store(.diskFull)))
    #expect(store.health == .healthy)
    try store.limitWriterPages(to: 100_000)
    guard case .success(.written) = await store.put(Sample.phone("later")) else {
      Issue.record("Writing did not go on.")
      return
    }
    store.close()
  }

  @Test("A store that is released without being closed gives up its directory once its writes are done")
  func deinitialisation() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let done = DispatchSemaphore(value: 0)
    do {
      let store = try SQLiteStore.open(scratch.database)
      try store.load([.user(Sample.ann)])
      store.submit(.item(Put(item: Sample.phone("p"))) { _ in done.signal() })
    }
    done.wait()
    let store = try await Self.reopen(scratch.database)
    #expect(try store.content().count == 2)
    store.close()
  }

  /// Opens as soon as the other store has released the lock.
  private static func reopen(_ path: String) async throws -> SQLiteStore {
    while true {
      do throws(StoreOpenError) {
        return try SQLiteStore.open(path)
      } catch {
        guard error == .inUse else { throw error }
        await Task.yield()
      }
    }
  }
}

/// A gate that blocks every thread that passes while it is closed.
private final class Hold: Sendable {
  private let isClosed = Atomic(false)
  private let visitor = DispatchSemaphore(value: 0)
  private let opened = DispatchSemaphore(value: 0)

  func close() { isClosed.store(true, ordering: .sequentiallyConsistent) }

  func pass() {
    guard isClosed.load(ordering: .sequentiallyConsistent) else { return }
    visitor.signal()
    opened.wait()
  }

  func waitForVisitor() { visitor.wait() }

  func open() {
    isClosed.store(false, ordering: .sequentiallyConsistent)
    opened.signal()
  }
}

/// A store whose writer is blocked in the commit of one phone, so that later writes queue behind it.
private struct HeldWriter {
  let scratch: Scratch
  let store: SQLiteStore
  let gate = Hold()
  /// Signalled once the first phone is answered; tests signal it for the writes that they add.
  let done = DispatchSemaphore(value: 0)

  init() throws {
    scratch = try Scratch()
    var options = SQLiteOptions()
    options.beforeCommit = { [gate] in gate.pass() }
    store = try SQLiteStore.open(scratch.database, options: options)
    try store.load([.user(Sample.ann)])
    gate.close()
    store.submit(.item(Put(item: Sample.phone("first"))) { [done] _ in done.signal() })
    gate.waitForVisitor()
  }
}
