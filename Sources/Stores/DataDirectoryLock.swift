import Glibc
import OData
import Synchronization

/// The right to write in a data directory. One server at a time has it, in whatever process; it ends with
/// `release`, with this object or with the process.
public final class DataDirectoryLock: Sendable {
  private let descriptor: Mutex<Int32?>

  /// Takes the lock of `directory`, or throws `StoreOpenError.inUse` at once when another server has it.
  public init(directory: String) throws(StoreOpenError) {
    let descriptor = open(directory + "/facet.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unusable(reason: SystemFailure.text(errno)) }
    var attempts = 1
    // A process that was just started by the holder has the lock too, until it has become what it shall be.
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK, attempts < Limits.lockAttemptsMax {
      attempts += 1
      StoreThread.pause(milliseconds: 10)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      throw code == EWOULDBLOCK ? .inUse : .unusable(reason: SystemFailure.text(code))
    }
    self.descriptor = Mutex(descriptor)
  }

  deinit { release() }

  /// Gives the lock up.
  public func release() {
    let descriptor = descriptor.withLock { $0.take() }
    if let descriptor { close(descriptor) }
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
  /// The directory cannot be used; the reason is the operating system's.
  case unusable(reason: String)

  /// A sentence for people: what is wrong and what to do.
  public var message: String {
    switch self {
    case .inUse: "Another server uses this data directory. Stop it, or choose another directory with --data."
    case .older:
      "The database was written by an older version of Facet. Start the server once, which brings it up to date."
    case .missing: "There is no Facet database in this data directory. Check the path given with --data."
    case .unusable(let reason):
      "The data directory cannot be used: \(reason). Check that it exists and that this user may write in it."
    }
  }
}

/// Errors of the operating system, as text.
enum SystemFailure {
  /// What the system says about an error number.
  static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
