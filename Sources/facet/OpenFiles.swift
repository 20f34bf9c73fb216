import OData
import ProfileServer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The operating system's limit on the open files of this process (`RLIMIT_NOFILE`), connections included.
enum OpenFiles {
  /// Raises the soft limit to what a server can need, as far as the hard limit allows, and returns the limit that then
  /// holds. Shells often set 1,024, fewer than `Limits.connectionsMax`.
  ///
  /// - Throws: `CommandFailure` when the system does not report the limit.
  static func raiseLimit() throws -> Int {
    var limit = try limit()
    let wanted = max(limit.rlim_cur, rlim_t(Limits.openFilesWanted))
    guard limit.rlim_cur < min(wanted, limit.rlim_max) else { return Int(clamping: limit.rlim_cur) }
    limit.rlim_cur = min(wanted, limit.rlim_max)
    // A failure leaves the old limit in place, which is read again below.
    _ = setrlimit(resource, &limit)
    return Int(clamping: try self.limit().rlim_cur)
  }

  private static func limit() throws -> rlimit {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else {
      throw CommandFailure("The system does not say how many files may be open: \(String(cString: strerror(errno))).")
    }
    return limit
  }

  #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let resource = RLIMIT_NOFILE
  #endif
}
