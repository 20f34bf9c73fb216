import Dispatch
import OData
import Profiles

/// How PostgreSQL commits a group of writes: what the thread of one group commit owns, with a connection of its own.
///
/// Writes that a lost connection left undone are done again until a deadline. When the reply to COMMIT is lost, the audit log
/// tells whether it committed; that is never guessed. While the server is known to be away, one group a second finds out
/// whether it is back, and the others fail at once.
final class PostgreSQLWriter: GroupCommitWriter {
  /// Which writes a thread does.
  enum Lane {
    /// All that go to its server.
    case only
    /// Those that its node commits alone. What has to wait for other nodes or for a lock goes to the far writers.
    case near(PostgreSQLFarWriters)
    /// Those that may have to wait, which are counted until they are answered.
    case far(PostgreSQLPendingWrites)

    /// The longest wait for a lock, in milliseconds; nil when it has no bound of its own.
    var lockMilliseconds: Int? { if case .near = self { Limits.nodeLockMilliseconds } else { nil } }
  }

  let counter: StoreWriteCounter
  private let access: PostgreSQLAccess
  /// The node that is written; nil stands for the URL of the store.
  private let address: PostgreSQLAddress?
  private let condition: StoreCondition
  private let lane: Lane
  private let session: PostgreSQLSession
  private var tables: PostgreSQLTables?
  /// When a connection was last tried in vain.
  private var lastOutage: DispatchTime?

  /// A writer that connects with the first write, to the node at `address`; nil stands for the URL of the store.
  init(
    _ access: PostgreSQLAccess, at address: PostgreSQLAddress?, _ condition: StoreCondition,
    _ counter: StoreWriteCounter, lane: Lane
  ) {
    self.lane = lane
    self.access = access
    self.address = address
    self.condition = condition
    self.counter = counter
    session = PostgreSQLSession(access, at: address, lockMilliseconds: lane.lockMilliseconds)
  }

  // MARK: Groups

  /// Until when a group is attempted.
  struct Attempt {
    /// The end of all attempts.
    let deadline: DispatchTime
    /// The end of attempts that fail because the server is away: now, if it was away before.
    let patience: DispatchTime
    /// Whether shards must lie where the map says. Once they did not, a write is committed wherever they lie.
    var checksShards = true
    /// Whether the bound on waits for a lock is the one for a group of which a write had to wait.
    var waitsShortly = false
    /// Whether the writes stay on this thread, whatever they wait for, because no other one takes them.
    var isBound = false
  }

  func commit(_ writes: [StoreWrite]) {
    defer { if case .far(let pending) = lane { pending.remove(writes) } }
    if let knownOutage { return writes.forEach { $0.fail(knownOutage) } }
    var own = writes
    if case .near(let far) = lane { own = far.takeFollowing(writes) }
    guard !own.isEmpty else { return }
    for group in groups(own) { commitGroup(group) }
    forgetReceipts()
  }

  func tryCommit(_ writes: [StoreWrite], _ attempt: Attempt?) -> GroupCommitOutcome<Attempt> {
    if attempt == nil, let knownOutage { return .failed(knownOutage) }
    // An earlier write of the person may have been handed over since.
    if writes.count == 1, case .near(let far) = lane, attempt?.isBound != true, far.takeFollowing(writes).isEmpty {
      return .handedOver
    }
    let attempt = attempt ?? firstAttempt()
    do throws(PostgreSQLFailure) {
      let answers = try transact(writes, attempt)
      condition.resume()
      return .committed(answers)
    } catch {
      return outcome(of: error, writes, attempt)
    }
  }

  private func firstAttempt() -> Attempt {
    let now = DispatchTime.now()
    let deadline = now + .seconds(access.options.retrySeconds)
    return Attempt(deadline: deadline, patience: condition.refusal == nil ? deadline : now)
  }

