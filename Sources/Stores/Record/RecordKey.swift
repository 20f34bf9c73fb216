import Crypto
import Foundation

/// The key that authenticates the record. It is kept outside the database, so that whoever can write in the database
/// alone cannot make rows that pass `facet check`.
struct RecordKey: Sendable {
  /// What every code begins with: the key is worked in once.
  private let beginning: HMAC<SHA256>

  /// A key from its bytes.
  init(_ bytes: [UInt8]) { beginning = HMAC<SHA256>(key: SymmetricKey(data: bytes)) }

  static let bytesCount = 32
  /// Length of a code, in bytes.
  static let codeBytes = SHA256.byteCount

  /// Tells keys apart without saying anything of them.
  var fingerprint: [UInt8] { authenticate(Array("facet record key".utf8)) }

  /// HMAC with SHA-256 (RFC 2104) of `bytes`.
  func authenticate(_ bytes: [UInt8]) -> [UInt8] {
    var code = beginning
    bytes.withUnsafeBytes { code.update(data: UnsafeRawBufferPointer($0)) }
    return code.finalize().withUnsafeBytes { Array($0) }
  }
}

extension RecordKey {
  /// Where the key of a data directory lies.
  static func path(in directory: String) -> String { directory + "/record.key" }

  /// The key of a data directory; nil when there is none yet.
  static func existing(in directory: String) throws(StoreOpenError) -> RecordKey? {
    let path = path(in: directory)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw .unusable(reason: "record.key cannot be read: \(SystemFailure.text(errno))") }
      return nil
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: bytesCount + 1)
    guard Glibc.read(descriptor, &bytes, bytes.count) == bytesCount else {
      throw .unusable(reason: "record.key does not hold a key")
    }
    return RecordKey(Array(bytes.prefix(bytesCount)))
  }

  /// Makes a key for a directory that has none, readable by its owner alone and on the disk before it is used.
  static func make(in directory: String) throws(StoreOpenError) -> RecordKey {
    let path = path(in: directory)
    let part = "\(path).\(getpid()).part"
    let bytes = (0..<bytesCount).map { _ in UInt8.random(in: .min ... .max) }
    let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unusable(reason: SystemFailure.text(errno)) }
    defer { unlink(part) }
    let isWritten = write(descriptor, bytes, bytesCount) == bytesCount && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten, link(part, path) == 0, syncDirectory(directory) else {
      throw .unusable(reason: "record.key cannot be written: \(SystemFailure.text(errno))")
    }
    return RecordKey(bytes)
  }

  private static func syncDirectory(_ directory: String) -> Bool {
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return fsync(descriptor) == 0
  }
}
