import Dispatch
import Foundation
public import OData
public import Profiles
import Synchronization

/// How a store on PostgreSQL is opened.
public struct PostgreSQLOptions: Sendable {
  /// A connection string of libpq: `postgresql://…`, or key and value pairs.
  public let url: String
  /// The directory of the key that authenticates the audit log.
  public let keyDirectory: String
  /// Threads that read, each with a connection. A single one lets more reads share a round trip.
  public var readers = 1
  /// Threads that write, each with a connection; nil means as many as fit the database. Writes of one person keep their
  /// order on one of them.
  public var writers: Int?
  /// Longest time that a read or a write is tried again while the server cannot be reached, in seconds.
  public var retrySeconds = Limits.databaseRetrySeconds
  /// Longest wait for an answer of the server, in seconds.
  public var answerSeconds = Limits.databaseSeconds
  /// Whether statements are named and prepared once; not behind a pool that gives each transaction another connection.
  public var namesStatements = true
  /// What holds in tenants where they decided nothing themselves.
  public var undecided: [TenantID: TenantPolicy] = [:]
  /// Whether a store that was opened before opens as well while the database server is away, as one that refuses writes
  /// until it is back.
  public var opensWithoutServer = false

  /// Opens the database that `url` names.
  public init(url: String, keyDirectory: String) {
    self.url = url
    self.keyDirectory = keyDirectory
  }
}

/// Whether a store is open and takes writes: shared by all its threads.
final class PostgreSQLCondition: Sendable {
  private let closed = Atomic(false)
  private let current = Mutex<StoreError?>(nil)

  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Closes; true the first time.
  func close() -> Bool { !closed.exchange(true, ordering: .acquiringAndReleasing) }

  /// Why writes fail now; nil while they succeed.
  var refusal: StoreError? { current.withLock { $0 } }

  /// Takes note of how the last write went.
  func note(_ failure: StoreError?) { current.withLock { $0 = failure } }

  var health: StoreHealth {
    guard let refusal else { return .healthy }
    return .refusingWrites(refusal.message)
  }
}

/// A store on PostgreSQL, which several servers share. Reads and writes run on threads of their own, because libpq blocks.
public final class PostgreSQLStore: ProfileStore {
  let options: PostgreSQLOptions
  let counter = StoreWriteCounter()
  private let condition = PostgreSQLCondition()
  private let pool: PostgreSQLPool
  /// For reads that may touch every row of a tenant, so that no other waits for one.
  private let largeReads: PostgreSQLPool
  /// Why the server could not be reached at the start, for the operator's eyes.
  public let startFailure: StoreError?
  private let writers: [PostgreSQLWriter]

  /// Connects, and makes the tables when the database is empty. Blocks.
  public init(_ options: PostgreSQLOptions) throws(StoreError) {
    self.options = options
    let condition = condition
    let key: AuditKey
    var isDistributed = false
    var failure: StoreError?
    do throws(PostgreSQLFailure) {
      (key, isDistributed) = try Self.begin(options)
    } catch {
      let known = options.opensWithoutServer && error.isOutage ? try? AuditKey.existing(in: options.keyDirectory) : nil
      guard let known else { throw error.commandError }
      key = known
      failure = error.commandError
      condition.note(error.storeError)
    }
    startFailure = failure
    pool = PostgreSQLPool(options, key, threads: options.readers)
    largeReads = PostgreSQLPool(options, key, threads: 1)
    let count = options.writers ?? (isDistributed ? Limits.distributedWriters : 2)
    writers = (0..<count).map { [counter] _ in PostgreSQLWriter(options, key, condition, counter) }
  }

  /// Makes the tables where there are none, finds the key of the audit log, and whether the tables are spread over nodes.
  private static func begin(_ options: PostgreSQLOptions) throws(PostgreSQLFailure) -> (AuditKey, Bool) {
    let connection = try PostgreSQLConnection(options.url, namesStatements: false)
    try PostgreSQLSchema.migrate(connection)
    return (try auditKey(connection, options.keyDirectory), try PostgreSQLDistribution.isDone(connection))
  }

  private static let selectFingerprint = "select value from facet_key where name = 'record'"