  private func outcome(
    of failure: PostgreSQLFailure, _ writes: [StoreWrite], _ attempt: Attempt
  ) -> GroupCommitOutcome<Attempt> {
    let count = writes.count
    if failure.isOutage {
      lastOutage = .now()
      guard DispatchTime.now() < attempt.patience else { return giveUp(after: failure) }
      StoreThread.pause(milliseconds: 50)
      return .retryGroup(attempt)
    }
    if failure == .misplaced {
      // Later writes go where the new map says.
      _ = try? access.shards.read(session.connection())
      return handOver(writes, attempt)
    }
    if failure == .elsewhere { return count == 1 ? handOver(writes, attempt) : .retryOneByOne(attempt) }
    if failure.isOfLock { return afterLock(writes, attempt) }
    if failure.isConflict || failure.isUnprepared {
      guard DispatchTime.now() < attempt.deadline else { return giveUp(after: failure) }
      guard count == 1 else { return .retryOneByOne(nil) }
      StoreThread.pause(milliseconds: 10)
      return .retryGroup(attempt)
    }
    // Writes whose outcome is unknown may have been committed; doing them again would do them twice.
    guard failure != .unresolved, count > 1 else { return giveUp(after: failure) }
    return .retryOneByOne(nil)
  }

  /// Lets the far writers do the writes; as far as they take none any more, this thread does them.
  private func handOver(_ writes: [StoreWrite], _ attempt: Attempt) -> GroupCommitOutcome<Attempt> {
    var next = attempt
    next.checksShards = false
    next.isBound = true
    guard case .near(let far) = lane, !attempt.isBound else {
      return writes.count == 1 ? .retryGroup(next) : .retryOneByOne(next)
    }
    for write in writes where far.append(write) != nil { commitGroup([write], next) }
    return .handedOver
  }

  /// What follows when a lock was not to be had: most of the writes need another one.
  private func afterLock(_ writes: [StoreWrite], _ attempt: Attempt) -> GroupCommitOutcome<Attempt> {
    guard writes.count > 1 else {
      guard attempt.isBound, DispatchTime.now() >= attempt.deadline else { return handOver(writes, attempt) }
      return .failed(.transient("The person is being written by somebody else."))
    }
    var next = attempt
    next.waitsShortly = true
    return .retryOneByOne(next)
  }

  private func giveUp(after failure: PostgreSQLFailure) -> GroupCommitOutcome<Attempt> {
    if failure.isOutage || failure.isOfSchema { condition.pause(failure.storeError) } else { condition.resume() }
    return .failed(failure.storeError)
  }

  func afterAnswers() {}

  /// Why writes fail at once: the server was tried in vain less than a second ago.
  private var knownOutage: StoreError? {
    guard let refusal = condition.refusal, let lastOutage, DispatchTime.now() < lastOutage + .seconds(1) else {
      return nil
    }
    return refusal
  }

  /// The parts of a group of writes, each of which is a transaction.
  private func groups(_ writes: [StoreWrite]) -> [[StoreWrite]] {
    // Without a connection, what the last one found holds.
    if session.outage == nil { _ = try? session.connection() }
    return access.shards.map?.parts(of: writes) ?? [writes]
  }

  /// Deletes receipts that have expired, where no creation does.
  private func forgetReceipts() {
    guard session.isDistributed else { return }
    // Deleting them asks every node.
    if case .near = lane { return }
    if let time = tables?.takeLastReceiptTime() { access.receiptExpiry.note(time) }
    guard let time = access.receiptExpiry.takeDue() else { return }
    // What fails is tried again after the next interval.
    _ = try? session.connection().rows(PostgreSQLTables.forgetAllReceipts, .int(time.ticks))
  }

  // MARK: The thread

  /// While writes fail, the thread wakes every second to probe whether they would succeed again.
  var sleepSecondsMax: Int? { condition.refusal == nil ? nil : 1 }

  func maintain(isIdle: Bool) {
    if isIdle { probe() }
  }

  func finish() {}

  /// Finds out whether the server takes writes again.
  private func probe() {
    do throws(PostgreSQLFailure) {
      let connection = try session.connection()
      if try connection.first("select pg_is_in_recovery()::int::bigint")?.int64(0) == 0 {
        condition.resume()
      } else {
        session.reset()
      }
    } catch {
      lastOutage = .now()
      session.reset()
      tables = nil
    }
  }

  // MARK: Transactions

