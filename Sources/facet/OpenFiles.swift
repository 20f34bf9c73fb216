import OData
import ProfileServer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The operating system's bound on files and connections that a process has open.
enum OpenFiles {
  /// Asks for as many as a server can need, within what is allowed, and returns how many may be open from then on. Shells
  /// often allow 1,024, fewer than `Limits.connectionsMax`.
  static func raiseLimit() throws -> Int {
    var limit = try limit()
    let wanted = max(limit.rlim_cur, rlim_t(Limits.openFilesWanted))
    guard limit.rlim_cur < min(wanted, limit.rlim_max) else { return Int(clamping: limit.rlim_cur) }
    limit.rlim_cur = min(wanted, limit.rlim_max)
    // A system that allows more and does not give it leaves what there was, which is asked for below.
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