  /// The key of the audit log: the one that the database was begun with.
  private static func auditKey(
    _ connection: PostgreSQLConnection, _ directory: String
  ) throws(PostgreSQLFailure) -> AuditKey {
    let fingerprint = try connection.first(selectFingerprint)?.bytes(0)
    let key: AuditKey
    do throws(StoreOpenError) {
      if let existing = try AuditKey.existing(in: directory) {
        key = existing
      } else {
        guard fingerprint == nil else { throw .foreignKey }
        key = try AuditKey.make(in: directory)
      }
    } catch {
      throw .schema(error.message)
    }
    guard let fingerprint else {
      let insert = PostgreSQLStatement(
        "", "insert into facet_key values ('record', $1::bytea) on conflict (name) do nothing")
      _ = try connection.rows(insert, .bytes(key.fingerprint))
      return try auditKey(connection, directory)
    }
    guard fingerprint == key.fingerprint else { throw .schema(SQLiteStore.foreignKeySentence) }
    return key
  }

  /// See `ProfileStore`.
  public var readsAtOnce: Bool { false }

  /// See `ProfileStore`.
  public var health: StoreHealth { condition.health }

  var isClosed: Bool { condition.isClosed }

  /// The key of the audit log in a directory, if it is that of the database.
  static func existingKey(_ directory: String, _ connection: PostgreSQLConnection) throws -> AuditKey? {
    let fingerprint = try connection.first(selectFingerprint)?.bytes(0)
    let key = try AuditKey.existing(in: directory)
    return key?.fingerprint == fingerprint ? key : nil
  }

  /// See `ProfileStore`.
  public func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader {
    guard !condition.isClosed else { throw .closed }
    return PostgreSQLReader(pool, large: largeReads, resume: resume)
  }

  /// See `ProfileStore`. Writes of one person go to one writer, so that they keep their order.
  public func submit(_ write: StoreWrite) {
    guard !condition.isClosed else { return write.fail(.closed) }
    writers[write.callerKey % writers.count].submit(write)
  }

  /// See `ProfileStore`.
  public func importLines(at time: DateTimeOffset, _ next: () throws -> ImportLine?) throws -> Int {
    try withTables { tables in
      let transfer = DirectoryImport(tables: tables, time: time)
      return try Self.take(transfer, next)
    }
  }

  private static func take(
    _ transfer: DirectoryImport<PostgreSQLTables>, _ next: () throws -> ImportLine?
  ) throws -> Int {
    var transfer = transfer
    var count = 0
    while let line = try next() {
      try transfer.take(line)
      count += 1
    }
    return count
  }

  /// A connection for what a command does with all of the database.
  func commandConnection() throws(PostgreSQLFailure) -> PostgreSQLConnection {
    try PostgreSQLConnection(
      options.url, namesStatements: options.namesStatements, answerSeconds: Limits.databaseCommandSeconds)
  }

