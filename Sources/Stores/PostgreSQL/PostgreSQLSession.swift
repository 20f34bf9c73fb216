import Dispatch
import OData
import Profiles

/// The connection of one thread: opened lazily, reopened after loss.
final class PostgreSQLSession {
  private let access: PostgreSQLAccess
  /// The node that is connected to; nil stands for the URL of the store.
  private let address: PostgreSQLAddress?
  private let lockMilliseconds: Int?
  private var current: PostgreSQLConnection?
  /// The settings of tenants that are cached, for no longer than the connection: after a fail-over the new server may
  /// lack the last commits.
  private(set) var relations: PostgreSQLOwnerRelations
  /// Why no connection could be made, while that is so.
  private(set) var outage: PostgreSQLFailure?
  /// Whether the tables are spread over nodes, as the last connection found.
  private(set) var isDistributed = false

  /// A session that connects with the first read or write, to the node at `address`; nil stands for the URL of the store.
  /// It waits for a lock as long as `lockMilliseconds` says; nil stands for what the database says.
  init(_ access: PostgreSQLAccess, at address: PostgreSQLAddress?, lockMilliseconds: Int? = nil) {
    self.lockMilliseconds = lockMilliseconds
    self.access = access
    self.address = address
    relations = PostgreSQLOwnerRelations(access.options.policyDefaults)
  }

  /// The connection, which is checked to have the form of this program and the audit log of the key. Throws when it
  /// cannot be made or the check fails.
  func connection() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    if let current, !current.isLost { return current }
    do throws(PostgreSQLFailure) {
      let options = access.options
      let made = try PostgreSQLConnection(
        options.url, at: address, namesStatements: options.namesStatements, answerSeconds: options.answerSeconds)
      try PostgreSQLSchema.check(made, access.key)
      isDistributed = try PostgreSQLDistribution.isDone(made)
      if isDistributed { try access.shards.read(made) }
      if let lockMilliseconds { try made.execute("set lock_timeout = '\(lockMilliseconds)ms'") }
      relations = PostgreSQLOwnerRelations(options.policyDefaults)
      (current, outage) = (made, nil)
      return made
    } catch {
      outage = error.isOutage ? error : nil
      throw error
    }
  }

  /// Closes a connection that is of no more use.
  func reset() { current = nil }

  /// Runs reads. The queries that they begin with share one round trip; when that fails, each is tried alone until its
  /// deadline.
  func run(_ reads: [PostgreSQLRead]) {
    // While the server is away, reads past their deadline fail at once: no connection is attempted for them.
    guard let outage else { return runTogether(reads) }
    let now = DispatchTime.now()
    for read in reads where read.deadline <= now { read.fail(outage.storeError) }
    let rest = reads.filter { $0.deadline > now }
    if !rest.isEmpty { runTogether(rest) }
  }

  private func runTogether(_ reads: [PostgreSQLRead]) {
    let connection: PostgreSQLConnection
    let batch: PostgreSQLReadBatch
    let answers: [PostgreSQLRows]
    do throws(PostgreSQLFailure) {
      connection = try self.connection()
      access.shards.readIfOld(connection)
      batch = PostgreSQLReadBatch(reads, access.shards.map, at: address)
    } catch {
      return retryEach(reads, after: error)
    }
    do throws(PostgreSQLFailure) {
      answers = try connection.run(batch.queries)
      guard answers.count == batch.queries.count else { throw .disconnected }
    } catch {
      if batch.hasTransaction, !error.needsNewConnection { endTransaction(connection) }
      return retryEach(reads, after: error)
    }
    batch.deliver(answers) { read, trip, rows in
      guard let rows else {
        // Later reads go where the new map says.
        try? access.shards.read(connection)
        return retry(read, after: .misplaced, isOwn: false)
      }
      do throws(PostgreSQLFailure) {
        try trip.proceed(PostgreSQLReads(connection, relations), rows)
      } catch {
        if error.needsNewConnection { reset() }
        retry(read, after: error, isOwn: true)
      }
    }
  }

  private func retryEach(_ reads: [PostgreSQLRead], after failure: PostgreSQLFailure) {
    if failure.needsNewConnection { reset() }
    for read in reads { retry(read, after: failure, isOwn: reads.count == 1) }
  }

  /// Ends a transaction that a failure has left open.
  private func endTransaction(_ connection: PostgreSQLConnection) {
    do throws(PostgreSQLFailure) {
      _ = try connection.run([PostgreSQLQuery(PostgreSQLTables.rollback)])
    } catch {
      reset()
    }
  }

  /// Tries a read again, alone. `isOwn` tells whether the failure was that of this read, or of one that shared its
  /// round trip.
  private func retry(_ read: PostgreSQLRead, after failure: PostgreSQLFailure, isOwn: Bool) {
    var (failure, isOwn) = (failure, isOwn)
    while true {
      if isOwn || failure.isOutage {
        guard failure.isOutage || failure.isUnprepared, DispatchTime.now() < read.deadline else {
          return read.fail(failure.storeError)
        }
      }
      // The first of many reads that wait for the same server waits for all.
      if isOwn, failure.isOutage || failure.isUnprepared { StoreThread.pause(milliseconds: 50) }
      do throws(PostgreSQLFailure) {
        let connection = try connection()
        return try read.trip.proceed(PostgreSQLReads(connection, relations), try connection.run(read.trip.queries))
      } catch {
        (failure, isOwn) = (error, true)
        if error.needsNewConnection { reset() }
      }
    }
  }
}
