import Glibc
import OData
import Synchronization

/// The right to write in a data directory. One server at a time has it, in whatever process; it ends with
/// `release`, with this object or with the process.
///
/// What is locked is the directory itself (`flock` of its inode): no file in it can be moved or removed to undo the lock. The
/// file `facet.lock` is locked as well, because versions before 0.1.0 looked only at that.
public final class DataDirectoryLock: Sendable {
  private let descriptors: Mutex<[Int32]>

  /// Takes the lock of `directory`.
  ///
  /// Throws `StoreOpenError.inUse` at once when another server has it, `unlockable` when the file system cannot lock a
  /// directory (that of a network, on which SQLite's log cannot be shared either), and `unusable` when it cannot be opened.
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
    // A child that the holder has just forked shares the lock until it calls exec.
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
