#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The identity of the files of an open database, whatever lies under their names later.
///
/// A process that goes on with a file that was moved away acknowledges writes that the next start does not find. One
/// whose log or index was removed no longer shares them, nor its locks, with a process that opens the database by name.
/// SQLite can report that for the database alone (`SQLITE_FCNTL_HAS_MOVED`): it keeps no inode of its log, for which
/// the answer is always no (measured with 3.40; `fileHasMoved` in `os_unix.c`). So the names are looked up here,
/// without opening anything: closing any descriptor of a database would end the locks that SQLite has on it in this
/// process (POSIX, `fcntl`).
struct SQLiteFiles: Sendable {
  private struct File: Sendable {
    /// As a C string, since the writer looks it up twice for each commit.
    let path: ContiguousArray<CChar>
    /// The last component of the path.
    let name: String
    let device: dev_t
    let inode: ino_t

    /// The file at `path`; nil when it cannot be examined.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      self.path = path.utf8CString
      name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(decoding: $0, as: UTF8.self) } ?? ""
      device = status.st_dev
      inode = status.st_ino
    }

    var isInPlace: Bool {
      var status = stat()
      return path.withUnsafeBufferPointer { $0.baseAddress.map { stat($0, &status) } } == 0 && status.st_ino == inode
        && status.st_dev == device
    }
  }

  private let files: [File]

  /// The database that is open at `path`, with its log and the index of the log; nil when one of them is missing.
  /// `resolved` is the path with links resolved.
  init?(of path: String, resolved: String) {
    var status = stat()
    let isLink = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    let files = ((isLink ? [path] : []) + ["", "-wal", "-shm"].map { resolved + $0 }).map { File($0) }
    guard !files.contains(where: { $0 == nil }) else { return nil }
    self.files = files.compactMap { $0 }
  }

  /// The name of the first file that is not the one that was opened; nil while all are in place.
  var misplaced: String? {
    files.first { !$0.isInPlace }?.name
  }

  /// When a database file was last written to, and its size then.
  struct Stamp: Equatable {
    private let size: off_t
    private let seconds: time_t
    private let nanoseconds: Int

    /// The stamp of the file at `path`; nil when it cannot be examined.
    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      size = status.st_size
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// The sentence for operators when another program wrote to the database.
  static let overwrittenSentence =
    "Another program wrote into the database file while the server had it open, so writes are refused. Stop the server, then "
    + "restore a backup with `facet restore`, which takes the write-ahead log out of the way too."

  /// The sentence for operators when a file is not in its place.
  static func sentence(_ name: String) -> String {
    "The file \(name) was moved, removed or replaced while the server had it open, so writes are refused. Stop the server, "
      + "put the files of the database back as they were, or restore a backup with `facet restore`, then start it."
  }
}
