import Fixtures
import Foundation
import OData
import Profiles
import Stores
import Synchronization
import Testing

/// How long the store waits for a server that is away, and what it says meanwhile.
@Suite("Outages of a PostgreSQL server", .serialized)
struct PostgreSQLOutageTests {
  /// An answer of the store, and the seconds that it took. They are counted where the store answers, not where the test
  /// goes on: on a busy machine other tests may have the threads of the pool for longer than the store may take.
  private struct Timed<Value: Sendable>: Sendable {
    let value: Value
    let seconds: Double
  }

  /// Calls `body` with what the store calls once it has answered.
  private static func timed<Value: Sendable>(
    _ body: (@escaping @Sendable (Value) -> Void) -> Void
  ) async -> Timed<Value> {
    await withCheckedContinuation { continuation in
      let start = ContinuousClock.now
      body { continuation.resume(returning: Timed(value: $0, seconds: (ContinuousClock.now - start) / .seconds(1))) }
    }
  }

  /// Sets the number of a phone.
  private static func write(
    _ store: PostgreSQLStore, _ number: String
  ) async -> Timed<Result<ItemOutcome, ProfileError>> {
    await timed { answer in store.submit(.item(Put(item: Sample.phone("p", number: number)), answer)) }
  }

  /// Sends writes one after the other, each from the answer of the one before, and says how many were refused.
  private static func refusals(_ store: PostgreSQLStore, of count: Int) async -> Timed<Int> {
    @Sendable func send(_ left: Int, _ refused: Int, _ end: @escaping @Sendable (Int) -> Void) {
      guard left > 0 else { return end(refused) }
      store.submit(
        .item(Put(item: Sample.phone("p", number: "4"))) { answer in
          if case .failure = answer { send(left - 1, refused + 1, end) } else { send(left - 1, refused, end) }
        })
    }
    return await timed { end in send(count, 0, end) }
  }

  private static func read(_ store: PostgreSQLStore) async throws -> Timed<Result<OwnedItem?, StoreError>> {
    let reader = Handed(try store.makeReader { work in work() })
    return await timed { answer in reader.value.item(Sample.key("p"), for: .everything, answer) }
  }

  /// Safety: used by one task, on whose behalf the store calls back.
  private struct Handed: @unchecked Sendable {
    let value: any ProfileReader
    init(_ value: any ProfileReader) { self.value = value }
  }

  /// What a busy machine may add; what it is told from would take `Limits.databaseSeconds`, or longer.
  private static let slack = 20.0

  private static func fill(_ store: PostgreSQLStore) throws {
    var lines: ArraySlice<ImportLine> = [.user(Sample.ann), .item(Sample.phone("p"))]
    _ = try store.importLines(at: Sample.time) { lines.popFirst() }
  }

  /// `Limits.databaseRetrySeconds`, on both sides.
  @Test("Reads and writes wait for a server that comes back in time, and no longer")
  func patience() async throws {
    let (server, keys) = (try OwnServer(), try Scratch())
    let store = try server.store(keys: keys)
    try Self.fill(store)
    // However long the server takes to start on a busy machine.
    let patient = try server.store(keys: keys) { $0.retrySeconds = 120 }
    try server.stop()
    async let readInTime = Self.read(patient)
    async let writtenInTime = Self.write(patient, "2")
    try await Task.sleep(for: .seconds(1))
    try server.start()
    #expect(try await readInTime.value.get() != nil)
    guard case .success(.written) = await writtenInTime.value else {
      Issue.record("A write did not wait for the server")
      return
    }
    #expect(patient.health == .healthy)
    patient.close()

    try server.stop()
    async let reading = Self.read(store)
    async let writing = Self.write(store, "3")
    let (read, written) = (try await reading, await writing)
    #expect(throws: StoreError.unavailable("The database server cannot be reached.")) { try read.value.get() }
    guard case .failure(.store(.unavailable)) = written.value else {
      Issue.record("A write was answered without a server")
      return
    }
    let bound = Double(Limits.databaseRetrySeconds)
    // The two began at different times, and what came second may have been told what the first had found out.
    #expect(max(read.seconds, written.seconds) >= bound - 1)
    #expect(max(read.seconds, written.seconds) < bound + Self.slack)
    #expect(store.health != .healthy)
    // From now on writes are refused at once.
    let refused = await Self.refusals(store, of: 100)
    #expect(refused.value == 100)
    #expect(refused.seconds < Self.slack, "As long as four that wait, or less, for all hundred")
    try server.start()
    try await Self.becomesHealthy(store)
    guard case .success(.written) = await Self.write(store, "5").value else {
      Issue.record("It does not take writes again")
      return
    }
    store.close()
    server.end()
    keys.remove()
  }

