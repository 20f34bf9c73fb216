import Glibc
import OData
import Synchronization

/// The right to write in a data directory. One server at a time has it, in whatever process; it ends with
/// `release`, with this object or with the process.
///
/// What is locked is the directory itself (`flock` of its inode), which no file in it can be moved or removed to undo. The
/// file `facet.lock` is locked as well, because versions before 0.1.0 was released looked at that alone.
public final class DataDirectoryLock: Sendable {
  private let descriptors: Mutex<[Int32]>

  /// Takes the lock of `directory`, or throws `StoreOpenError.inUse` at once when another server has it. A file system that
  /// cannot lock a directory is refused: it is one of a network, on which SQLite's log cannot be shared either.
  public init(directory: String) throws(StoreOpenError) {
    let whole = try Self.locked(directory, O_RDONLY | O_DIRECTORY)
    do throws(StoreOpenError) {
      let file = try Self.locked(directory + "/facet.lock", O_RDWR | O_CREAT)
      descriptors = Mutex([whole, file])
    } catch {
      close(whole)
      throw error
    }
  }

  private static func locked(_ path: String, _ flags: Int32) throws(StoreOpenError) -> Int32 {
    let descriptor = open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unusable(reason: SystemErrorText.text(errno)) }
    var attempts = 1
    // A process that was just started by the holder has the lock too, until it has become what it shall be.
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      guard code == EWOULDBLOCK || code == EINTR, attempts < Limits.lockAttemptsMax else {
        close(descriptor)
        throw code == EWOULDBLOCK ? .inUse : .unlockable(reason: SystemErrorText.text(code))
      }
      attempts += 1
      StoreThread.pause(milliseconds: 10)
    }
    return descriptor
  }

  deinit { release() }

  /// Gives the lock up.
  public func release() {
    let all = descriptors.withLock { descriptors in
      defer { descriptors = [] }
      return descriptors
    }
    for descriptor in all { close(descriptor) }
  }
}

/// Why a store could not be opened at all. Damaged data is not among the reasons: such a store opens and refuses
/// writes.
public enum StoreOpenError: Error, Equatable, Sendable {
  /// Another server has the data directory.
  case inUse
  /// An older version of the program wrote the database, and it was only to be read.
  case older
  /// There is no database at the path, and none was to be made.
  case missing
  /// The directory has the key of a database that is not there.
  case lost
  /// The key of the audit log is missing, or another database's.
  case foreignKey
  /// The key of the audit log is no key, or cannot be read or written; the reason says which.
  case key(reason: String)
  /// The file system cannot lock; the reason is the operating system's.
  case unlockable(reason: String)
  /// The directory cannot be used; the reason is the operating system's.
  case unusable(reason: String)

  /// A sentence for people: what is wrong and what to do.
  public var message: String {
    switch self {
    case .inUse: "Another server uses this data directory. Stop it, or choose another directory with --data."
    case .older:
      "The database was written by an older version of Facet. Start the server once, which brings it up to date."
    case .missing: "There is no Facet database in this data directory. Check the path given with --data."
    case .lost:
      "The data directory has audit.key, the key of a database, but facet.db is missing or empty. Put facet.db back with "
        + "facet.db-wal beside it, or restore a backup with `facet restore`. To begin anew, move audit.key away first."
    case .foreignKey: SQLiteStore.foreignKeySentence
    case .key(let reason):
      "The file audit.key in the data directory \(reason). Put the right one there, readable by this user."
    case .unlockable(let reason):
      "The file system of the data directory cannot lock it: \(reason). Choose a data directory on a local disk."
    case .unusable(let reason):
      "The data directory cannot be used: \(reason). Check that it exists and that this user may write in it."
    }
  }
}

/// Errors of the operating system, as text.
enum SystemErrorText {
  /// What the system says about an error number.
  static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
