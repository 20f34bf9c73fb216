import Foundation
import OData
import Profiles
import Synchronization
import Testing

@testable import Stores

/// Memberships that end while a node of Citus is stopped between the two phases of the commit: it has prepared its part and is
/// not told to commit it.
@Suite(
  "Memberships that end while a node is away", .serialized,
  .enabled(if: ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"] != nil))
struct CitusMembershipPhaseTests {
  /// A database on two workers, of which the second can be taken away.
  private struct Scene {
    let database: ThrowawayDatabase
    let proxy: PhaseProxy
    let workers: [String]
    /// The ports by which nodes are known.
    let near: Int
    let far: Int

    init() async throws {
      workers =
        ProcessInfo.processInfo.environment["TEST_CITUS_WORKERS"]?.split(separator: " ").map(String.init) ?? []
      try #require(workers.count == 2)
      proxy = try PhaseProxy(to: workers[1])
      near = try #require(Int(workers[0]))
      far = proxy.port
      database = try await ThrowawayDatabase(detours: [workers[1]: proxy.port])
      try database.store().close()
      // Otherwise the nodes may recover by themselves in the middle of a test.
      try await onEveryNode("alter system set citus.recover_2pc_interval = -1")
      try await onEveryNode("select pg_reload_conf()")
    }

    private func onEveryNode(_ sql: String) async throws {
      try await database.psql(sql)
      for worker in workers { try await database.psql(sql, onWorker: worker) }
    }

    /// The first of these people who lies on a node.
    func person(_ prefix: String, at port: Int) throws -> UserID {
      let map = try PostgreSQLShardMap(PostgreSQLConnection(database.url, namesStatements: false))
      let people = (0..<100).map { Sample.userID("\(prefix)-\($0)") }
      return try #require(people.first { map.shard(of: .person($0))?.node?.port == port })
    }

    /// A group whose list lies on a node.
    func group(at port: Int) async throws -> GroupID {
      for number in 0..<100 {
        let place = try await database.psql(
          """
          select nodeport from citus_shards
          where shardid = get_shard_id_for_distribution_column('group_member', 'team-\(number)')
          """)
        if place == "\(port)" { return Sample.groupID("team-\(number)") }
      }
      throw CancellationError()
    }

    func end() async throws {
      proxy.start()
      try await onEveryNode("alter system reset citus.recover_2pc_interval")
      try await onEveryNode("select pg_reload_conf()")
      try await database.remove()
      proxy.close()
    }
  }

  private static func load(_ store: PostgreSQLStore, _ people: [UserID], _ group: GroupID) throws {
    try store.load(
      [Sample.group(group)]
        + people.flatMap {
          [.user(Sample.person($0.text)), .member($0, of: group), .item(Sample.groupPhone(of: $0))] as [ImportLine]
        })
  }

  @Test("Somebody who has left a group sees nothing that is written from then on, though the group still lists them")
  func leaving() async throws {
    let scene = try await Scene()
    let store = try scene.database.store()
    let (owner, leaver) = (try scene.person("owner", at: scene.near), try scene.person("leaver", at: scene.near))
    let team = try await scene.group(at: scene.far)
    try Self.load(store, [owner, leaver], team)
    #expect(try await store.sees(leaver, owner))

    scene.proxy.arm()
    #expect(await store.write(.remove(leaver, from: team)) == .success(.done))
    #expect(scene.proxy.isAway)
    #expect(await (try? store.put(Sample.groupPhone(of: owner, version: Version(number: 2))).get()) != nil)
    #expect(try await !store.sees(leaver, owner))

    scene.proxy.start()
    #expect(try await !store.sees(leaver, owner))
    #expect(try await store.members(of: team) == [owner.text])
    let listed = "select count(*) from group_member where user_id = '\(leaver.text)'"
    #expect(try await scene.database.psql(listed) == "1")
    #expect(try store.check().map(\.user?.text) == [leaver.text])

    try await scene.database.psql("select recover_prepared_transactions()", onWorker: scene.workers[0])
    #expect(try await scene.database.psql(listed) == "0")
    #expect(try store.check() == [])
    store.close()
    try await scene.end()
  }

  @Test("A group counts as deleted when its members see nothing any more, not before")
  func deletion() async throws {
    let scene = try await Scene()
    let store = try scene.database.store { $0.retrySeconds = 60 }
    // Both lie on the node that is not told: the owner's membership alone would decide.
    let (owner, leaver) = (try scene.person("owner", at: scene.far), try scene.person("leaver", at: scene.far))
    let team = try await scene.group(at: scene.near)
    try Self.load(store, [owner, leaver], team)

    scene.proxy.arm()
    let isAnswered = Mutex(false)
    let recovery = Task {
      while !scene.proxy.isAway { try await Task.sleep(for: .milliseconds(10)) }
      scene.proxy.start()
      try await Task.sleep(for: .milliseconds(300))
      let isSeen = try await store.sees(leaver, owner)
      let isEarly = isAnswered.withLock { $0 }
      try await scene.database.psql("select recover_prepared_transactions()")
      return (isSeen, isEarly)
    }
    let answer = await store.write(.delete(team))
    isAnswered.withLock { $0 = true }
    #expect(answer == .success(.done))
    #expect(try await !store.sees(leaver, owner))
    let (wasSeen, wasEarly) = try await recovery.value
    #expect(wasSeen && !wasEarly)
    #expect(try store.check() == [])
    store.close()
    try await scene.end()
  }

  @Test("A deletion whose end is not seen within the time is said to be unknown")
  func unknown() async throws {
    let scene = try await Scene()
    let store = try scene.database.store { $0.retrySeconds = 1 }
    let (owner, leaver) = (try scene.person("owner", at: scene.near), try scene.person("leaver", at: scene.far))
    let team = try await scene.group(at: scene.near)
    try Self.load(store, [owner, leaver], team)
    scene.proxy.arm()
    #expect(await store.write(.delete(team)) == .failure(.store(.unresolved)))
    scene.proxy.start()
    try await scene.database.psql("select recover_prepared_transactions()")
    #expect(try await !store.sees(leaver, owner))
    #expect(try store.check() == [])
    store.close()
    try await scene.end()
  }
}
