import OData
import Profiles
import Synchronization

/// The threads of a store that read and write by connections to the same server.
final class PostgreSQLNode: Sendable {
  /// Whether this server takes writes.
  let condition: StoreCondition
  /// Whether this server answers; where the tables are not spread, nobody asks.
  let reachability = PostgreSQLReachability()
  /// The threads that read.
  let reads: PostgreSQLPool
  private let writers: [GroupCommit<PostgreSQLWriter>]
  private let farWriters: PostgreSQLFarWriters?
  private let lastSettings = Mutex<PostgreSQLNodeSettings?>(nil)

  /// Starts the threads: as many as the options want for each server. They connect to the node at `address`; nil stands for
  /// the URL of the store.
  init(
    _ access: PostgreSQLAccess, at address: PostgreSQLAddress?, _ condition: StoreCondition,
    _ counter: StoreWriteCounter
  ) {
    self.condition = condition
    reads = PostgreSQLPool(access, at: address, threads: access.options.readers)
    // What waits for another node says nothing of whether this one takes writes.
    let far = address.map { PostgreSQLFarWriters(access, at: $0, StoreCondition(), counter) }
    farWriters = far
    writers = (0..<(address == nil ? access.options.writers : Limits.nodeWriters)).map { _ in
      GroupCommit(PostgreSQLWriter(access, at: address, condition, counter, lane: far.map { .near($0) } ?? .only))
    }
  }

  /// How many writes wait.
  var waiting: Int { writers.reduce(farWriters?.waiting ?? 0) { $0 + $1.waiting } }

  /// Queues a write, or fails it at once when the server is away. Those of one person or group go to one writer, so that they
  /// keep their order.
  func submit(_ write: StoreWrite) {
    if let outage { return write.fail(outage) }
    if let farWriters, !write.isOfOnePlace {
      if let refusal = farWriters.append(write) { write.fail(refusal) }
    } else {
      writers[write.routingKey % writers.count].submit(write)
    }
  }

  /// Ends the threads, once the writes that wait are done; reads that wait fail with `StoreError.closed`.
  func stop() {
    reads.stop()
    for writer in writers { writer.stop() }
    farWriters?.stop()
  }

  /// Waits for the threads to end, after `stop`.
  func waitForEnd() {
    reads.waitForEnd()
    for writer in writers { writer.waitForEnd() }
    farWriters?.waitForEnd()
  }

  // MARK: Whether the server answers

  /// Why what only this server can do fails at once; nil while it may be done.
  var outage: StoreError? { reachability.state == .isAway ? PostgreSQLFailure.disconnected.storeError : nil }

  /// Why writes are refused; nil while they are taken.
  var refusal: StoreError? { outage ?? condition.refusal }

  /// The settings that the server had when it last answered; nil as long as it was not asked.
  var settings: PostgreSQLNodeSettings? { lastSettings.withLock { $0 } }

  /// Takes over what a watch found. While the server is in doubt, reads that another node can answer leave it; once it is
  /// away, nothing waits for it but what it may have begun to write.
  func take(_ finding: PostgreSQLWatch.Finding) {
    if let settings = finding.settings { lastSettings.withLock { $0 = settings } }
    reachability.state = finding.state
    let error = PostgreSQLFailure.disconnected.storeError
    switch finding.state {
    case .answers: break
    case .isDoubtful: reads.fail(error) { $0.place.isOfAnyNode }
    case .isAway:
      reads.fail(error) { _ in true }
      for writer in writers { writer.refuseWaiting(error) }
      farWriters?.refuseWaiting(error)
    }
  }
}
