import Fixtures
import Foundation
import OData
import Profiles
import Synchronization
import Testing

@testable import Stores

/// Reads and writes without pause of people on known nodes, while nodes are added, moved and stopped. Each write leaves its
/// name in the audit log, by which it is found out afterwards what was stored, and how often.
final class NodeLoad: Sendable {
  /// What is done.
  enum Kind: String {
    /// A phone of a person gets another number.
    case write
    /// The phone is read.
    case read
    /// A person is created, whose principal name may lie on another node.
    case create
    /// What every node can answer is read.
    case anyNode
    /// A person of the second worker reads and writes an item of one of the first, because they share a group.
    case visit
    /// A person enters or leaves a group, which may lie on another node.
    case member
    /// A group, which every node has, gets another version.
    case group
  }

  /// What became of requests of a kind, of people on a node.
  struct Tally {
    /// How many succeeded.
    var done = 0
    /// The longest that one took that succeeded, in seconds.
    var longest = 0.0
    /// How many failed, by their error.
    var failures: [String: Int] = [:]
    /// The longest that one took that failed, in seconds.
    var longestFailure = 0.0
  }

  /// Whose requests a tally counts.
  struct Subject: Hashable {
    let kind: Kind
    /// The node on which the people lay at the start; nil where they lie anywhere.
    let node: CitusNodes.Node?
  }

  private struct State {
    var tallies: [Subject: Tally] = [:]
    /// When the tallies began.
    var start = ContinuousClock.now
    /// The names of acknowledged writes, by person.
    var acknowledged: [UserID: [String]] = [:]
    var created: [StoredUser] = []
  }

  /// The servers.
  let stores: [PostgreSQLStore]
  /// The people who are written, by node.
  let people: [CitusNodes.Node: [UserID]]
  /// The member of the group that is written, who lies on the first worker.
  let member: UserID
  /// Whose item on the first worker is for their group, and who of it lies on the second.
  private let (host, guest): (UserID, UserID)
  private let map: PostgreSQLShardMap
  private let state = Mutex(State())
  private let isOver = Atomic(false)
  private let database: ThrowawayDatabase
  private let running = Mutex<[Task<Void, Never>]>([])
  private let made = Mutex<Set<Kind>>([])

