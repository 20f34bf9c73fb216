import Foundation
import OData
import Profiles

extension SQLiteStore {
  /// Opens the database at `path` for reading and writing, and creates it when there is none. Damaged or unknown data
  /// opens: `health` then tells what was found, writes are refused, and reads fail where they meet the damage.
  ///
  /// Throws `StoreOpenError` when the directory cannot be used or another server uses it, and `lost` when the directory
  /// has the key of a database that is gone.
  public static func open(
    _ path: String, options: SQLiteOptions = SQLiteOptions()
  ) throws(StoreOpenError) -> SQLiteStore {
    let lock = try DataDirectoryLock(directory: directory(of: path))
    do throws(StoreOpenError) {
      return try open(path, options: options) { lock.release() }
    } catch {
      lock.release()
      throw error
    }
  }

  /// Opens the database at `path` for reading only, beside the server that may own it. Throws `StoreOpenError.missing`
  /// when there is none, and `older` when an older program wrote it.
  public static func openReadOnly(_ path: String) throws(StoreOpenError) -> SQLiteStore {
    guard bytes(of: path) > 0 else { throw .missing }
    guard !isOlder(path) else { throw .older }
    let condition = StoreCondition()
    condition.refuse(.readOnly("This command opened the data for reading only."))
    return SQLiteStore(path: path, condition: condition, writer: nil, options: SQLiteOptions(checksIntegrity: false))
  }

  /// Whether an older program wrote the database and none has migrated it since. Damage shows when the database is
  /// read.
  private static func isOlder(_ path: String) -> Bool {
    do {
      try SQLiteSchema.checkCurrent(try SQLiteConnection(path, .readPatiently))
    } catch let refusal as SQLiteSchema.Refusal {
      return refusal == .older
    } catch {
      return false
    }
    return false
  }

  /// Opens the database at `path` for one short write, such as a change of a tenant's settings, even beside the server
  /// that owns it. `onMigration` is as in `SQLiteOptions`. Throws `StoreOpenError` as `open` does, and `missing` when a
  /// server uses the directory and its database is gone.
  public static func openBeside(
    _ path: String, onMigration: (@Sendable (SQLiteMigrationProgress) -> Void)? = nil
  ) throws(StoreOpenError) -> SQLiteStore {
    var options = SQLiteOptions(checksIntegrity: false)
    options.onMigration = onMigration
    do throws(StoreOpenError) {
      return try open(path, options: options)
    } catch .inUse {
      // The database of a running server is not created anew.
      guard FileManager.default.fileExists(atPath: path) else { throw .missing }
      options.isOwner = false
      return try open(path, options: options) {}
    }
  }

