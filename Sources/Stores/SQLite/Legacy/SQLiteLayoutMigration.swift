import Foundation
import GRDB
import OData
import Profiles

/// Replaces a database of the former layout (`SQLiteLegacySchema`) by a copy in the present one.
///
/// The copy is written into a new file beside the database, in transactions that record the progress, so that an
/// interrupted copy is continued. It is synced and then renamed over the database. Until then the database stays
/// complete, and a program that knows the last form of the former layout can still write it: the copy then begins anew.
/// The caller holds the lock of the data directory.
struct SQLiteLayoutMigration {
  private let path: String
  private let key: AuditKey
  private let options: SQLiteOptions

  /// Migrates the database that `old` has open for writing, and closes that connection: the file is another one then.
  /// `key` authenticates the audit log.
  ///
  /// Throws a `StoreError` with a sentence for the operator, `SQLiteSchema.Refusal` and `SQLiteFailure`. The database
  /// is then as it was, or in the last form of the former layout.
  static func run(_ old: SQLiteConnection, _ key: AuditKey, _ options: SQLiteOptions) throws {
    guard let path = old.resolvedPath else { throw SQLiteFailure.misplaced }
    let migration = SQLiteLayoutMigration(path: path, key: key, options: options)
    try migration.prepare(old)
    options.onMigration?(.started)
    let source = try migration.source(old)
    do {
      try migration.copy(source)
    } catch let failure as SQLiteFailure where failure.isDamage {
      // It may be the copy that is damaged.
      removeCopy(of: path)
      throw failure
    }
    try migration.replace(old, source)
    options.onMigration?(.finished)
  }

  // MARK: The database

  /// Migrates the database to the last form of the former layout, and empties its write-ahead log into the file.
  private func prepare(_ old: SQLiteConnection) throws {
    do {
      try SQLiteLegacySchema.migrator(key).migrate(old.queue)
    } catch {
      throw SQLiteSchema.Refusal.failure(SQLiteFailure(error))
    }
    guard try old.value("select hex(key) from chains") == SQLiteStore.hexadecimal(key.fingerprint) else {
      throw StoreError.readOnly(AuditKey.foreignKeySentence)
    }
    try emptyLog(old)
  }

  private func emptyLog(_ old: SQLiteConnection) throws {
    guard try old.emptyLog(waitingMilliseconds: SQLiteConnection.busyMilliseconds) != .partial else {
      throw StoreError.readOnly(
        "Another program reads the database, which is to be copied into the new layout. End it, then restart the server."
      )
    }
  }

  /// Identifies one state of the database: by its audit log, and by size and time of its file, which any later write
  /// changes.
  private func source(_ old: SQLiteConnection) throws -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { throw SQLiteFailure.misplaced }
    let auditLog = try old.value("select hex(key) || ' ' || count || ' ' || hex(sum) from chains") ?? ""
    return "\(auditLog) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }

  // MARK: The copy

  /// Where the copy of the database at `path` is written.
  static func copyPath(of path: String) -> String { "\(path).new-layout" }

  /// Removes a copy that was not completed.
  static func removeCopy(of path: String) {
    for suffix in ["", "-journal", "-wal", "-shm"] { unlink(copyPath(of: path) + suffix) }
  }

  /// Completes the copy, and closes it.
  private func copy(_ source: String) throws {
    let resumed = resumed(source)
    if resumed == nil { Self.removeCopy(of: path) }
    try checkSpace()
    let new = try resumed ?? begun()
    defer { new.close() }
    new.leaveGRDB()
    try new.execute("pragma cache_size = -\(Limits.writeCacheKiB)")
    // Its statements must be released before the connections are closed.
    try complete(new, source)
  }

  private func complete(_ new: SQLiteConnection, _ source: String) throws {
    let old = try SQLiteConnection(path, .readPatiently)
    defer { old.close() }
    try SQLiteLayoutCopy(old, new, options).run(from: source)
  }

  /// The interrupted copy of the same state of the database; nil when there is none.
  private func resumed(_ source: String) -> SQLiteConnection? {
    let path = Self.copyPath(of: path)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    // A file that is not such a copy, or cannot be read, may be removed: nothing is lost with it.
    guard let new = try? SQLiteConnection(path, .copy), (try? SQLiteSchema.checkCurrent(new)) != nil,
      let begun = try? SQLiteLayoutCopy.source(of: new)
    else { return nil }
    return begun == source ? new : nil
  }

  /// A new copy, which is still empty.
  private func begun() throws -> SQLiteConnection {
    let path = Self.copyPath(of: path)
    guard SQLiteStore.makePrivateFile(path) else { throw Self.failure(errno) }
    let new = try SQLiteConnection(path, .copy)
    try SQLiteSchema.migrate(new, key)
    return new
  }

  // MARK: Space

  /// The bytes that are free for this user on the disk of a directory; nil when the system does not say.
  static func freeBytes(in directory: String) -> Int64? {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    return Int64(clamping: status.f_bavail) * Int64(clamping: status.f_frsize)
  }

  /// Throws unless there is room for a copy as large as the database. The copy is smaller, but sorting its indexes
  /// needs room, too.
  private func checkSpace() throws {
    let needed = Self.bytes(of: path) - Self.bytes(of: Self.copyPath(of: path))
    guard let free = options.freeBytes(SQLiteStore.directory(of: path)), free < needed else { return }
    throw StoreError.readOnly(
      "The database must be copied into a new layout once. That takes \(1 + needed >> 20) MiB of disk space, and "
        + "\(free >> 20) MiB are free. Nothing was changed. Make room, then restart the server.")
  }

  private static func bytes(of path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  // MARK: The place of the database

  /// Replaces the database by the complete copy. The write-ahead log of the database must be gone by then, or it would
  /// be taken for that of the copy. A command of an older build, which ignores the lock of the directory, may have
  /// written meanwhile; the migration then fails, so that this write is not lost.
  private func replace(_ old: SQLiteConnection, _ source: String) throws {
    let directory = SQLiteStore.directory(of: path)
    try options.beforeMigrationStep?()
    try Self.sync(Self.copyPath(of: path))
    try emptyLog(old)
    guard try self.source(old) == source else {
      throw StoreError.readOnly(
        "Another program wrote into the database while it was copied into the new layout. End it, then restart the server."
      )
    }
    do {
      // The last connection to close removes the log by its name, which will be that of the copy.
      try old.queue.close()
    } catch {
      throw SQLiteFailure(error)
    }
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    try Self.sync(directory)
    try options.beforeMigrationStep?()
    guard rename(Self.copyPath(of: path), path) == 0 else { throw Self.failure(errno) }
    try options.beforeMigrationStep?()
    try Self.sync(directory)
  }

  /// Syncs a directory, or a file that no connection of this process has open.
  private static func sync(_ path: String) throws(StoreError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(errno) }
  }

  private static func failure(_ code: Int32) -> StoreError {
    .readOnly(
      "The database cannot be copied into the new layout: \(SystemErrorText.text(code)). Correct the cause, then restart "
        + "the server.")
  }
}
