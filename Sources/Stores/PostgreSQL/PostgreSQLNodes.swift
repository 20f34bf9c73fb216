import OData
import Profiles
import Synchronization

/// Decides which server answers a read or takes a write: the one that the URL of the store names or, where Citus spreads the
/// tables over nodes, the node that holds the rows.
///
/// A node plans and commits alone what lies on it. What concerns several nodes goes by the URL, usually to the coordinator.
/// While a node is away, only what lies on it fails; what any node can do is done by another one.
final class PostgreSQLNodes: Sendable {
  private struct State {
    var running: [PostgreSQLAddress: PostgreSQLNode] = [:]
    var watches: [PostgreSQLWatch] = []
    var isStopped = false
  }

  private let access: PostgreSQLAccess
  private let counter: StoreWriteCounter
  /// The server that the URL of the store names.
  let first: PostgreSQLNode
  /// For reads that may touch every row of a tenant, so that no other read waits for one.
  let largeReads: PostgreSQLPool
  private let state = Mutex(State())

  /// Starts the threads for the server that the URL names; those for a node start as soon as the map of shards names it.
  /// `condition` is that of the store.
  init(_ access: PostgreSQLAccess, _ condition: StoreCondition, _ counter: StoreWriteCounter) {
    self.access = access
    self.counter = counter
    first = PostgreSQLNode(access, at: nil, condition, counter)
    largeReads = PostgreSQLPool(access, at: nil, threads: 1)
    if access.shards.map != nil { startNodes() }
  }

  /// Whether the tables are spread over nodes, as far as that is known.
  var isDistributed: Bool { access.shards.isSpread }

  /// The map of shards; nil where the tables are not spread.
  var map: PostgreSQLShardMap? { access.shards.map }

  /// The threads for rows of a place.
  func node(of place: PostgreSQLPlace) -> PostgreSQLNode {
    guard let map, let address = map.shard(of: place)?.node else { return first }
    let node = node(at: address)
    guard place.isOfAnyNode, node.reachability.state != .answers else { return node }
    return map.nodes.lazy.map(self.node).first { $0.reachability.state == .answers } ?? node
  }

  private func node(at address: PostgreSQLAddress) -> PostgreSQLNode {
    state.withLock { state in
      if let node = state.running[address] { return node }
      guard !state.isStopped else { return first }
      if state.watches.isEmpty { watchFirst(&state) }
      let node = PostgreSQLNode(access, at: address, StoreCondition(), counter)
      state.running[address] = node
      state.watches.append(PostgreSQLWatch(access, at: address) { node.take($0) })
      return node
    }
  }

  /// Starts the threads for nodes that have none yet, so that they are watched before the first request needs them.
  private func startNodes() {
    for address in map?.nodes ?? [] { _ = node(at: address) }
  }

  private func watchFirst(_ state: inout State) {
    state.watches.append(
      PostgreSQLWatch(access, at: nil) { [weak self] finding in
        guard let self else { return }
        first.take(finding)
        if finding.state == .isAway { largeReads.fail(PostgreSQLFailure.disconnected.storeError) { _ in true } }
        startNodes()
      })
  }

  /// How many writes wait.
  var waiting: Int { all.reduce(0) { $0 + $1.waiting } }

  /// Ends all threads.
  func stop() {
    let watches = state.withLock { state in
      state.isStopped = true
      return state.watches
    }
    for watch in watches { watch.stop() }
    largeReads.stop()
    for node in all { node.stop() }
  }

  /// Waits for the threads to end, after `stop`.
  func waitForEnd() {
    for watch in state.withLock({ $0.watches }) { watch.waitForEnd() }
    largeReads.waitForEnd()
    for node in all { node.waitForEnd() }
  }

  private var all: [PostgreSQLNode] { [first] + state.withLock { Array($0.running.values) } }

  /// The nodes that hold people, by name, as far as they have threads; none where the tables are not spread.
  var ofPeople: [(address: PostgreSQLAddress, node: PostgreSQLNode)] {
    let running = state.withLock { $0.running }
    return (map?.nodes ?? []).compactMap { address in running[address].map { (address, $0) } }
  }
}
