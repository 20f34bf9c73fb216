import Fixtures
import Foundation
import OData
import Profiles
import Stores
import Synchronization
import Testing

/// What is done to the server in the middle of writes: nothing acknowledged is lost, nothing is applied twice, and the
/// store recovers by itself.
@Suite("Faults of a PostgreSQL server", .serialized)
struct PostgreSQLFaultTests {
  private static let writers = 32

  /// What became of writes, each of which names itself in the audit log.
  private final class Ledger: Sendable {
    private let names = Mutex<(acknowledged: Set<String>, submitted: Int)>(([], 0))

    func submitted() -> String {
      names.withLock { names in
        names.submitted += 1
        return "w\(names.submitted)"
      }
    }

    func acknowledge(_ name: String) { names.withLock { _ = $0.acknowledged.insert(name) } }

    var acknowledged: Set<String> { names.withLock(\.acknowledged) }
  }

  /// Changes a phone, and writes its own name into the audit log.
  private struct Named: ItemOperation {
    let key: ItemKey
    let name: String

    func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
      guard let old = state.item else { throw .itemNotFound }
      let new = Sample.phone(key.id.text, of: Sample.person(key.user.text), number: name).with(old.version.next)
      return .put(
        new,
        Change(
          time: Sample.time, kind: .updated, user: key.user, tenant: .demo, collection: key.collection, item: key.id,
          properties: [name], versionBefore: old.version, versionAfter: new.version, actingUser: nil,
          actingApplication: nil))
    }
  }

  /// Writes with many writers while `fault` does its worst, then looks at what is there.
  private func run(
    _ store: PostgreSQLStore, observer: PostgreSQLStore, fault: @escaping @Sendable () async throws -> Void
  ) async throws {
    try observer.importLines(Sample.directory(people: 4, phones: 4))
    let ledger = Ledger()
    let over = Flag()
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<Self.writers {
        group.addTask {
          let key = Sample.key("phone-\(writer % 4)", of: Sample.person("user-\(writer / 4 % 4)"))
          while !over.value {
            let name = ledger.submitted()
            let result = await Self.write(store, Named(key: key, name: name))
            if case .success(.written) = result { ledger.acknowledge(name) }
          }
        }
      }
      group.addTask {
        try? await fault()
        // Long enough that writes were acknowledged, however busy the machine is; then a moment after the faults.
        for _ in 0..<600 where ledger.acknowledged.count <= Self.writers {
          try? await Task.sleep(for: .milliseconds(100))
        }
        try? await Task.sleep(for: .milliseconds(500))
        over.raise()
      }
    }
    try await check(ledger, observer)
    // It takes writes again by itself.
    let name = ledger.submitted()
    let last = await Self.write(store, Named(key: Sample.key("phone-0", of: Sample.person("user-0")), name: name))
    #expect((try? last.get()) != nil)
    #expect(store.health == .healthy)
  }

  private final class Flag: Sendable {
    private let isRaised = Atomic(false)
    var value: Bool { isRaised.load(ordering: .relaxed) }
    func raise() { isRaised.store(true, ordering: .relaxed) }
  }

  private static func write(
    _ store: PostgreSQLStore, _ operation: any ItemOperation
  ) async -> Result<ItemOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.item(operation) { continuation.resume(returning: $0) })
    }
  }

  private func check(_ ledger: Ledger, _ store: PostgreSQLStore) async throws {
    var applied: [String: Int] = [:]
    for user in 0..<4 {
      let changes = try store.changes(of: Sample.userID("user-\(user)"), in: .demo)
      for name in changes.flatMap(\.properties) { applied[name, default: 0] += 1 }
    }
    #expect(ledger.acknowledged.count > Self.writers)
    #expect(applied.filter { $0.value > 1 }.isEmpty, "Writes were applied twice")
    let lost = ledger.acknowledged.filter { applied[$0] == nil }
    #expect(lost.isEmpty, "Acknowledged writes are gone")
    #expect(try store.check() == [])
  }

  @Test("A server that stops as if the power went, and comes back")
  func restart() async throws {
    let (server, keys) = (try OwnServer(), try Scratch())
    let store = try server.store(keys: keys)
    let shared = UncheckedServer(server)
    try await run(store, observer: store) {
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(300))
        try shared.server.restartImmediately()
      }
    }
    store.close()
    server.end()
    keys.remove()
  }

  @Test("Connections that are ended at random")
  func termination() async throws {
    let (server, keys) = (try OwnServer(), try Scratch())
    let store = try server.store(keys: keys)
    let shared = UncheckedServer(server)
    try await run(store, observer: store) {
      for _ in 0..<8 {
        try await Task.sleep(for: .milliseconds(120))
        try shared.server.terminateConnections()
      }
    }
    store.close()
    server.end()
    keys.remove()
  }

  @Test("A network that cuts connections after any number of bytes")
  func cuts() async throws {
    let (server, keys, sockets) = (try OwnServer(), try Scratch(), try Scratch())
    let observer = try server.store(keys: keys)
    let generator = Mutex(SeededGenerator.replayable("Cut connections"))
    let proxy = try CuttingProxy(to: server.socketDirectory, in: sockets.directory) {
      generator.withLock { Int.random(in: 2_000...60_000, using: &$0) }
    }
    let store = try server.store(keys: keys, through: proxy.directory)
    try await run(store, observer: observer) {
      try await Task.sleep(for: .seconds(2))
      proxy.stopCutting()
    }
    store.close()
    observer.close()
    proxy.close()
    server.end()
    keys.remove()
    sockets.remove()
  }

  /// Safety: the server is told to restart by one task at a time.
  private struct UncheckedServer: @unchecked Sendable {
    let server: OwnServer
    init(_ server: OwnServer) { self.server = server }
  }
}

extension PostgreSQLStore {
  fileprivate func importLines(_ lines: [ImportLine]) throws {
    var rest = lines[...]
    _ = try importLines(at: Sample.time) { rest.popFirst() }
  }
}
