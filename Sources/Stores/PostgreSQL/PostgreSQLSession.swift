import Dispatch
import OData
import Profiles

/// What a thread of the store owns: its connection, made when it is first needed and again when it was lost.
final class PostgreSQLSession {
  private let options: PostgreSQLOptions
  private let key: AuditKey
  private var current: PostgreSQLConnection?
  /// What is remembered of tenants, for no longer than a connection: another server may have forgotten something.
  private(set) var relations: PostgreSQLOwnerRelations
  /// Why no connection could be had, while that is so.
  private(set) var outage: PostgreSQLFailure?
  /// Whether the tables are spread over nodes, as the last connection found them.
  private(set) var isDistributed = false

  init(_ options: PostgreSQLOptions, _ key: AuditKey) {
    self.options = options
    self.key = key
    relations = PostgreSQLOwnerRelations(options.policyDefaults)
  }

  /// The connection, checked to have this program's form and the audit log that its key continues.
  func connection() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    if let current, !current.isLost { return current }
    do throws(PostgreSQLFailure) {
      let made = try PostgreSQLConnection(
        options.url, namesStatements: options.namesStatements, answerSeconds: options.answerSeconds)
      try PostgreSQLSchema.check(made, key)
      isDistributed = try PostgreSQLDistribution.isDone(made)
      relations = PostgreSQLOwnerRelations(options.policyDefaults)
      (current, outage) = (made, nil)
      return made
    } catch {
      outage = error.isOutage ? error : nil
      throw error
    }
  }

  /// Lets go of a connection that cannot be used any more.
  func reset() { current = nil }

  /// Runs reads: what they ask first goes out in one round trip. When that fails, each is tried alone until its deadline.
  func run(_ reads: [PostgreSQLRead]) {
    // While the server is away those that waited too long are not what it is tried for.
    guard let outage else { return runTogether(reads) }
    let now = DispatchTime.now()
    for read in reads where read.deadline <= now { read.fail(outage.storeError) }
    let rest = reads.filter { $0.deadline > now }
    if !rest.isEmpty { runTogether(rest) }
  }

  private func runTogether(_ reads: [PostgreSQLRead]) {
    let connection: PostgreSQLConnection
    let answers: [PostgreSQLRows]
    do throws(PostgreSQLFailure) {
      connection = try self.connection()
      answers = try connection.run(reads.flatMap(\.queries))
    } catch {
      if error.needsNewConnection { reset() }
      for read in reads { retry(read, after: error, isOwn: reads.count == 1) }
      return
    }
    var rest = answers[...]
    for read in reads {
      do throws(PostgreSQLFailure) {
        try read.proceed(PostgreSQLReads(connection, relations), Array(rest.prefix(read.queries.count)))
      } catch {
        if error.needsNewConnection { reset() }
        retry(read, after: error, isOwn: true)
      }
      rest = rest.dropFirst(read.queries.count)
    }
  }

  /// Tries a read again, alone. `isOwn` says whether the failure was that of this read, and not of others that went out
  /// with it.
  private func retry(_ read: PostgreSQLRead, after failure: PostgreSQLFailure, isOwn: Bool) {
    var (failure, isOwn) = (failure, isOwn)
    while true {
      if isOwn || failure.isOutage {
        guard failure.isOutage || failure.isUnprepared, DispatchTime.now() < read.deadline else {
          return read.fail(failure.storeError)
        }
      }
      // Of many that wait for the same server the first has waited for all.
      if isOwn, failure.isOutage || failure.isUnprepared { StoreThread.pause(milliseconds: 50) }
      do throws(PostgreSQLFailure) {
        let connection = try connection()
        return try read.proceed(PostgreSQLReads(connection, relations), try connection.run(read.queries))
      } catch {
        (failure, isOwn) = (error, true)
        if error.needsNewConnection { reset() }
      }
    }
  }
}
