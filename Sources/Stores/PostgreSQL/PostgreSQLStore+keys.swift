import Foundation
import Profiles

// MARK: The key of the audit log

extension PostgreSQLStore {
  private static let selectFingerprint = "select value from facet_key where name = 'record'"

  /// The key of the audit log: the one that the database was begun with, or a new one for a database without an audit log.
  /// Throws `PostgreSQLFailure.schema` when the directory has none, or another database's.
  static func auditKey(
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
    guard fingerprint == key.fingerprint else { throw .schema(AuditKey.foreignKeySentence) }
    return key
  }

  /// The key of the audit log in a directory; nil unless it is that of the database.
  static func existingKey(_ directory: String, _ connection: PostgreSQLConnection) throws -> AuditKey? {
    let fingerprint = try connection.first(selectFingerprint)?.bytes(0)
    let key = try AuditKey.existing(in: directory)
    return key?.fingerprint == fingerprint ? key : nil
  }
}

// MARK: Keys of the servers

extension PostgreSQLStore {
  /// Whether a file holds a key that all servers of a database share: one that signs tokens, or the one that seals
  /// links to pages.
  private static func isShared(_ name: String) -> Bool {
    name.wholeMatch(of: /pages\.key|keys\/key-[0-9]{4,}\.pem/) != nil
  }

  /// Synchronises the shared key files of a data directory with the database: with `publishes`, files that the database
  /// lacks are stored there first; then all files of the database are written to the directory. Blocks.
  ///
  /// Throws `StoreError.failed` when a file cannot be read or written, and another `StoreError` when the database
  /// fails.
  public func shareFiles(in directory: String, publishes: Bool) throws {
    if publishes {
      // A write asks every node of a spread database, and one that is away must not keep a server from starting.
      let known = Set(try sharedFiles().map(\.name))
      let names = ["pages.key"] + (try keyFiles(in: directory))
      for name in names where !known.contains(name) {
        let path = "\(directory)/\(name)"
        guard FileManager.default.fileExists(atPath: path) else { continue }
        guard let bytes = FileManager.default.contents(atPath: path) else {
          throw StoreError.failed("\(path) cannot be read. Check its permissions.")
        }
        try withTables { $0.keepFile(name, Array(bytes)) }
      }
    }
    try writeSharedFiles(to: directory)
  }

  /// Stores one key file in the database, unless another server was faster, and then writes the files of the database
  /// to the directory. Blocks. Throws as `shareFiles` does.
  public func shareFile(_ name: String, _ bytes: [UInt8], in directory: String) throws {
    try withTables { $0.keepFile(name, bytes) }
    try writeSharedFiles(to: directory)
  }

  private func writeSharedFiles(to directory: String) throws {
    for file in try sharedFiles() { try write(file.bytes, to: "\(directory)/\(file.name)") }
  }

  /// The files that the database has.
  private func sharedFiles() throws -> [(name: String, bytes: [UInt8])] {
    let files = try withReads { reads in
      try reads.connection.rows(PostgreSQLStatement("", "select name, value from facet_key where name <> 'record'")).map
      {
        row throws(PostgreSQLFailure) in (name: row.text(0), bytes: row.bytes(1))
      }
    }
    return files.filter { Self.isShared($0.name) }
  }

  /// The names of the shared files in the folder `keys`, if it exists. Throws `StoreError.failed` when it cannot be
  /// read.
  private func keyFiles(in directory: String) throws -> [String] {
    let folder = "\(directory)/keys"
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw StoreError.failed("\(folder) cannot be read. Check its permissions.")
    }
    return names.map { "keys/\($0)" }.filter(Self.isShared).sorted()
  }

  /// Writes a file that only its owner can read, completely or not at all, unless it has these bytes already.
  private func write(_ bytes: [UInt8], to path: String) throws {
    guard FileManager.default.contents(atPath: path).map({ Array($0) }) != bytes else { return }
    let folder = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let part = "\(path).\(getpid()).part"
    let isMade = FileManager.default.createFile(
      atPath: part, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
    guard isMade, rename(part, path) == 0 else {
      throw StoreError.failed("\(path) cannot be written. Check its permissions.")
    }
  }
}
