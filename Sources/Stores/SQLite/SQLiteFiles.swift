import Foundation

/// The files of a database that is open: which ones they are, whatever lies under their names later.
///
/// A process that goes on with a file that was moved away acknowledges writes that the next start does not find, and one
/// whose log or index was removed no longer shares them, nor its locks, with a process that opens the database by name.
/// SQLite itself can say so of the database alone (`SQLITE_FCNTL_HAS_MOVED`): of its log it keeps no inode, so that the
/// answer is always no (measured with 3.40; `fileHasMoved` in `os_unix.c`). Hence names are looked up here, without opening anything: to close any
/// descriptor of a database would end the locks that SQLite has on it in this process (POSIX, `fcntl`).
struct SQLiteFiles: Sendable {
  private struct File: Sendable {
    let path: String
    let device: dev_t
    let inode: ino_t

    /// What lies at `path`; nil when nothing can be found out about it.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      self.path = path
      device = status.st_dev
      inode = status.st_ino
    }

    var isInPlace: Bool {
      var status = stat()
      return stat(path, &status) == 0 && status.st_ino == inode && status.st_dev == device
    }
  }

  private let files: [File]

  /// The database that is open at `path`, with its log and the index of that; nil when one is missing. `resolved` is where
  /// SQLite found it, should `path` be a link.
  init?(of path: String, resolved: String) {
    var status = stat()
    let isLink = lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    let files = ((isLink ? [path] : []) + ["", "-wal", "-shm"].map { resolved + $0 }).map { File($0) }
    guard !files.contains(where: { $0 == nil }) else { return nil }
    self.files = files.compactMap { $0 }
  }

  /// The name of the first file that is not the one that was opened; nil while all are.
  var misplaced: String? {
    files.first { !$0.isInPlace }.map { ($0.path as NSString).lastPathComponent }
  }

  /// When a database was last written to, and how long it was then.
  struct Stamp: Equatable {
    private let size: off_t
    private let seconds: time_t
    private let nanoseconds: Int

    /// Of the database at `path`; nil when nothing can be found out about it.
    init?(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      size = status.st_size
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// What an operator reads of a database that another program wrote to.
  static let overwrittenSentence =
    "Another program wrote into the database file while the server had it open, so writes are refused. Stop the server, then "
    + "restore a backup with `facet restore`, which takes the write-ahead log out of the way too."

  /// What an operator reads of a file that is not in its place.
  static func sentence(_ name: String) -> String {
    "The file \(name) was moved, removed or replaced while the server had it open, so writes are refused. Stop the server, "
      + "put the files of the database back as they were, or restore a backup with `facet restore`, then start it."
  }
}