  /// Opens a store that lasts until it is closed: in memory, where the system keeps files there. Throws
  /// `StoreOpenError.unusable` when no directory can be made for it.
  public static func temporary(options: SQLiteOptions = SQLiteOptions()) throws(StoreOpenError) -> SQLiteStore {
    let memory = "/dev/shm"
    let parent =
      FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
    let directory = "\(parent)/facet-\(UUID().uuidString)"
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      throw .unusable(reason: "no temporary directory could be made")
    }
    return try open("\(directory)/facet.db", options: options) {
      try? FileManager.default.removeItem(atPath: directory)
    }
  }

  /// The directory that `path` lies in.
  static func directory(of path: String) -> String {
    let directory = (path as NSString).deletingLastPathComponent
    return directory.isEmpty ? "." : directory
  }

  /// Opens the database. `onEnd` runs after the last write.
  private static func open(
    _ path: String, options: SQLiteOptions, onEnd: @escaping @Sendable () -> Void
  ) throws(StoreOpenError) -> SQLiteStore {
    let condition = StoreCondition()
    do {
      let writer = try startWriterPatiently(path, condition, options, onEnd)
      return SQLiteStore(path: path, condition: condition, writer: writer, options: options)
    } catch StoreOpenError.lost {
      throw .lost
    } catch {
      condition.refuse(refusal(of: error))
      return SQLiteStore(
        path: path, condition: condition, writer: nil, options: SQLiteOptions(checksIntegrity: false), onStop: onEnd)
    }
  }

  /// Starts the writer, again when the disk or the memory fails: an error may pass.
  private static func startWriterPatiently(
    _ path: String, _ condition: StoreCondition, _ options: SQLiteOptions, _ onEnd: @escaping @Sendable () -> Void
  ) throws -> GroupCommit<SQLiteWriter> {
    for _ in 1..<Limits.failedAttemptsMax {
      do {
        return try startWriter(path, condition, options, onEnd)
      } catch let error {
        guard failure(behind: error)?.mayPass == true else { throw error }
      }
    }
    return try startWriter(path, condition, options, onEnd)
  }

  private static func failure(behind error: any Error) -> SQLiteFailure? {
    switch error {
    case let failure as SQLiteFailure: failure
    case SQLiteSchema.Refusal.failure(let failure): failure
    default: nil
    }
  }

  private static func startWriter(
    _ path: String, _ condition: StoreCondition, _ options: SQLiteOptions, _ onEnd: @escaping @Sendable () -> Void
  ) throws -> GroupCommit<SQLiteWriter> {
    guard !isGone(path) else { throw StoreOpenError.lost }
    makePrivateFile(path)
    var connection = try SQLiteConnection(path, .write)
    let (key, isPending) = try auditKey(connection, directory(of: path))
    if try copyIntoPresentLayout(connection, key, options) { connection = try SQLiteConnection(path, .write) }
    try SQLiteSchema.migrate(connection, key)
    guard try connection.value("select hex(key) from audit_total") == hexadecimal(key.fingerprint) else {
      throw StoreError.readOnly(AuditKey.foreignKeySentence)
    }
    guard try SQLiteWriterSettings(of: connection) == .durable else {
      throw StoreError.readOnly(
        "This disk does not let SQLite keep a write-ahead log. Choose a data directory on a local disk.")
    }
    if isPending { try AuditKey.confirmPending(in: directory(of: path)) }
    guard let files = SQLiteFiles(of: path, resolved: connection.resolvedPath ?? path) else {
      throw SQLiteFailure.misplaced
    }
    condition.watchFiles {
      files.misplaced.map { .readOnly(SQLiteFiles.sentence($0)) }
    }
    return GroupCommit(try SQLiteWriter(connection, key, condition: condition, options: options), onEnd: onEnd)
  }

  /// Copies a database of the former layout into the present one and closes its connection. Returns false for a
  /// database of the present layout. Throws `older` when a server has such a database open.
  private static func copyIntoPresentLayout(
    _ connection: SQLiteConnection, _ key: AuditKey, _ options: SQLiteOptions
  ) throws -> Bool {
    switch try SQLiteSchema.origin(of: connection) {
    case .legacy:
      guard options.isOwner else { throw SQLiteSchema.Refusal.older }
      try SQLiteLayoutMigration.run(connection, key, options)
      return true
    case .empty, .present:
      // An unfinished copy may be left of a database that a backup has replaced.
      if options.isOwner, let path = connection.resolvedPath { SQLiteLayoutMigration.removeCopy(of: path) }
      return false
    }
  }

  /// Whether the database is gone to which the key of the audit log or a write-ahead log belongs. To be asked before
  /// SQLite opens anything: beside an empty database file it deletes the log, which may hold everything.
  private static func isGone(_ path: String) -> Bool {
    guard bytes(of: path) == 0 else { return false }
    return FileManager.default.fileExists(atPath: AuditKey.path(in: directory(of: path)))
      || bytes(of: path + "-wal") > 0
  }

  /// The size of a file in bytes; 0 when there is none.
  private static func bytes(of path: String) -> off_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_size : 0
  }

  /// The key of the audit log, and whether its database is still being created. A new key is made only when no row was
  /// made with another. A key without a database is not taken for that of a new one: its database is missing. While a
  /// database is being created its key has another name (`AuditKey.confirmPending`), so that the next start can
  /// complete one that was cut off.
  private static func auditKey(
    _ connection: SQLiteConnection, _ directory: String
  ) throws -> (key: AuditKey, isPending: Bool) {
    let hasAuditLog = try SQLiteSchema.hasAuditLog(connection)
    if let key = try AuditKey.existing(in: directory) {
      guard try hasAuditLog || !SQLiteSchema.isEmpty(connection) else { throw StoreOpenError.lost }
      return (key, false)
    }
    if let key = try AuditKey.pending(in: directory) { return (key, true) }
    guard !hasAuditLog else { throw StoreError.readOnly(AuditKey.foreignKeySentence) }
    return (try AuditKey.makePending(in: directory), true)
  }

  /// Bytes as hexadecimal digits, in the form of SQLite's `hex`.
  static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let digits = String(byte, radix: 16, uppercase: true)
      return digits.count == 1 ? "0\(digits)" : digits
    }.joined()
  }

  private static func refusal(of error: any Error) -> StoreError {
    switch error {
    case let error as StoreError: error
    case let error as StoreOpenError: .readOnly(error.message)
    case SQLiteSchema.Refusal.failure(let failure): refusal(of: failure)
    case let refusal as SQLiteSchema.Refusal: .readOnly(refusal.message)
    case let failure as SQLiteFailure where failure.isDamage: failure.storeError
    case let failure as SQLiteFailure: .readOnly(SQLiteSchema.Refusal.failure(failure).message)
    default: .readOnly("The database cannot be opened. Correct the cause, then restart the server.")
    }
  }

  /// Creates a file that only its owner can read; SQLite gives the files beside it the same permissions. Returns
  /// whether it was created now.
  ///
  /// The file is never opened by hand: closing any descriptor of a database ends the locks that SQLite has on it in
  /// this process.
  @discardableResult
  static func makePrivateFile(_ path: String) -> Bool { mknod(path, S_IFREG | 0o600, 0) == 0 }
}
