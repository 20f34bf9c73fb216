import Profiles

/// How a group of writes is divided, before anything is written, so that each transaction concerns one node and commits there
/// alone, without two phases.
extension PostgreSQLShardMap {
  /// The parts, each of which is a transaction: the writes of people on the same node together, and each write that touches
  /// more than one place by itself. The order of the writes of one person is kept.
  func parts(of writes: [StoreWrite]) -> [[StoreWrite]] {
    var parts: [[StoreWrite]] = []
    var open: [PostgreSQLAddress?: Int] = [:]
    for write in writes {
      guard write.isOfOnePlace else {
        parts.append([write])
        open = [:]
        continue
      }
      let node = shard(of: write.place)?.node
      if let part = open[node] {
        parts[part].append(write)
      } else {
        open[node] = parts.count
        parts.append([write])
      }
    }
    return parts
  }

  /// The shards that have to lie on the node `address` where writes run; none when that makes no difference
  /// to all of them.
  func shards(of writes: [StoreWrite], allAt address: PostgreSQLAddress?) -> Set<Int64> {
    guard let address else { return [] }
    var shards: Set<Int64> = []
    for write in writes {
      guard write.isBoundToPlace, let shard = shard(of: write.place), shard.node == address else { return [] }
      shards.insert(shard.id)
    }
    return shards
  }
}
