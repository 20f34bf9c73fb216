import Foundation

/// The processor time of the calling thread. Tests of how the cost of a call grows measure it, because wall-clock time
/// also counts the tests that run meanwhile.
public enum ThreadClock {
  /// Runs `body` on the calling thread, and returns the processor time that it took.
  public static func measure(_ body: () -> Void) -> Duration {
    let start = now
    body()
    return now - start
  }

  private static var now: Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }
}