  private static func becomesHealthy(_ store: PostgreSQLStore) async throws {
    for _ in 0..<200 where store.health != .healthy { try await Task.sleep(for: .milliseconds(50)) }
    #expect(store.health == .healthy)
  }

  @Test("A store that was opened before opens while its server is away, and follows when it is back")
  func opensWithoutServer() async throws {
    let (server, keys) = (try OwnServer(), try Scratch())
    let first = try server.store(keys: keys)
    try Self.fill(first)
    first.close()
    try server.stop()
    let failure = #expect(throws: StoreError.self) { try server.store(keys: keys) }
    #expect(failure?.message.contains(server.socketDirectory) == true, "A command says what libpq says")
    let elsewhere = try Scratch()
    #expect(throws: StoreError.self, "There is no key yet") {
      try server.store(keys: elsewhere) { $0.opensWithoutServer = true }
    }
    let store = try server.store(keys: keys) { $0.opensWithoutServer = true }
    // What the server says of itself is for everybody, so that it names no host.
    #expect(store.health == .refusingWrites(StoreError.unavailable("The database server cannot be reached.").message))
    try server.start()
    try await Self.becomesHealthy(store)
    #expect(try await Self.read(store).value.get() != nil)
    store.close()
    server.end()
    keys.remove()
    elsewhere.remove()
  }

  /// `Limits.databaseConnectSeconds`, and what the URL says instead.
  @Test("A server that accepts connections and says nothing is given up")
  func silence() async throws {
    let (keys, sockets) = (try Scratch(), try Scratch())
    let silent = try SilentServer(in: sockets.directory)
    for (parameters, seconds) in [("", Limits.databaseConnectSeconds), (" connect_timeout=2", 2)] {
      let options = PostgreSQLOptions(
        url: "host=\(sockets.directory) user=facet dbname=postgres\(parameters)", keyDirectory: keys.directory)
      let start = ContinuousClock.now
      #expect(throws: StoreError.self) { try PostgreSQLStore(options) }
      let waited = (ContinuousClock.now - start) / .seconds(1)
      #expect(waited >= Double(seconds) - 1 && waited <= Double(seconds) + Self.slack)
    }
    silent.close()
    keys.remove()
    sockets.remove()
  }

  @Test("A server that stops answering is given up after the time for answers")
  func stalled() async throws {
    let (server, keys, sockets) = (try OwnServer(), try Scratch(), try Scratch())
    let observer = try server.store(keys: keys)
    try Self.fill(observer)
    let proxy = try CuttingProxy(to: server.socketDirectory, in: sockets.directory) { .max }
    let store = try server.store(keys: keys, through: proxy.directory) { $0.answerSeconds = 1 }
    #expect(try await Self.read(store).value.get() != nil)
    proxy.stall()
    let answer = try await Self.read(store)
    #expect(throws: StoreError.self, "Nothing is read through a network that is silent") { try answer.value.get() }
    #expect(answer.seconds >= 1 && answer.seconds < Self.slack)
    store.close()
    observer.close()
    proxy.close()
    server.end()
    for scratch in [keys, sockets] { scratch.remove() }
  }

  /// `Limits.databaseReadsMax`: more than fit into one round trip.
  @Test("More reads than share a round trip are all answered", arguments: [1, 64, 65, 200])
  func manyReads(_ count: Int) async throws {
    let database = try await ThrowawayDatabase()
    let store = try database.store()
    try Self.fill(store)
    let answers = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<count { group.addTask { (try? await Self.read(store).value.get()) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(answers == count)
    store.close()
    try await database.remove()
  }

  /// A socket that is listened on, and nothing more.
  private struct SilentServer {
    private let listener: Int32

    init(in directory: String) throws {
      listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      let isListening = CuttingProxy.withAddress("\(directory)/.s.PGSQL.5432") { bind(listener, $0, $1) } == 0
      try #require(isListening && listen(listener, 8) == 0)
    }

    func close() { Glibc.close(listener) }
  }
}
