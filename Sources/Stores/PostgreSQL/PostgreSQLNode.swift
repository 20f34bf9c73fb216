import OData
import Profiles

/// The threads of a store that read and write by connections to the same server.
final class PostgreSQLNode: Sendable {
  /// Whether this server takes writes.
  let condition: StoreCondition
  /// The threads that read.
  let reads: PostgreSQLPool
  private let writers: [GroupCommit<PostgreSQLWriter>]

  /// Starts the threads: as many as the options want for each server. They connect to the node at `address`; nil stands for
  /// the URL of the store.
  init(
    _ access: PostgreSQLAccess, at address: PostgreSQLAddress?, _ condition: StoreCondition,
    _ counter: StoreWriteCounter
  ) {
    self.condition = condition
    reads = PostgreSQLPool(access, at: address, threads: access.options.readers)
    writers = (0..<access.options.writers).map { _ in GroupCommit(PostgreSQLWriter(access, at: address, condition, counter)) }
  }

  /// How many writes wait.
  var waiting: Int { writers.reduce(0) { $0 + $1.waiting } }

  /// Queues a write. Those of one person or group go to one writer, so that they keep their order.
  func submit(_ write: StoreWrite) { writers[write.routingKey % writers.count].submit(write) }

  /// Ends the threads, once the writes that wait are done; reads that wait fail with `StoreError.closed`.
  func stop() {
    reads.stop()
    for writer in writers { writer.stop() }
  }

  /// Waits for the threads to end, after `stop`.
  func waitForEnd() {
    reads.waitForEnd()
    for writer in writers { writer.waitForEnd() }
  }
}
