import Foundation
import GRDB
import Profiles

/// Why a backup or a restore did not happen. What was there before is unchanged.
public enum BackupError: Error, Equatable, Sendable {
  /// A file exists where the backup would be written.
  case exists
  /// There is no file to restore.
  case missing
  /// The file is not a complete Facet database; the sentence says why.
  case notABackup(String)
  /// Reading or writing failed; the reason is the system's.
  case failed(reason: String)

  /// A sentence for people: what is wrong and what to do.
  public var message: String {
    switch self {
    case .exists: "The backup was not written: the file exists already. Choose another name."
    case .missing: "There is no such backup file. Check its path."
    case .notABackup(let sentence): "The file was not restored. \(sentence)"
    case .failed(let reason): "It failed: \(reason). Check the disk and its free space, then try again."
    }
  }
}

extension SQLiteStore {
  /// Copies one snapshot of the database into a new file, while others read and write. The file is complete and on the
  /// disk when it appears.
  ///
  /// Throws `exists` when there is a file at `target`, and `failed` when reading or writing fails.
  public func backup(to target: String) throws(BackupError) {
    guard !FileManager.default.fileExists(atPath: target) else { throw .exists }
    let part = Self.partPath(beside: target)
    defer { unlink(part) }
    do {
      try withReadConnection { try Self.copy($0, to: part) }
    } catch {
      throw .failed(reason: Self.reason(error))
    }
    try Self.sync(part)
    // A link never replaces a file, which a rename would.
    guard link(part, target) == 0 else {
      throw errno == EEXIST ? .exists : .failed(reason: SystemErrorText.text(errno))
    }
    try Self.sync(Self.directory(of: target))
  }

  /// Replaces the database at `path` by a backup, completely or not at all. It takes the lock of the directory: no
  /// server may run on it.
  ///
  /// Throws `StoreOpenError` when the directory cannot be locked, and `BackupError` when the backup is not restored.
  public static func restore(from backup: String, to path: String) throws {
    let lock = try DataDirectoryLock(directory: directory(of: path))
    defer { lock.release() }
    guard FileManager.default.fileExists(atPath: backup) else { throw BackupError.missing }
    let part = partPath(beside: path)
    defer { unlink(part) }
    do {
      let source = try SQLiteConnection(backup, .readPatiently)
      try validate(source)
      try copy(source, to: part)
    } catch let error as BackupError {
      throw error
    } catch {
      throw BackupError.notABackup(reason(error))
    }
    try sync(part)
    try settleLog(of: path)
    guard rename(part, path) == 0 else { throw BackupError.failed(reason: SystemErrorText.text(errno)) }
    try sync(directory(of: path))
  }

  private static func validate(_ source: SQLiteConnection) throws {
    do throws(SQLiteSchema.Refusal) {
      // One of an older program is brought up to date when a server starts on it.
      guard try SQLiteSchema.origin(of: source) != .empty else { throw SQLiteSchema.Refusal.foreign }
    } catch {
      throw BackupError.notABackup(error.message)
    }
    guard try source.value("pragma integrity_check(1)") == "ok" else {
      throw BackupError.notABackup("It is damaged. Choose another backup.")
    }
  }

  private static func copy(_ source: SQLiteConnection, to part: String) throws {
    guard makePrivateFile(part) else { throw BackupError.failed(reason: SystemErrorText.text(errno)) }
    let target = try SQLiteConnection(part, .copy)
    try source.queue.backup(to: target.queue)
    target.leaveGRDB()
    // The copy is marked as one with a write-ahead log; a file that travels alone must not need one.
    try target.execute("pragma journal_mode = delete")
    try target.queue.close()
  }

  /// Empties the log of the database that will be replaced: it would otherwise be applied to the new one. When the
  /// database is too damaged for that, it is kept aside with its log.
  private static func settleLog(of path: String) throws(BackupError) {
    guard FileManager.default.fileExists(atPath: path) else { return removeLog(of: path) }
    do throws(SQLiteFailure) {
      let old = try SQLiteConnection(path, .write)
      try old.execute("pragma wal_checkpoint(truncate)")
    } catch {
      let aside = "\(path).damaged-\(Int(Date().timeIntervalSince1970))"
      guard link(path, aside) == 0 else { throw .failed(reason: SystemErrorText.text(errno)) }
      rename("\(path)-wal", "\(aside)-wal")
    }
    removeLog(of: path)
  }

  private static func removeLog(of path: String) {
    unlink("\(path)-wal")
    unlink("\(path)-shm")
  }

  private static func partPath(beside target: String) -> String { "\(target).\(UUID().uuidString).part" }

  /// Syncs a directory, or a file that no connection of this process has open.
  private static func sync(_ path: String) throws(BackupError) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed(reason: SystemErrorText.text(errno)) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .failed(reason: SystemErrorText.text(errno)) }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case BackupError.failed(let reason): reason
    case let error as StoreError: "\(error)"
    default: SQLiteFailure(error).reason
    }
  }
}
