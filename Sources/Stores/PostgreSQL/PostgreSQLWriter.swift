import Dispatch
import OData
import Profiles
import Synchronization

/// One thread that writes, with a connection of its own: it takes what has queued, applies it in one transaction, and
/// answers after the commit.
final class PostgreSQLWriter: Sendable {
  private struct State {
    var waiting: [StoreWrite] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let ended = DispatchGroup()

  /// Starts the thread.
  init(_ options: PostgreSQLOptions, _ key: RecordKey, _ condition: PostgreSQLCondition) {
    ended.enter()
    StoreThread.start("facet-writer") { [self] in
      run(PostgreSQLWorker(options, key, condition))
      ended.leave()
    }
  }

  /// Queues a write, or fails it at once.
  func submit(_ write: StoreWrite) {
    let refusal = state.withLock { state -> StoreError? in
      if state.isClosed { return .closed }
      guard state.waiting.count < Limits.queuedWritesMax else { return .overloaded }
      state.waiting.append(write)
      return nil
    }
    if let refusal { write.fail(refusal) } else { wake.signal() }
  }

  /// Takes no more writes; the thread ends when those that wait are done.
  func stop() {
    state.withLock { $0.isClosed = true }
    wake.signal()
  }

  func waitForEnd() { ended.wait() }

  private func run(_ worker: PostgreSQLWorker) {
    while true {
      wake.wait()
      let (writes, isDone) = state.withLock { state -> ([StoreWrite], Bool) in
        let writes = Array(state.waiting.prefix(Limits.groupWritesMax))
        state.waiting.removeFirst(writes.count)
        return (writes, state.isClosed && state.waiting.isEmpty)
      }
      if !writes.isEmpty { worker.commit(writes) }
      if isDone { return }
      // What is left has signalled already, as have writes that were taken with others.
    }
  }
}

/// What a writer's thread owns.
private final class PostgreSQLWorker {
  private let options: PostgreSQLOptions
  private let key: RecordKey
  private let condition: PostgreSQLCondition
  private let session: PostgreSQLSession
  private var tables: PostgreSQLTables?

  init(_ options: PostgreSQLOptions, _ key: RecordKey, _ condition: PostgreSQLCondition) {
    self.options = options
    self.key = key
    self.condition = condition
    session = PostgreSQLSession(options)
  }

  /// Applies a group of writes in one transaction and answers them in order.
  func commit(_ writes: [StoreWrite]) {
    var isCommitting = false
    do throws(PostgreSQLFailure) {
      let tables = try currentTables()
      let footprints = writes.map(\.footprint)
      try tables.begin(Set(footprints.flatMap(\.users)), Array(Set(footprints.flatMap(\.keys))))
      let applier = WriteApplier(tables)
      var answers: [() -> Void] = []
      for write in writes { answers.append(try applier.apply(write)) }
      isCommitting = true
      try tables.commit()
      condition.note(nil)
      for answer in answers { answer() }
    } catch {
      recover(error)
      if writes.count > 1, !isCommitting || error != .disconnected {
        // One write spoiled the transaction for all: alone, each meets its own fate.
        for write in writes { commit([write]) }
      } else if !isCommitting, error.isConflict || error.isUnprepared {
        commit(writes)
      } else {
        condition.note(error.isOutage ? error.storeError : nil)
        for write in writes { write.fail(error.storeError) }
      }
    }
  }

  private func currentTables() throws(PostgreSQLFailure) -> PostgreSQLTables {
    let connection = try session.connection()
    if let tables, tables.isOn(connection) { return tables }
    let made = PostgreSQLTables(connection, key, options.undecided)
    tables = made
    return made
  }

  private func recover(_ error: PostgreSQLFailure) {
    guard error != .disconnected else {
      tables = nil
      return session.reset()
    }
    do throws(PostgreSQLFailure) {
      try tables?.rollback()
    } catch {
      tables = nil
      session.reset()
    }
  }
}
