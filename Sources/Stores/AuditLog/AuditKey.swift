import Crypto
import Foundation

/// The key that authenticates the audit log. It is kept outside the database: write access to the database alone does
/// not suffice to make rows that pass `facet check`.
struct AuditKey: Sendable {
  /// The inner and the outer hash of RFC 2104 after the block of the key, with which every code begins. swift-crypto's
  /// `HMAC` keeps only the inner one, and hashes the key into the outer one again for every code.
  private let inner, outer: SHA256

  /// A key from its bytes, at most `SHA256.blockByteCount`.
  init(_ bytes: [UInt8]) {
    let block = bytes + [UInt8](repeating: 0, count: max(0, SHA256.blockByteCount - bytes.count))
    inner = Self.hash(of: block, masked: 0x36)
    outer = Self.hash(of: block, masked: 0x5C)
  }

  private static func hash(of block: [UInt8], masked mask: UInt8) -> SHA256 {
    var hash = SHA256()
    hash.update(data: block.map { $0 ^ mask })
    return hash
  }

  static let bytesCount = 32
  /// The length of a code, in bytes.
  static let codeBytes = SHA256.byteCount

  /// Identifies the key without revealing anything about it.
  var fingerprint: [UInt8] { authenticate(Array("facet record key".utf8)) }

  /// The sentence for operators when the key is missing, or is not the one that the database was begun with.
  static let foreignKeySentence =
    "The file audit.key (or record.key, its former name) is missing, or is not the one that this database was begun with. Put the right one into the data "
    + "directory, then restart the server."

  /// HMAC with SHA-256 (RFC 2104) of `bytes`.
  func authenticate(_ bytes: [UInt8]) -> [UInt8] {
    var (inner, outer) = (inner, outer)
    bytes.withUnsafeBytes { inner.update(bufferPointer: $0) }
    inner.finalize().withUnsafeBytes { outer.update(bufferPointer: $0) }
    return outer.finalize().withUnsafeBytes { Array($0) }
  }
}

extension AuditKey {
  /// The names of the key file. Directories that version 0.1.0 began have the older one, which they keep.
  private static let names = ["audit.key", "record.key"]

  /// The path of the key of a data directory, or of a new one.
  static func path(in directory: String) -> String { path(in: directory, suffix: "") }

  private static func path(in directory: String, suffix: String) -> String {
    let paths = names.map { "\(directory)/\($0)\(suffix)" }
    return paths.first { access($0, F_OK) == 0 } ?? paths[0]
  }

  /// The key of a data directory; nil when there is none yet. Throws `StoreOpenError.key` when the file cannot be read
  /// or does not hold a key.
  static func existing(in directory: String) throws(StoreOpenError) -> AuditKey? { try read(path(in: directory)) }

  private static func read(_ path: String) throws(StoreOpenError) -> AuditKey? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw .key(reason: "cannot be read: \(SystemErrorText.text(errno))") }
      return nil
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: bytesCount + 1)
    guard Glibc.read(descriptor, &bytes, bytes.count) == bytesCount else {
      throw .key(reason: "does not hold a key")
    }
    return AuditKey(Array(bytes.prefix(bytesCount)))
  }

  // MARK: Beginning

  /// The path of a key until its database has a first row.
  private static func pendingPath(in directory: String) -> String { path(in: directory, suffix: ".new") }

  /// The key of a database that is being created; nil when there is none. Throws as `existing` does.
  static func pending(in directory: String) throws(StoreOpenError) -> AuditKey? { try read(pendingPath(in: directory)) }

  /// Makes a key for a database that is being created. Throws `StoreOpenError.key` when it cannot be written.
  static func makePending(in directory: String) throws(StoreOpenError) -> AuditKey {
    try make(in: directory, at: pendingPath(in: directory))
  }

  /// Gives the key of a database that has been created its final name, which no other key has. Throws
  /// `StoreOpenError.key` when that fails.
  static func confirmPending(in directory: String) throws(StoreOpenError) {
    guard link(pendingPath(in: directory), path(in: directory)) == 0, syncDirectory(directory) else {
      throw .key(reason: "cannot be written: \(SystemErrorText.text(errno))")
    }
    unlink(pendingPath(in: directory))
  }

  /// Makes a key for a directory that has none, readable by its owner alone and on the disk before it is used. Throws
  /// `StoreOpenError.key` when it cannot be written.
  static func make(in directory: String) throws(StoreOpenError) -> AuditKey {
    try make(in: directory, at: path(in: directory))
  }

  private static func make(in directory: String, at path: String) throws(StoreOpenError) -> AuditKey {
    let part = "\(path).\(getpid()).part"
    let bytes = (0..<bytesCount).map { _ in UInt8.random(in: .min ... .max) }
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .key(reason: "cannot be written: \(SystemErrorText.text(errno))") }
    defer { unlink(part) }
    let isWritten = write(descriptor, bytes, bytesCount) == bytesCount && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten, link(part, path) == 0, syncDirectory(directory) else {
      throw .key(reason: "cannot be written: \(SystemErrorText.text(errno))")
    }
    return AuditKey(bytes)
  }

  private static func syncDirectory(_ directory: String) -> Bool {
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }
}
