#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The operating system's bound on files and connections that a process has open.
enum OpenFiles {
  /// Asks for as many as are allowed. Shells often allow 1,024, fewer than `Limits.connectionsMax`.
  static func raiseLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
