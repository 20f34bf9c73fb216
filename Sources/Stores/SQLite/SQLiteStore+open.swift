import Foundation
import Profiles

/// How a store is opened.
public struct SQLiteOptions: Sendable {
  /// Whether the integrity of the file is checked in the background after the start.
  public var checksIntegrity: Bool
  /// Runs on the writer's thread before every commit of a group: tests look there for answers that came too early.
  package var beforeCommit: (@Sendable () -> Void)?

  /// The options of a server.
  public init(checksIntegrity: Bool = true) { self.checksIntegrity = checksIntegrity }
}

extension SQLiteStore {
  /// Opens the database at `path` for reading and writing, and makes it when there is none.
  ///
  /// Throws only when the directory cannot be used. Damaged or unknown data opens: `health` then says what was found,
  /// writes are refused, and reads fail where they meet the damage.
  public static func open(
    _ path: String, options: SQLiteOptions = SQLiteOptions()
  ) throws(StoreOpenError) -> SQLiteStore {
    let lock = try DataDirectoryLock(directory: directory(of: path))
    return open(path, options: options) { lock.release() }
  }

  /// Opens the database at `path` for reading only, beside the server that may own it.
  public static func openReadOnly(_ path: String) throws(StoreOpenError) -> SQLiteStore {
    guard FileManager.default.fileExists(atPath: path) else { throw .missing }
    let condition = SQLiteCondition()
    condition.refuse(.readOnly("This command opened the data for reading only."))
    return SQLiteStore(path: path, condition: condition, writer: nil, checksIntegrity: false)
  }

  /// A store that lasts until it is closed: in memory, where the system keeps files there.
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
    return open("\(directory)/facet.db", options: options) {
      try? FileManager.default.removeItem(atPath: directory)
    }
  }

  /// The directory that `path` lies in.
  static func directory(of path: String) -> String {
    let directory = (path as NSString).deletingLastPathComponent
    return directory.isEmpty ? "." : directory
  }

  /// `onEnd` is kept until the last write is done, then called.
  private static func open(
    _ path: String, options: SQLiteOptions, onEnd: @escaping @Sendable () -> Void
  ) -> SQLiteStore {
    let condition = SQLiteCondition()
    do {
      let writer = try startWriter(path, condition, options, onEnd)
      return SQLiteStore(
        path: path, condition: condition, writer: writer, checksIntegrity: options.checksIntegrity)
    } catch {
      condition.refuse(refusal(of: error))
      return SQLiteStore(path: path, condition: condition, writer: nil, checksIntegrity: false, onStop: onEnd)
    }
  }

  private static func startWriter(
    _ path: String, _ condition: SQLiteCondition, _ options: SQLiteOptions, _ onEnd: @escaping @Sendable () -> Void
  ) throws -> SQLiteWriter {
    makePrivateFile(path)
    let connection = try SQLiteConnection(path, .write)
    try SQLiteSchema.migrate(connection)
    guard try SQLiteWriterSettings(of: connection) == .durable else {
      throw StoreError.readOnly(
        "This disk does not let SQLite keep a write-ahead log. Choose a data directory on a local disk.")
    }
    return try SQLiteWriter(connection, condition: condition, options: options, onEnd: onEnd)
  }

  private static func refusal(of error: any Error) -> StoreError {
    switch error {
    case let error as StoreError: error
    case SQLiteSchema.Refusal.failure(let failure): refusal(of: failure)
    case let refusal as SQLiteSchema.Refusal: .readOnly(refusal.message)
    case let failure as SQLiteFailure where failure.isDamage: failure.storeError
    case let failure as SQLiteFailure: .readOnly(SQLiteSchema.Refusal.failure(failure).message)
    default: .readOnly("The database cannot be opened. Correct the cause, then restart the server.")
    }
  }

  /// A new database is readable by its owner alone; SQLite gives the files beside it the same permissions.
  private static func makePrivateFile(_ path: String) {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 { Glibc.close(descriptor) }
  }
}
