import Foundation
import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Small files with keys and certificates: read whole, written whole or not at all.
///
/// Every function but `offPool` blocks; `offPool` keeps such work off event loops and the cooperative pool.
public enum PrivateFiles {
  /// What to do with an existing file when another is written to its path.
  public enum ExistingFile: Sendable {
    /// Replace the existing file.
    case replace
    /// Keep the existing file; `write` returns false.
    case keep
  }

  /// Runs blocking work on a thread of its own: queues of Dispatch would take theirs from those of the cooperative pool.
  /// Throws what `work` throws.
  public static func offPool<T: Sendable>(
    _ work: @escaping @Sendable () throws(KeyFileError) -> T
  ) async throws(KeyFileError) -> T {
    let result: Result<T, KeyFileError> = await withCheckedContinuation { continuation in
      Thread {
        let result: Result<T, KeyFileError>
        do throws(KeyFileError) { result = .success(try work()) } catch { result = .failure(error) }
        continuation.resume(returning: result)
      }.start()
    }
    return try result.get()
  }

  /// Makes a directory that only its owner may enter, with its parents, unless it exists. Throws `KeyFileError` when it
  /// cannot.
  static func makeDirectory(_ path: String) throws(KeyFileError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw .unwritable(path: path, reason: reason())
    }
    try makeDirectory(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .unwritable(path: path, reason: reason()) }
  }

  /// The names in a directory, sorted; none when there is no directory. Throws `KeyFileError` when it cannot be read.
  public static func names(in directory: String) throws(KeyFileError) -> [String] {
    guard let stream = opendir(directory) else {
      if errno == ENOENT { return [] }
      throw .unreadable(path: directory, reason: reason())
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// The bytes of a file; nil when there is none. Throws `KeyFileError` when it cannot be read, is longer than
  /// `Limits.keyFileBytesMax`, or is secret and others than its owner can read it.
  public static func readIfPresent(_ path: String, isSecret: Bool) throws(KeyFileError) -> [UInt8]? {
    guard access(path, F_OK) == 0 else {
      if errno == ENOENT { return nil }
      throw .unreadable(path: path, reason: reason())
    }
    return try read(path, bytesMax: Limits.keyFileBytesMax, isSecret: isSecret)
  }

  /// The bytes of a file. Throws `KeyFileError` when it cannot be read, is longer than `bytesMax`, or is secret and
  /// others than its owner can read it.
  static func read(_ path: String, bytesMax: Int, isSecret: Bool = false) throws(KeyFileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: reason()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, reason: reason()) }
    let mode = status.st_mode & 0o777
    guard !isSecret || mode & 0o077 == 0 else { throw .exposed(path: path, mode: String(mode, radix: 8)) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = unsafeRead(descriptor, &piece)
      guard count >= 0 else { throw .unreadable(path: path, reason: reason()) }
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: piece[..<count])
      guard bytes.count <= bytesMax else { throw .tooLarge(path: path) }
    }
  }

  /// Writes a file so that a crash at any moment leaves the old one, the new one or none: writes and syncs a temporary
  /// file, moves it into place, and syncs the directory.
  ///
  /// Returns whether `bytes` are at `path` now. Throws `KeyFileError` when the file cannot be written.
  @discardableResult
  public static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32, existing: ExistingFile
  ) throws(KeyFileError) -> Bool {
    let temporary = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max)).tmp"
    try writeTemporary(bytes, to: temporary, mode: mode_t(mode))
    defer { unlink(temporary) }
    switch existing {
    case .replace:
      guard rename(temporary, path) == 0 else { throw .unwritable(path: path, reason: reason()) }
    case .keep:
      guard link(temporary, path) == 0 else {
        if errno == EEXIST { return false }
        // Some file systems have no hard links; there a rename must do, at the price of a race between processes.
        if [EPERM, ENOSYS, EOPNOTSUPP].contains(errno), rename(temporary, path) == 0 { break }
        throw .unwritable(path: path, reason: reason())
      }
    }
    try syncDirectory(of: path)
    return true
  }

  private static func writeTemporary(_ bytes: [UInt8], to path: String, mode: mode_t) throws(KeyFileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
    guard descriptor >= 0 else { throw .unwritable(path: path, reason: reason()) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Self.unsafeWrite(descriptor, $0) }
      guard count > 0 else {
        let cause = reason()
        unlink(path)
        throw .unwritable(path: path, reason: cause)
      }
      rest = rest.dropFirst(count)
    }
    guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else {
      let cause = reason()
      unlink(path)
      throw .unwritable(path: path, reason: cause)
    }
  }

  private static func syncDirectory(of path: String) throws(KeyFileError) {
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(path: directory, reason: reason()) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: directory, reason: reason()) }
  }

  /// Repeats the call when a signal interrupts it.
  private static func unsafeRead(_ descriptor: Int32, _ piece: inout [UInt8]) -> Int {
    piece.withUnsafeMutableBytes { buffer in
      while true {
        let count = systemRead(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 || errno != EINTR { return count }
      }
    }
  }

  private static func unsafeWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    while true {
      let count = systemWrite(descriptor, bytes.baseAddress, bytes.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  private static func reason() -> String { String(cString: strerror(errno)) }
}

/// The system call, which `PrivateFiles.read` shadows.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

/// The system call, which `PrivateFiles.write` shadows.
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, buffer, count)
}
