import CPostgreSQL
import Glibc
import OData

/// A connection in pipeline mode (PostgreSQL documentation, section 34.5): queries that are sent together take one
/// round trip. Belongs to one thread, which it blocks.
final class PostgreSQLConnection {
  private let connection: OpaquePointer
  private let namesStatements: Bool
  private let answerSeconds: Int
  private var prepared: Set<PostgreSQLStatement> = []

  /// What a connection is used for, by which operators tell it from others (`application_name`).
  enum Purpose: String {
    case requests = "facet"
    /// To find out whether a node answers.
    case watch = "facet-watch"
  }

  /// Connects with a connection string of libpq, and everything that libpq reads beside it: TLS, password file,
  /// service; `address` takes the place of host and port. An answer that takes longer than `answerSeconds` counts as a lost
  /// connection.
  ///
  /// Throws `unreachable` when the server cannot be reached or refuses the connection.
  init(
    _ url: String, at address: PostgreSQLAddress? = nil, namesStatements: Bool,
    answerSeconds: Int = Limits.databaseSeconds, for purpose: Purpose = .requests
  ) throws(PostgreSQLFailure) {
    self.answerSeconds = answerSeconds
    guard let connection = Self.connect(url, address, purpose) else { throw .unreachable("there is no memory for it") }
    self.connection = connection
    self.namesStatements = namesStatements
    // When a later line throws, `deinit` closes the connection.
    guard PQstatus(connection) == CONNECTION_OK else { throw .unreachable(Self.reason(connection)) }
    // By default libpq writes notices to standard error.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else { throw .disconnected }
  }

  deinit { PQfinish(connection) }

  /// The URL overrides the parameters before it, and the address those of the URL (libpq lets the last of equal keywords
  /// win).
  private static func connect(_ url: String, _ address: PostgreSQLAddress?, _ purpose: Purpose) -> OpaquePointer? {
    let parameters =
      [
        ("connect_timeout", "\(Limits.databaseConnectSeconds)"), ("fallback_application_name", purpose.rawValue),
        // Without these, a host that drops every packet is noticed only when an answer takes too long.
        ("tcp_user_timeout", "\(Limits.databaseUnacknowledgedSeconds * 1_000)"),
        ("keepalives_idle", "\(Limits.databaseUnacknowledgedSeconds)"),
        ("keepalives_interval", "\(Limits.databaseUnacknowledgedSeconds)"), ("dbname", url),
      ] + (address.map { [("host", $0.host), ("port", "\($0.port)")] } ?? [])
      + (purpose == .watch ? [("connect_timeout", "\(Limits.nodeConnectSeconds)")] : [])
    let texts = parameters.flatMap { [strdup($0.0), strdup($0.1)] }
    defer { for text in texts { free(text) } }
    func column(_ first: Int) -> [UnsafePointer<CChar>?] {
      stride(from: first, to: texts.count, by: 2).map { UnsafePointer(texts[$0]) } + [nil]
    }
    return PQconnectdbParams(column(0), column(1), 1)
  }

  /// Why the connection could not be made, in one line.
  private static func reason(_ connection: OpaquePointer) -> String {
    let message = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
    return message.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
  }

  /// Whether an answer is missing: the next one would be taken for it.
  private var isBroken = false

  /// Whether the connection was lost.
  var isLost: Bool { isBroken || PQstatus(connection) != CONNECTION_OK }

