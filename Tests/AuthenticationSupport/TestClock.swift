import Synchronization

/// A clock that stands still until it is moved.
final class TestClock: Sendable {
  private let seconds: Mutex<Int64>
  init(_ seconds: Int64 = 1_800_000_000) { self.seconds = Mutex(seconds) }
  var now: Int64 { seconds.withLock { $0 } }
  func advance(_ by: Int) { seconds.withLock { $0 += Int64(by) } }
}
