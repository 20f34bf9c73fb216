public import Profiles

/// A store in one SQLite file, for one server.
///
/// One thread writes, in groups that share a sync (`GroupCommit`). Every reader has a read-only connection of its own,
/// and never waits for the writer (write-ahead log).
public final class SQLiteStore: ProfileStore {
  /// The path of the database.
  public let path: String
  let condition: StoreCondition
  /// The policies that hold in these tenants where they decided nothing themselves.
  let policyDefaults: [TenantID: TenantPolicy]
  /// nil when writes have been refused since the start.
  let writer: GroupCommit<SQLiteWriter>?
  let largeReads: SQLiteReaderThread
  /// For reads that may look at every row of a tenant.
  let scans: SQLiteReaderThread
  let startCheck: SQLiteStartCheck?
  /// Runs at the end when there is no writer to do it.
  private let onStop: @Sendable () -> Void

  /// The store of the database at `path`. Without a `writer`, `condition` says why writes are refused, and `onStop`
  /// runs at the end.
  init(
    path: String, condition: StoreCondition, writer: GroupCommit<SQLiteWriter>?, options: SQLiteOptions,
    onStop: @escaping @Sendable () -> Void = {}
  ) {
    self.onStop = onStop
    self.path = path
    self.condition = condition
    self.writer = writer
    policyDefaults = options.policyDefaults
    largeReads = SQLiteReaderThread(path: path, condition: condition, policyDefaults: policyDefaults)
    scans = SQLiteReaderThread(path: path, condition: condition, policyDefaults: policyDefaults)
    startCheck = options.checksIntegrity ? SQLiteStartCheck(path: path, condition: condition) : nil
  }

  deinit {
    // As `close`, without waiting: this may be the thread that writes.
    guard condition.close() else { return }
    stopReading()
    stopWriting()
  }

  /// See `ProfileStore`.
  public var health: StoreHealth { condition.health }

  /// See `ProfileStore`; the reader opens its connection at once.
  public func makeReader(resume: @escaping Resume) throws(StoreError) -> any ProfileReader {
    guard !condition.isClosed else { throw .closed }
    return SQLiteReader(
      path: path, condition: condition, policyDefaults: policyDefaults, largeReads: largeReads, scans: scans,
      resume: resume)
  }

  /// See `ProfileStore`.
  public func submit(_ write: StoreWrite) {
    guard let writer, !condition.isClosed else {
      return write.fail(condition.isClosed ? .closed : Self.refusal(condition))
    }
    if let refusal = condition.refusal { return write.fail(refusal) }
    writer.submit(write)
  }

  /// Finishes the writes that are queued, empties the write-ahead log, and gives up the lock of the directory. Not to
  /// be called from a completion of this store.
  public func close() {
    guard condition.close() else { return }
    stopReading()
    // The writer closes last: only the last connection can delete the write-ahead log.
    startCheck?.waitForEnd()
    largeReads.waitForEnd()
    scans.waitForEnd()
    stopWriting()
    writer?.waitForEnd()
  }

  private func stopReading() {
    startCheck?.stop()
    largeReads.stop()
    scans.stop()
  }

  private func stopWriting() {
    if let writer { writer.stop() } else { onStop() }
  }

  /// Runs `body` on the writing connection, between two groups. Blocks; never called from the completion of a write.
  ///
  /// Throws a `StoreError` when writes are refused or too many wait, and what `body` throws.
  func withWriter<Answer>(_ body: (SQLiteWriter) throws -> Answer) throws -> Answer {
    guard !condition.isClosed else { throw StoreError.closed }
    guard let writer else { throw Self.refusal(condition) }
    if let refusal = condition.refusal { throw refusal }
    return try writer.borrow(body)
  }

  /// Runs `body` on a read-only connection of its own. Throws a `StoreError`, and what `body` throws.
  func withReadConnection<Answer>(_ body: (SQLiteConnection) throws -> Answer) throws -> Answer {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try SQLiteConnection(path, .readPatiently)
      guard condition.hasFilesInPlace() else { throw SQLiteFailure.misplaced as any Error }
      return try body(connection)
    } catch let failure as SQLiteFailure {
      throw condition.readError(failure)
    }
  }

  private static func refusal(_ condition: StoreCondition) -> StoreError {
    condition.refusal ?? .readOnly("The store takes no writes.")
  }

  /// The journal mode and the `synchronous` setting of the writing connection. Throws a `StoreError` when there is
  /// none.
  package func writerSettings() throws -> SQLiteWriterSettings {
    try withWriter { writer in try SQLiteWriterSettings(of: writer.connection) }
  }
}

/// The settings that make commits durable.
package struct SQLiteWriterSettings: Equatable, Sendable {
  /// `wal` in every durable store.
  package let journalMode: String
  /// 2 stands for FULL: every commit syncs the log.
  package let synchronous: Int

  /// The settings without which no write is acknowledged.
  package static let durable = SQLiteWriterSettings(journalMode: "wal", synchronous: 2)

  /// Reads the settings of a connection.
  init(of connection: SQLiteConnection) throws(SQLiteFailure) {
    self.init(
      journalMode: try connection.value("pragma journal_mode") ?? "",
      synchronous: try connection.value("pragma synchronous").flatMap { Int($0) } ?? 0)
  }

  private init(journalMode: String, synchronous: Int) {
    self.journalMode = journalMode
    self.synchronous = synchronous
  }
}

extension SQLiteStore {
  /// Waits for the check that runs after a start: for tests, which look at its result.
  package func waitForStartCheck() { startCheck?.waitForEnd() }

  /// Limits the file to this many pages, as a full disk would: for tests.
  package func limitWriterPages(to pages: Int) throws {
    try withWriter { writer in
      _ = try writer.connection.value("pragma max_page_count = \(pages)")
    }
  }
}
