import Dispatch
import OData
import Synchronization

/// The map of shards that all threads of a store share. A database whose tables are not spread has none.
///
/// A map that is out of date costs time, but does no harm: every statement names a distributed table, and a node that does not
/// hold the rows asks the one that does. Writes check that their shards are where the map says and otherwise read it anew;
/// reads follow within `Limits.shardMapSeconds`.
final class PostgreSQLShards: Sendable {
  private struct State {
    var map: PostgreSQLShardMap?
    /// When reads are to look again.
    var isOldAt = DispatchTime.now()
  }

  private let state = Mutex(State())
  private let isKnown = Atomic(false)

  /// Whether a connection has found that tables are spread. Spares a database whose tables are not spread the lock.
  var isSpread: Bool { isKnown.load(ordering: .acquiring) }

  /// The map; nil while no connection has found that tables are spread.
  var map: PostgreSQLShardMap? {
    guard isSpread else { return nil }
    return state.withLock { $0.map }
  }

  /// Reads the map from the node that a connection leads to.
  func read(_ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
    let map = try PostgreSQLShardMap(connection)
    state.withLock { $0 = State(map: map, isOldAt: .now() + .seconds(Limits.shardMapSeconds)) }
    isKnown.store(true, ordering: .releasing)
  }

  /// Reads the map when it is old; one thread does it for all. What fails is tried again by the next.
  func readIfOld(_ connection: PostgreSQLConnection) {
    guard isSpread else { return }
    let now = DispatchTime.now()
    let isOld = state.withLock { state in
      guard state.isOldAt <= now else { return false }
      state.isOldAt = now + .seconds(Limits.shardMapSeconds)
      return true
    }
    if isOld { try? read(connection) }
  }
}
