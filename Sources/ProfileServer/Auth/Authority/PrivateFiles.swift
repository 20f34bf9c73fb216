import NIOPosix
import OData

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a key or certificate file cannot be used. Names of files are shown, never what they hold.
public enum KeyFileError: Error, Equatable, Sendable {
  /// `reason` is the operating system's.
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  /// Others than the owner can read a private key.
  case exposed(path: String, mode: String)
  case broken(path: String)
  case tooLarge(path: String)
  case tooMany(directory: String)
  /// A key is gone that cannot be made again without making clients distrust the server.
  case missing(path: String)
  /// A directory that had keys a moment ago has none.
  case noKeys(directory: String)
  /// The library makes no key.
  case notMade
  /// The servers share their keys, and what they share them by cannot be reached; `reason` is a sentence.
  case notShared(reason: String)
  /// A host name that a certificate cannot hold.
  case invalidHost

  /// What was wrong and what to do.
  public var message: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason). Make it readable for the account that the server runs under."
    case .unwritable(let path, let reason):
      "\(path) cannot be written: \(reason). Check the directory's owner, permissions and free space."
    case .exposed(let path, let mode):
      "\(path) can be read by others (mode \(mode)). Run: chmod 600 '\(path)', and consider a new key."
    case .broken(let path):
      "\(path) does not hold what it should. Restore it from a backup, or move it away to have a new one made."
    case .tooLarge(let path): "\(path) is larger than \(Limits.keyFileBytesMax) bytes. Restore it from a backup."
    case .tooMany(let directory):
      "\(directory) holds more than \(Limits.keyFilesMax) keys. Remove the oldest; their tokens have expired."
    case .missing(let path):
      "\(path) is missing. Restore it from a backup, or move its whole directory away to have all of it made anew; "
        + "clients must then trust the new certificate."
    case .noKeys(let directory):
      "\(directory) has lost its keys while they were read. Restore them from a backup, or start again to have a new one "
        + "made; tokens of the others end then."
    case .notMade: "No key could be made to sign tokens with. Restart the server; if it stays so, report it."
    case .notShared(let reason):
      "The key that signs tokens could not be shared with the other servers, and is not used before it is: \(reason)"
    case .invalidHost:
      "The host of --public-url or --host is neither an IP address nor a host name in ASCII. Write it in its "
        + "ASCII form."
    }
  }
}

/// Small files with keys and certificates: read whole, written whole or not at all.
///
/// Every function here blocks; `offPool` moves such work away from event loops and from the cooperative pool.
enum PrivateFiles {
  /// How a written file takes its place.
  enum Placement: Sendable {
    /// A file that is already there is replaced.
    case replacing
    /// A file that is already there is kept, and the answer is false.
    case exclusive
  }

  /// Runs blocking work on a thread made for it.
  static func offPool<T: Sendable>(_ work: @escaping @Sendable () throws(KeyFileError) -> T) async throws(KeyFileError)
    -> T
  {
    let result: Result<T, KeyFileError>
    do {
      result = try await NIOThreadPool.singleton.runIfActive {
        do throws(KeyFileError) { return .success(try work()) } catch { return .failure(error) }
      }
    } catch {
      throw .unreadable(path: "The key directory", reason: "the process is stopping")
    }
    return try result.get()
  }

  /// Makes a directory that only its owner may enter, unless there is one, with its parents.
  static func makeDirectory(_ path: String) throws(KeyFileError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw .unwritable(path: path, reason: reason())
    }
    try makeDirectory(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .unwritable(path: path, reason: reason()) }
  }

  /// The names in a directory, sorted; a directory that is not there has none.
  static func names(in directory: String) throws(KeyFileError) -> [String] {
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

  /// The bytes of a file, or nil when there is none.
  static func readIfPresent(_ path: String, isSecret: Bool) throws(KeyFileError) -> [UInt8]? {
    guard access(path, F_OK) == 0 else {
      if errno == ENOENT { return nil }
      throw .unreadable(path: path, reason: reason())
    }
    return try read(path, bytesMax: Limits.keyFileBytesMax, isSecret: isSecret)
  }

  /// The bytes of a file. A secret one that others can read is refused.
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

  /// Writes a file so that a crash at any moment leaves the old one, the new one or none: a temporary file is
  /// written, synced, moved into place, and the directory is synced.
  @discardableResult
  static func write(
    _ bytes: [UInt8], to path: String, mode: mode_t, placement: Placement
  ) throws(KeyFileError) -> Bool {
    let temporary = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max)).tmp"
    try writeTemporary(bytes, to: temporary, mode: mode)
    defer { unlink(temporary) }
    switch placement {
    case .replacing:
      guard rename(temporary, path) == 0 else { throw .unwritable(path: path, reason: reason()) }
    case .exclusive:
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

  /// A call that a signal interrupted is made again.
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

/// The system call, which `PrivateFiles.read` would hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, buffer, count)
}

/// The system call, which `PrivateFiles.write` would hide.
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, buffer, count)
}