  /// A load on servers of a database, which is filled.
  init(_ database: ThrowawayDatabase, servers: Int = 2, peoplePerNode: Int = 6) throws {
    self.database = database
    let first = try database.store()
    stores = try [first] + (1..<servers).map { _ in try database.store() }
    map = try #require(first.nodes.map)
    var people: [CitusNodes.Node: [UserID]] = [:]
    for number in 0..<200 {
      let user = Sample.userID("user-\(number)")
      guard let node = Self.node(of: user, map), people[node, default: []].count < peoplePerNode + 2 else { continue }
      people[node, default: []].append(user)
    }
    let taken = (people[.first]?.popLast(), people[.first]?.popLast(), people[.second]?.popLast())
    (member, host, guest) = (try #require(taken.0), try #require(taken.1), try #require(taken.2))
    self.people = people
    let lines = (people.values.joined() + [member, host, guest]).flatMap { user -> [ImportLine] in
      let person = Sample.person(user.text)
      return [.user(person), .item(Sample.phone("phone", of: person, number: "0"))]
    }
    let shared = Sample.groupID("shared")
    try first.load(
      [Sample.group(shared)] + lines + [.item(Sample.groupPhone(of: host)), .member(host, of: shared)]
        + [.member(guest, of: shared)])
  }

  private static func node(of user: UserID, _ map: PostgreSQLShardMap) -> CitusNodes.Node? {
    let port = map.shard(of: .person(user))?.node?.port
    return CitusNodes.workers.first { $0.value == port.map(String.init) }?.key
  }

  // MARK: Requests

  /// Begins with requests of these kinds, over all servers.
  func start(_ kinds: Set<Kind> = [.write, .read, .create, .anyNode, .visit, .member, .group]) {
    made.withLock { $0 = kinds }
    var tasks: [Task<Void, Never>] = []
    for (node, users) in people {
      for (index, user) in users.enumerated() {
        let store = stores[index % stores.count]
        if kinds.contains(.write) { tasks.append(Task { await self.write(user, node, store) }) }
        if kinds.contains(.read) { tasks.append(Task { await self.read(user, node, store) }) }
      }
      if kinds.contains(.create) { tasks.append(Task { await self.create(on: node, self.stores[0]) }) }
    }
    if kinds.contains(.anyNode) { tasks.append(Task { await self.readTenants(self.stores[0]) }) }
    if kinds.contains(.visit) { tasks.append(Task { await self.visit(self.stores[0]) }) }
    if kinds.contains(.member) { tasks.append(Task { await self.writeMember(self.stores[0]) }) }
    if kinds.contains(.group) { tasks.append(Task { await self.writeGroup(self.stores[0]) }) }
    running.withLock { $0 = tasks }
  }

  /// Ends the requests.
  func stop() async {
    isOver.store(true, ordering: .relaxed)
    for task in running.withLock({ $0 }) { await task.value }
  }

  /// Closes the servers.
  func close() { for store in stores { store.close() } }

  private func isGoing() -> Bool { !isOver.load(ordering: .relaxed) }

  /// Measures one request. After a failure the next one waits a little, so that failures do not take all of the machine.
  private func measured(_ kind: Kind, _ node: CitusNodes.Node?, _ body: () async throws -> Void) async -> Bool {
    let start = ContinuousClock.now
    var failure: String?
    do { try await body() } catch { failure = "\(error)" }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    state.withLock { state in
      // What began before may have met what the tallies are to leave out.
      guard start >= state.start else { return }
      var tally = state.tallies[Subject(kind: kind, node: node)] ?? Tally()
      if let failure {
        tally.failures[failure, default: 0] += 1
        tally.longestFailure = max(tally.longestFailure, seconds)
      } else {
        tally.done += 1
        tally.longest = max(tally.longest, seconds)
      }
      state.tallies[Subject(kind: kind, node: node)] = tally
    }
    try? await Task.sleep(for: .milliseconds(failure == nil ? 1 : 50))
    return failure == nil
  }

  private func write(_ user: UserID, _ node: CitusNodes.Node, _ store: PostgreSQLStore) async {
    var number = 0
    while isGoing() {
      number += 1
      let name = "n\(number)"
      let operation = NodeWrite(key: Sample.key("phone", of: Sample.person(user.text)), name: name)
      let isDone = await measured(.write, node) {
        _ = try await withCheckedContinuation { done in
          store.submit(.item(operation) { done.resume(returning: $0) })
        }.get()
      }
      if isDone { state.withLock { $0.acknowledged[user, default: []].append(name) } }
    }
  }

  private func read(_ user: UserID, _ node: CitusNodes.Node, _ store: PostgreSQLStore) async {
    let key = Sample.key("phone", of: Sample.person(user.text))
    while isGoing() {
      _ = await measured(.read, node) {
        let found = try await store.ask { $0.item(key, for: .everything, $1) }
        try #require(found != nil)
      }
    }
  }

  private func create(on node: CitusNodes.Node, _ store: PostgreSQLStore) async {
    var number = 0
    while isGoing() {
      number += 1
      let user = Sample.userID("new-\(node)-\(number)")
      guard Self.node(of: user, map) == node else { continue }
      let person = Sample.person(user.text)
      let isDone = await measured(.create, node) {
        _ = try await withCheckedContinuation { done in
          store.submit(.person(NodeCreation(person: person)) { done.resume(returning: $0) })
        }.get()
      }
      if isDone { state.withLock { $0.created.append(person) } }
    }
  }

  private func readTenants(_ store: PostgreSQLStore) async {
    var number = 0
    while isGoing() {
      number += 1
      guard let tenant = TenantID("00000000-0000-4000-8000-\(100_000_000_000 + number)") else { return }
      _ = await measured(.anyNode, nil) { _ = try await store.ask { $0.tenant(tenant, $1) } }
    }
  }

  private func visit(_ store: PostgreSQLStore) async {
    let key = Sample.groupPhone(of: host).key
    let caller = Caller(actor: .user(guest), tenant: .demo, permissions: Set(Permission.allCases))
    let authorization = AuthorizationContext(of: caller)
    while isGoing() {
      _ = await measured(.visit, .first) {
        let seen = try await store.ask { $0.item(key, for: authorization, $1) }
        try #require(seen != nil)
        let operation = NodeWrite(key: key, name: "visit", authorization: authorization)
        _ = try await withCheckedContinuation { done in
          store.submit(.item(operation) { done.resume(returning: $0) })
        }.get()
      }
    }
  }

  private func writeMember(_ store: PostgreSQLStore) async {
    guard let group = GroupID("members") else { return }
    var adds = true
    while isGoing() {
      let operation = NodeMembership(group: group, user: member, adds: adds)
      adds.toggle()
      _ = await measured(.member, .first) {
        _ = try await withCheckedContinuation { done in
          store.submit(.group(operation) { done.resume(returning: $0) })
        }.get()
      }
    }
  }

  private func writeGroup(_ store: PostgreSQLStore) async {
    guard let group = GroupID("versions") else { return }
    while isGoing() {
      _ = await measured(.group, nil) {
        _ = try await withCheckedContinuation { done in
          store.submit(.group(NodeGroup(group: group)) { done.resume(returning: $0) })
        }.get()
      }
    }
  }

  // MARK: What became of them

  /// What became of the requests so far.
  func tally(_ kind: Kind, _ node: CitusNodes.Node? = nil) -> Tally {
    state.withLock { $0.tallies[Subject(kind: kind, node: node)] ?? Tally() }
  }

  /// Forgets how long requests took and how many failed, not what was acknowledged. Only requests that begin from now on are
  /// counted.
  func forgetTallies() {
    state.withLock { state in
      state.tallies = [:]
      state.start = .now
    }
  }

  /// Waits until reads and writes of people, as far as they are made, have succeeded a few times since the tallies were
  /// forgotten.
  func flows(of nodes: [CitusNodes.Node] = [.first, .second]) async throws {
    let kinds = [Kind.write, .read].filter(made.withLock { $0 }.contains)
    for _ in 0..<600 {
      if kinds.allSatisfy({ kind in nodes.allSatisfy { tally(kind, $0).done > 20 } }) { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    Issue.record("Requests do not succeed: \(state.withLock { $0.tallies })")
  }

  /// Prints what became of the requests since the tallies were forgotten.
  func report(_ title: String) {
    let tallies = state.withLock { $0.tallies }
    for (subject, tally) in tallies.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      let place = subject.node.map { " of \($0)" } ?? ""
      let failed = tally.failures.values.reduce(0, +)
      print(
        String(
          format: "%@: %@%@: %d done, longest %.2f s, %d failed, longest %.2f s", title, subject.kind.rawValue, place,
          tally.done, tally.longest, failed, tally.longestFailure))
      for (error, count) in tally.failures { print("  \(count) times \(error.prefix(200))") }
    }
  }

  /// Compares what was acknowledged with what is stored: nothing is lost, nothing is there twice or in another order, the
  /// audit logs are whole, and who was created is found by id and by name.
  func verify(with store: PostgreSQLStore) async throws {
    let (acknowledged, created) = state.withLock { ($0.acknowledged, $0.created) }
    for (user, names) in acknowledged {
      let stored = try store.changes(of: user, in: .demo).filter { $0.collection == "phones" }.flatMap(\.properties)
      let numbers = stored.compactMap { Int($0.dropFirst()) }
      #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }, "Written twice, or not in order: \(user)")
      #expect(Set(names).subtracting(stored).isEmpty, "Acknowledged and lost: \(user)")
      let item = try await store.ask {
        $0.item(Sample.key("phone", of: Sample.person(user.text)), for: .everything, $1)
      }
      #expect(
        item.map { String(decoding: $0.item.json, as: UTF8.self) }?.contains(#""number":"\#(stored.last ?? "0")""#)
          == true)
    }
    for person in created {
      let byID = try await store.ask { $0.user(person.id, $1) }
      let byName = try await store.ask {
        $0.user(principalName: person.principalName ?? "", orID: false, in: .demo, $1)
      }
      let isThere = byID?.id == person.id && byName?.id == person.id
      #expect(isThere, "Created and lost: \(person.id)")
      if !isThere { try await reportName(of: person) }
    }
    #expect(try store.check() == [])
  }

  /// Prints where the name of a person lies.
  private func reportName(of person: StoredUser) async throws {
    let shard = "get_shard_id_for_distribution_column('principal_name', folded)"
    let names = try await database.psql(
      """
      select tenant, convert_from(folded, 'UTF8'), shared, user_id, \(shard) from principal_name
      where user_id = '\(person.id.text)'
      """)
    print("The names of \(person.id): \(names)")
    let places = try await database.psql(
      "select shardid, nodeport from citus_shards where table_name = 'principal_name'::regclass order by 1")
    print(places)
  }
}
