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
  /// Sets the number of a phone.
  private static func write(_ store: PostgreSQLStore, _ number: String) async -> Result<ItemOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.item(Put(item: Sample.phone("p", number: number)), nil) { continuation.resume(returning: $0) })
    }
  }

  private static func read(_ store: PostgreSQLStore) async throws -> Result<FoundItem?, StoreError> {
    let reader = Handed(try store.makeReader { work in work() })
    return await withCheckedContinuation { continuation in
      reader.value.item(Sample.key("p"), for: .everything) { continuation.resume(returning: $0) }
    }
  }

  /// Safety: used by one task, on whose behalf the store calls back.
  private struct Handed: @unchecked Sendable {
    let value: any ProfileReader
    init(_ value: any ProfileReader) { self.value = value }
  }

  /// What a busy machine may add; what it is told from would take `Limits.databaseSeconds`, or longer.
  private static let slack = 20.0

  private static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private static func fill(_ store: PostgreSQLStore) throws {
    var records: ArraySlice<DirectoryRecord> = [.user(Sample.ann), .item(Sample.phone("p"))]
    _ = try store.importRecords(at: Sample.time) { records.popFirst() }
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
    #expect(try await readInTime.get() != nil)
    guard case .success(.written) = await writtenInTime else {
      Issue.record("A write did not wait for the server")
      return
    }
    #expect(patient.health == .healthy)
    patient.close()

    try server.stop()
    let waited = try await Self.seconds {
      async let reading = Self.read(store)
      async let writing = Self.write(store, "3")
      let (read, written) = (try await reading, await writing)
      #expect(throws: StoreError.unavailable("The database server cannot be reached.")) { try read.get() }
      guard case .failure(.store(.unavailable)) = written else {
        Issue.record("A write was answered without a server")
        return
      }
    }
    #expect(
      waited >= Double(Limits.databaseRetrySeconds) - 1 && waited < Double(Limits.databaseRetrySeconds) + Self.slack)
    #expect(store.health != .healthy)
    // From now on writes are refused at once. They are sent together, so that the time is the store's: between one and the
    // next other tests would have the threads.
    let refused = await Self.seconds {
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<100 {
          group.addTask { if case .failure = await Self.write(store, "4") { true } else { false } }
        }
        for await isRefused in group { #expect(isRefused) }
      }
    }
    #expect(refused < Self.slack, "As long as one that waits, or less, for all hundred")
    try server.start()
    try await Self.becomesHealthy(store)
    guard case .success(.written) = await Self.write(store, "5") else {
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
    #expect(try await Self.read(store).get() != nil)
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
      let waited = await Self.seconds { #expect(throws: StoreError.self) { try PostgreSQLStore(options) } }
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
    #expect(try await Self.read(store).get() != nil)
    proxy.stall()
    let waited = try await Self.seconds {
      guard case .failure = try await Self.read(store) else {
        Issue.record("A read was answered through a network that is silent")
        return
      }
    }
    #expect(waited >= 1 && waited < Self.slack)
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
      for _ in 0..<count { group.addTask { (try? await Self.read(store).get()) != nil } }
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
