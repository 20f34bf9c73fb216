import Profiles

/// Reads that share a round trip on one connection.
///
/// On a node of a distributed database, reads whose answer is of several statements share a transaction, in which all
/// statements see one moment, and equal statements run once. A moment is that of one node: rows that another node answers,
/// because their shard has moved, are of another. So the last statement counts the shards that are still on the node, outside
/// the transaction. One that is there at the end, and was there by the map at the start, was there all along, but for the
/// milliseconds in which one node after the other learns of the end of a move.
struct PostgreSQLReadBatch {
  /// A transaction takes three statements of its own: as many as it spares two reads.
  static let snapshotReadsMin = 3

  /// A read with the answers that are its own, in their order.
  private struct Part {
    let read: PostgreSQLRead
    let trip: PostgreSQLRead.Trip
    let places: [Int]
    let isOfOneMoment: Bool
  }

  /// All statements in their order.
  private(set) var queries: [PostgreSQLQuery] = []
  private var parts: [Part] = []
  private var shards: Set<Int64> = []
  /// The place of the statement that counts the shards; nil without a transaction.
  private var countPlace: Int?

  /// Whether a transaction is part of the batch.
  var hasTransaction: Bool { countPlace != nil }

  /// The batch of reads on the node at `address`; `map` is nil where the tables are not spread over nodes.
  init(_ reads: [PostgreSQLRead], _ map: PostgreSQLShardMap?, at address: PostgreSQLAddress?) {
    var ofOneMoment: [(read: PostgreSQLRead, trip: PostgreSQLRead.Trip, shard: Int64)] = []
    var others: [PostgreSQLRead] = []
    for read in reads {
      if let address, let trip = read.ofOneMoment, let shard = map?.shard(of: read.place), shard.node == address {
        ofOneMoment.append((read, trip, shard.id))
      } else {
        others.append(read)
      }
    }
    guard ofOneMoment.count >= Self.snapshotReadsMin else {
      for read in reads { addAlone(read) }
      return
    }
    addTransaction(ofOneMoment)
    for read in others { addAlone(read) }
  }

  private mutating func addTransaction(
    _ reads: [(read: PostgreSQLRead, trip: PostgreSQLRead.Trip, shard: Int64)]
  ) {
    queries.append(PostgreSQLQuery(Self.begin))
    var known: [PostgreSQLQuery: Int] = [:]
    for (read, trip, shard) in reads {
      shards.insert(shard)
      let places = trip.queries.map { query in
        if let place = known[query] { return place }
        known[query] = queries.count
        queries.append(query)
        return queries.count - 1
      }
      parts.append(Part(read: read, trip: trip, places: places, isOfOneMoment: true))
    }
    countPlace = queries.count + 1
    queries += [PostgreSQLQuery(PostgreSQLTables.commit), PostgreSQLShardMap.countLocal(shards)]
  }

  private mutating func addAlone(_ read: PostgreSQLRead) {
    let places = Array(queries.count..<queries.count + read.trip.queries.count)
    queries += read.trip.queries
    parts.append(Part(read: read, trip: read.trip, places: places, isOfOneMoment: false))
  }

  /// Gives each read with its trip and rows to `body`; the rows are nil when they may be of several moments.
  func deliver(
    _ answers: [PostgreSQLRows], _ body: (PostgreSQLRead, PostgreSQLRead.Trip, [PostgreSQLRows]?) -> Void
  ) {
    let isOfOneMoment = isOfOneMoment(answers)
    for part in parts {
      body(part.read, part.trip, part.isOfOneMoment && !isOfOneMoment ? nil : part.places.map { answers[$0] })
    }
  }

  private func isOfOneMoment(_ answers: [PostgreSQLRows]) -> Bool {
    countPlace.map { answers[$0].first?.int64(0) == Int64(shards.count) } ?? false
  }

  static let begin = PostgreSQLStatement("begin_snapshot", "begin isolation level repeatable read read only")
}