  /// Works in one transaction on a connection of its own.
  func withTables<Answer>(_ body: (PostgreSQLTables) throws -> Answer) throws -> Answer {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try commandConnection()
      try PostgreSQLSchema.check(connection)
      let key = try Self.auditKey(connection, options.keyDirectory)
      let tables = PostgreSQLTables(
        connection, key, options.undecided, isDistributed: try PostgreSQLDistribution.isDone(connection))
      try tables.begin(PostgreSQLTables.WriteSet())
      do {
        let answer = try body(tables)
        do throws(PostgreSQLFailure) {
          try tables.commit()
        } catch {
          // The commit may have come before what cut its answer off.
          throw error.isOutage ? .unresolved : error
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

  /// See `ProfileStore`. A transaction that sees one moment, read person by person.
  public func exportLines(_ body: (ImportLine) throws -> Void) throws {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try commandConnection()
      try connection.execute("begin isolation level repeatable read read only")
      try PostgreSQLExport(connection).run(body)
      try connection.execute("commit")
    } catch let failure as PostgreSQLFailure {
      throw failure.commandError
    }
  }

  /// See `ProfileStore`.
  public func changes(of user: UserID, in tenant: TenantID) throws -> [Change] {
    guard !condition.isClosed else { throw StoreError.closed }
    do throws(PostgreSQLFailure) {
      let connection = try PostgreSQLConnection(options.url, namesStatements: false)
      let statement = PostgreSQLStatement(
        "",
        """
        select \(PostgreSQLColumns.change) from record where user_id = $1::text and tenant = $2::text order by position
        """)
      let rows = try connection.rows(statement, .text(user.text), .text(tenant.text))
      return try rows.map { row throws(PostgreSQLFailure) in try row.change() }
    } catch {
      throw error.storeError
    }
  }

  /// See `ProfileStore`.
  public func close() {
    guard condition.close() else { return }
    pool.stop()
    largeReads.stop()
    for writer in writers { writer.stop() }
    pool.waitForEnd()
    largeReads.waitForEnd()
    for writer in writers { writer.waitForEnd() }
  }

  deinit {
    guard condition.close() else { return }
    pool.stop()
    largeReads.stop()
    for writer in writers { writer.stop() }
  }
}

extension StoreWrite {
  /// The person or the group whose writes must keep their order.
  var subject: String? {
    switch self {
    case .item(let operation, _, _): operation.key.user.text
    case .createItem(let operation, _, _): operation.key.user.text
    case .atomic(let operations, _): operations.first?.key.user.text
    case .person(let operation, _): operation.user.text
    case .createPerson(let operation, _, _): operation.user.text
    case .group(let operation, _): operation.group.text
    case .createGroup(let operation, _, _): operation.group.text
    case .replaceAll: nil
    }
  }

  /// The same number for writes that must keep their order.
  fileprivate var callerKey: Int { Self.callerKey(of: subject ?? "") }

  private static func callerKey(of text: String) -> Int {
    text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
  }

  /// What the write touches and asks first, as far as that is known before.
  func note(in writeSet: inout PostgreSQLTables.WriteSet) {
    switch self {
    case .item(let operation, _, _): Self.note(operation, in: &writeSet)
    case .createItem(let operation, _, _): Self.note(operation, in: &writeSet)
    case .atomic(let operations, _): for operation in operations { Self.note(operation, in: &writeSet) }
    case .person(let operation, _): writeSet.users.insert(operation.user)
    case .createPerson(let operation, _, _): writeSet.users.insert(operation.user)
    case .group(let operation, _): writeSet.users.formUnion(operation.people)
    case .createGroup(let operation, _, _): writeSet.users.formUnion(operation.people)
    case .replaceAll: break
    }
  }

  private static func note(_ operation: any ItemOperation, in writeSet: inout PostgreSQLTables.WriteSet) {
    writeSet.users.insert(operation.key.user)
    writeSet.keys.insert(operation.key)
    writeSet.questions.insert(PostgreSQLOwnerRelations.Question(operation.key.user, operation.authorization))
  }
}

/// Reads a whole database, in one transaction.
struct PostgreSQLExport {
  private let connection: PostgreSQLConnection

  init(_ connection: PostgreSQLConnection) { self.connection = connection }

  func run(_ body: (ImportLine) throws -> Void) throws {
    try each("select id, json from tenant t order by id") { row in
      let id = try row.tenantID(0)
      let settings = try PostgreSQLOwnerRelations.decided(id, row.bytes(1))
      if try !settings.isPlain || !isImplied(id) { try body(.tenant(settings)) }
    }
    try each("select \(PostgreSQLColumns.group) from directory_group order by id") { row in
      try body(.group(try row.group()))
    }
    var last = ""
    while true {
      let people = try connection.rows(Self.people, .text(last))
      for row in people.rows.map(PostgreSQLRow.init) {
        let person = try row.person()
        last = person.id.text
        try export(person, body)
      }
      guard !people.rows.isEmpty else { return }
    }
  }

  func export(_ person: StoredUser, _ body: (ImportLine) throws -> Void) throws {
    try body(.user(person))
    for row in try connection.rows(PostgreSQLTables.selectMemberships, .text(person.id.text)).rows.map(
      PostgreSQLRow.init)
    {
      try body(.member(person.id, of: try row.groupID(0)))
    }
    for row in try connection.rows(Self.items, .text(person.id.text)).rows.map(PostgreSQLRow.init) {
      let key = ItemKey(user: person.id, collection: row.text(0), id: try row.itemID(1))
      try body(.item(try row.item(key, from: 2)))
    }
  }

  private func isImplied(_ tenant: TenantID) throws -> Bool {
    try TenantID.builtIn.contains(tenant) || !connection.rows(Self.inhabitants, .text(tenant.text)).rows.isEmpty
  }

  private func each(_ sql: String, _ body: (PostgreSQLRow) throws -> Void) throws {
    for row in try connection.rows(PostgreSQLStatement("", sql)).rows { try body(PostgreSQLRow(row)) }
  }

  private static let people = PostgreSQLStatement(
    "export_people",
    "select \(PostgreSQLColumns.person) from person where user_id > $1::text order by user_id limit 500")
  private static let items = PostgreSQLStatement(
    "export_items",
    "select collection, id, \(PostgreSQLColumns.item) from item where user_id = $1::text order by collection, id")
  private static let inhabitants = PostgreSQLStatement(
    "export_inhabitants",
    """
    select 1::bigint where exists (select 1 from person where tenant = $1::text)
    or exists (select 1 from directory_group where tenant = $1::text)
    """)
}
