import OData
import Profiles
import Synchronization

/// Decides which server answers a read or takes a write: the one that the URL of the store names or, where Citus spreads the
/// tables over nodes, the node that holds the rows.
///
/// A node plans and commits alone what lies on it. What concerns several nodes goes by the URL, usually to the coordinator.
/// While a node is away, only what lies on it fails.
final class PostgreSQLNodes: Sendable {
  private struct State {
    var running: [PostgreSQLAddress: PostgreSQLNode] = [:]
    var isStopped = false
  }

  private let access: PostgreSQLAccess
  private let counter: StoreWriteCounter
  /// The server that the URL of the store names.
  private let first: PostgreSQLNode
  /// For reads that may touch every row of a tenant, so that no other read waits for one.
  let largeReads: PostgreSQLPool
  private let state = Mutex(State())

  /// Starts the threads for the server that the URL names; those for a node start with the first read or write that
  /// needs it. `condition` is that of the store.
  init(_ access: PostgreSQLAccess, _ condition: StoreCondition, _ counter: StoreWriteCounter) {
    self.access = access
    self.counter = counter
    first = PostgreSQLNode(access, at: nil, condition, counter)
    largeReads = PostgreSQLPool(access, at: nil, threads: 1)
  }

  /// Whether the tables are spread over nodes, as far as that is known.
  var isDistributed: Bool { access.shards.isSpread }

  /// The threads for rows of a place.
  func node(of place: PostgreSQLPlace) -> PostgreSQLNode {
    guard let address = access.shards.map?.shard(of: place)?.node else { return first }
    return state.withLock { state in
      if let node = state.running[address] { return node }
      guard !state.isStopped else { return first }
      let node = PostgreSQLNode(access, at: address, StoreCondition(), counter)
      state.running[address] = node
      return node
    }
  }

  /// How many writes wait.
  var waiting: Int { all.reduce(0) { $0 + $1.waiting } }

  /// Ends all threads.
  func stop() {
    state.withLock { $0.isStopped = true }
    largeReads.stop()
    for node in all { node.stop() }
  }

  /// Waits for the threads to end, after `stop`.
  func waitForEnd() {
    largeReads.waitForEnd()
    for node in all { node.waitForEnd() }
  }

  private var all: [PostgreSQLNode] { [first] + state.withLock { Array($0.running.values) } }

  // MARK: What operators see

  /// Whether writes are taken. While one of several nodes is away the others are, and `warning` says which is away.
  var health: StoreHealth {
    let healths = used.map(\.node.condition.health)
    return healths.contains(.healthy) ? .healthy : healths.first ?? first.condition.health
  }

  /// Which of several nodes refuse writes, and why; nil when none does.
  var warning: String? {
    guard access.shards.map != nil else { return nil }
    let ofPeople = used.compactMap { name, node in
      node.condition.refusal.map { "People on the node \(name) cannot be written: \($0.message)" }
    }
    let ofAll = first.condition.refusal.map { "Groups and tenants cannot be written: \($0.message)" }
    let sentences = ofPeople + [ofAll].compactMap(\.self)
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  /// The nodes that hold people, by name, as far as they were needed; where the tables are not spread, the server of the URL.
  private var used: [(name: String, node: PostgreSQLNode)] {
    guard let map = access.shards.map else { return [("", first)] }
    let running = state.withLock { $0.running }
    return Set(map.people.compactMap(\.node)).compactMap { address in
      running[address].map { ("\(address)", $0) }
    }.sorted { $0.0 < $1.0 }
  }
}
