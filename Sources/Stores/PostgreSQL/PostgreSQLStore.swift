import OData
public import Profiles

/// A store on PostgreSQL, which several servers share. Reads and writes run on threads of their own, because libpq
/// blocks.
public final class PostgreSQLStore: ProfileStore {
  let options: PostgreSQLOptions
  let condition = StoreCondition()
  /// Counts the groups of all writers.
  let counter = StoreWriteCounter()
  /// The threads that read and write.
  let nodes: PostgreSQLNodes
  /// Why the database server could not be reached at the start; nil when it could. For the operator's eyes alone.
  public let startFailure: StoreError?

  /// Connects, and creates the tables when the database is empty. Blocks.
  ///
  /// Throws `StoreError.unavailable` when the server cannot be reached, unless `opensWithoutServer` lets the store open
  /// nevertheless, and `StoreError.readOnly` when the database has the form of another version or another audit log
  /// key, or a node lacks a setting that writes need.
  public init(_ options: PostgreSQLOptions) throws(StoreError) {
    self.options = options
    let key: AuditKey
    let shards = PostgreSQLShards()
    var failure: StoreError?
    do throws(PostgreSQLFailure) {
      key = try Self.prepare(options, condition, shards)
    } catch {
      let known = options.opensWithoutServer && error.isOutage ? try? AuditKey.existing(in: options.keyDirectory) : nil
      guard let known else { throw error.commandError }
      key = known
      failure = error.commandError
      condition.pause(error.storeError)
    }
    startFailure = failure
    nodes = PostgreSQLNodes(PostgreSQLAccess(options: options, key: key, shards: shards), condition, counter)
  }

  /// Creates the tables where there are none, and finds the key of the audit log. Where the tables are spread over nodes,
  /// reads which node holds which shard, and checks the settings of the nodes.
  private static func prepare(
    _ options: PostgreSQLOptions, _ condition: StoreCondition, _ shards: PostgreSQLShards
  ) throws(PostgreSQLFailure) -> AuditKey {
    let connection = try PostgreSQLConnection(options.url, namesStatements: false)
    if try PostgreSQLSchema.isToBeMigrated(connection) {
      // What is done to every row may take longer than an answer to a request.
      let patient = try PostgreSQLConnection(
        options.url, namesStatements: false, answerSeconds: Limits.databaseCommandSeconds)
      try PostgreSQLSchema.migrate(patient)
    }
    try PostgreSQLSchema.check(connection)
    if try PostgreSQLDistribution.isDone(connection) {
      condition.warning = try PostgreSQLNodeSettings.check(connection)
      try shards.read(connection)
    }
    return try auditKey(connection, options.keyDirectory)
  }

  deinit {
    // As `close`, without waiting: this may be a thread of the store.
    guard condition.close() else { return }
    nodes.stop()
  }

  /// See `ProfileStore`.
  public var health: StoreHealth { nodes.health }

  /// See `ProfileStore`.
  public func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader {
    guard !condition.isClosed else { throw .closed }
    return PostgreSQLReader(nodes, resume: resume)
  }

  /// See `ProfileStore`.
  public func submit(_ write: StoreWrite) {
    guard !condition.isClosed else { return write.fail(.closed) }
    nodes.node(of: write.place).submit(write)
  }

  /// See `ProfileStore`.
  public func close() {
    guard condition.close() else { return }
    nodes.stop()
    nodes.waitForEnd()
  }
}

// MARK: Connections of commands

extension PostgreSQLStore {
  /// A connection for a command, which may read or write all of a database.
  func commandConnection() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    try PostgreSQLConnection(
      options.url, namesStatements: options.namesStatements, answerSeconds: Limits.databaseCommandSeconds)
  }

  /// Runs `body` in one transaction on a connection of its own. Throws a `StoreError`, and what `body` throws.
  func withTables<Answer>(_ body: (PostgreSQLTables) throws -> Answer) throws -> Answer {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try commandConnection()
      try PostgreSQLSchema.check(connection)
      let key = try Self.auditKey(connection, options.keyDirectory)
      let tables = PostgreSQLTables(
        connection, key, options.policyDefaults, isDistributed: try PostgreSQLDistribution.isDone(connection))
      try tables.begin(PostgreSQLWriteSet())
      do {
        let answer = try body(tables)
        do throws(PostgreSQLFailure) {
          try tables.commit()
        } catch {
          // The server may have committed before the outage cut its reply off.
          throw error.mayFollowCommit ? .unresolved : error
        }
        return answer
      } catch {
        try? tables.rollback()
        throw error
      }
    } catch let failure as PostgreSQLFailure {
      throw failure.commandError
    }
  }

  /// Runs `body` on one snapshot, on a connection of its own. Throws a `StoreError`, and what `body` throws.
  func withReads<Answer>(_ body: (PostgreSQLReads) throws -> Answer) throws -> Answer {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try commandConnection()
      try PostgreSQLSchema.check(connection)
      try connection.execute("begin isolation level repeatable read read only")
      let answer = try body(PostgreSQLReads(connection, PostgreSQLOwnerRelations(options.policyDefaults)))
      try connection.execute("commit")
      return answer
    } catch let failure as PostgreSQLFailure {
      throw failure.commandError
    }
  }
}