  /// Applies writes in one transaction and returns their answers once it is committed. What it throws says that nothing was
  /// committed, except for `unresolved`.
  private func transact(
    _ writes: [StoreWrite], _ attempt: Attempt
  ) throws(PostgreSQLFailure) -> [() -> Void] {
    var answers: [() -> Void] = []
    let tables: PostgreSQLTables
    let commitsFirst: Bool
    do throws(PostgreSQLFailure) {
      tables = try currentTables()
      var writeSet = PostgreSQLWriteSet()
      for write in writes { write.add(to: &writeSet) }
      if attempt.checksShards {
        writeSet.localShards = access.shards.map?.shards(of: writes, allAt: address) ?? []
      }
      writeSet.isOfOwnNode = !writeSet.localShards.isEmpty && writes.allSatisfy(\.isOfOnePlace)
      if !attempt.isBound { writeSet.farViewers = farViewers(of: writeSet) }
      writeSet.settings = settings(of: writes, attempt)
      commitsFirst = !access.shards.isSpread || !writeSet.localShards.isEmpty
      try tables.begin(writeSet)
      let applier = WriteApplier(tables)
      for write in writes { answers.append(try applier.apply(write)) }
    } catch {
      recover(error)
      throw error
    }
    let commitProof = tables.commitProof
    let ended = commitsFirst ? PostgreSQLEndedMemberships() : tables.endedMemberships
    do throws(PostgreSQLFailure) {
      try tables.commit()
    } catch {
      recover(error)
      // A transaction without a row in the audit log changed nothing, or nothing that doing it again would not change in the
      // same way. After any other outage, even one that the server itself reports, the commit may have come before it.
      guard error.mayFollowCommit, let commitProof else { throw error }
      guard try wasCommitted(commitProof, until: attempt.deadline) else { throw error }
    }
    try waitForEnd(of: ended, until: attempt.deadline)
    return answers
  }

  /// The settings of a transaction by which it keeps no other node from its work.
  private func settings(of writes: [StoreWrite], _ attempt: Attempt) -> [PostgreSQLStatement] {
    guard session.isDistributed else { return [] }
    if attempt.waitsShortly, !attempt.isBound { return PostgreSQLTransactionSettings.ofNextLock }
    return writes.allSatisfy(\.isOfOnePlace) ? [] : PostgreSQLTransactionSettings.ofSeveralNodes
  }

  /// The viewers about whom another node would have to be asked, where this thread waits for no other one.
  private func farViewers(of writeSet: PostgreSQLWriteSet) -> Set<String> {
    guard case .near = lane, let map = access.shards.map else { return [] }
    let lookups = writeSet.ownerLookups.filter { $0.isOfTwo && map.shard(of: $0.viewerPlace)?.node != address }
    return Set(lookups.map(\.viewer))
  }

  /// Waits until memberships that a transaction ended have ended on every node. Throws `unresolved` when a node is away for
  /// longer: it may still show what their people may no longer see.
  private func waitForEnd(
    of ended: PostgreSQLEndedMemberships, until deadline: DispatchTime
  ) throws(PostgreSQLFailure) {
    while !ended.isEmpty {
      if let isLeft = try? ended.isLeft(session.connection()) {
        guard isLeft else { return }
      } else {
        session.reset()
      }
      guard DispatchTime.now() < deadline else { throw .unresolved }
      StoreThread.pause(milliseconds: 50)
    }
  }

  /// Whether a transaction was committed, once it is not under way any more. A new connection asks the node that ran it.
  /// Throws `unresolved` when that cannot be found out.
  private func wasCommitted(
    _ commitProof: PostgreSQLCommitProof, until deadline: DispatchTime
  ) throws(PostgreSQLFailure) -> Bool {
    while true {
      do throws(PostgreSQLFailure) {
        switch try commitProof.outcome(session.connection()) {
        case .committed: return true
        case .notCommitted: return false
        case .underWay: break
        }
      } catch {
        session.reset()
        // A look-up that fails does not say that nothing was committed.
        guard error.mayFollowCommit else { throw .unresolved }
      }
      guard DispatchTime.now() < deadline + .seconds(Limits.databaseSeconds) else { throw .unresolved }
      StoreThread.pause(milliseconds: 50)
    }
  }

  private func currentTables() throws(PostgreSQLFailure) -> PostgreSQLTables {
    let connection = try session.connection()
    if let tables, tables.isOn(connection) { return tables }
    let made = PostgreSQLTables(
      connection, access.key, access.options.policyDefaults, isDistributed: session.isDistributed)
    tables = made
    return made
  }

  /// Makes the connection ready for the next transaction, or lets go of it.
  private func recover(_ error: PostgreSQLFailure) {
    guard !error.isOutage, !error.isUnprepared else {
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
