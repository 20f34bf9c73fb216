public import OData

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The clock of the operating system.
public enum SystemClock {
  /// The time now, exact to 100 ns.
  public static func now() -> DateTimeOffset {
    // Accessed as the two words of `timespec`, because which C module declares its members depends on the order of
    // loading.
    var time = (seconds: 0, nanoseconds: 0)
    withUnsafeMutablePointer(to: &time) { words in
      words.withMemoryRebound(to: timespec.self, capacity: 1) { _ = clock_gettime(CLOCK_REALTIME, $0) }
    }
    return DateTimeOffset(unixSeconds: Int64(time.seconds), nanoseconds: Int64(time.nanoseconds))
  }
}