  /// Sends queries and waits for their rows. Without an explicit transaction they share one. Throws the failure of the
  /// first that fails; none after it was run.
  func run(_ queries: [PostgreSQLQuery]) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
    guard !isLost else { throw .disconnected }
    do throws(PostgreSQLFailure) {
      return try sendAndReceive(queries)
    } catch {
      if error == .disconnected { isBroken = true }
      throw error
    }
  }

  private func sendAndReceive(_ queries: [PostgreSQLQuery]) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
    guard !queries.isEmpty else { return [] }
    var fresh: [PostgreSQLStatement?] = []
    var known = prepared
    for query in queries {
      let isFresh = namesStatements && !query.statement.name.isEmpty && known.insert(query.statement).inserted
      fresh.append(isFresh ? query.statement : nil)
      try send(query, preparing: isFresh)
    }
    guard PQpipelineSync(connection) == 1 else { throw .disconnected }
    return try receive(fresh)
  }

  /// Runs one statement.
  func rows(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) throws(PostgreSQLFailure) -> PostgreSQLRows
  {
    guard let rows = try run([PostgreSQLQuery(statement, values: values)]).first else { throw .disconnected }
    return rows
  }

  /// Runs a statement without a name, which is used once, and returns its first row.
  func first(_ sql: String) throws(PostgreSQLFailure) -> PostgreSQLRow? {
    try rows(PostgreSQLStatement("", sql)).first
  }

  /// Runs a statement without a name and ignores its rows, such as one of a schema.
  func execute(_ sql: String) throws(PostgreSQLFailure) {
    _ = try rows(PostgreSQLStatement("", sql))
  }

  // MARK: Sending

  private func send(_ query: PostgreSQLQuery, preparing: Bool) throws(PostgreSQLFailure) {
    let isNamed = namesStatements && !query.statement.name.isEmpty
    if preparing {
      guard PQsendPrepare(connection, query.statement.name, query.statement.sql, 0, nil) == 1 else {
        throw .disconnected
      }
    }
    let parameters = PostgreSQLParameters(query.values)
    let isSent = parameters.withPointers { pointers, lengths, formats in
      let count = Int32(query.values.count)
      return isNamed
        ? PQsendQueryPrepared(connection, query.statement.name, count, pointers, lengths, formats, 1)
        : PQsendQueryParams(connection, query.statement.sql, count, nil, pointers, lengths, formats, 1)
    }
    // libpq gathers what a pipeline sends, and does not wait for room.
    guard isSent == 1 else { throw .disconnected }
  }

  // MARK: Receiving

  /// Receives the rows of each query, and whether a statement that precedes it was prepared: that holds even when a
  /// later query fails.
  private func receive(_ fresh: [PostgreSQLStatement?]) throws(PostgreSQLFailure) -> [PostgreSQLRows] {
    var answers: [PostgreSQLRows] = []
    var failure: PostgreSQLFailure?
    for statement in fresh {
      if let statement, try result(&failure) != nil { prepared.insert(statement) }
      if let rows = try result(&failure) { answers.append(rows) }
    }
    guard let sync = try nextResult(), PQresultStatus(sync) == PGRES_PIPELINE_SYNC else { throw .disconnected }
    PQclear(sync)
    guard let failure else { return answers }
    // The name belongs to another client's statement, or the server has lost the connection's statements.
    if failure.isUnprepared { prepared.removeAll() }
    throw failure
  }

  /// The rows of one command, up to the end of its results; nil when it failed or was not run.
  private func result(_ failure: inout PostgreSQLFailure?) throws(PostgreSQLFailure) -> PostgreSQLRows? {
    var rows: PostgreSQLRows?
    while let result = try nextResult() {
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: rows = Self.rows(of: result)
      case PGRES_PIPELINE_ABORTED: break
      default:
        guard let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))) else { throw .disconnected }
        failure = failure ?? .state(String(cString: state))
      }
    }
    return rows
  }

  /// Waits for the next result; nil at the end of a command.
  private func nextResult() throws(PostgreSQLFailure) -> OpaquePointer? {
    while PQisBusy(connection) == 1 {
      let unsent = PQflush(connection)
      guard unsent >= 0 else { throw .disconnected }
      var descriptor = pollfd(
        fd: PQsocket(connection), events: Int16(POLLIN) | (unsent == 1 ? Int16(POLLOUT) : 0), revents: 0)
      guard poll(&descriptor, 1, Int32(clamping: answerSeconds * 1_000)) != 0 else { throw .disconnected }
      guard PQconsumeInput(connection) == 1 else { throw .disconnected }
    }
    let result = PQgetResult(connection)
    if result == nil, isLost { throw .disconnected }
    return result
  }

  private static func rows(of result: OpaquePointer) -> PostgreSQLRows {
    let (rowCount, columnCount) = (PQntuples(result), PQnfields(result))
    var rows: [[[UInt8]?]] = []
    rows.reserveCapacity(Int(rowCount))
    for row in 0..<rowCount {
      rows.append(
        (0..<columnCount).map { column in
          guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else { return nil }
          let count = Int(PQgetlength(result, row, column))
          return start.withMemoryRebound(to: UInt8.self, capacity: count) {
            Array(UnsafeBufferPointer(start: $0, count: count))
          }
        })
    }
    let changes = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    return PostgreSQLRows(rows: rows, changes: changes)
  }
}
