import Foundation

/// Threads of a store. Calls into a database block, so they never run on the pool that serves `async` functions.
enum StoreThread {
  /// Runs `body` on a new thread.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread { body() }
    thread.name = name
    thread.start()
  }

  /// Keeps the calling thread for a moment.
  static func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }

  /// Lets every other thread of the process go first, from now on.
  static func yieldToOthers() {
    #if canImport(Glibc)
      // On Linux the priority belongs to the calling thread.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    #endif
  }
}

/// Carries something that is not Sendable from one thread to another, once.
///
/// Safety: the maker lets go of the value, and the one thread that takes it is the only one to use it from then on.
final class OneTimeTransfer<Value>: @unchecked Sendable {
  private var value: Value?

  /// Holds `value` until it is taken.
  init(_ value: Value) { self.value = value }

  /// The value, the first time.
  func take() -> Value? {
    defer { value = nil }
    return value
  }
}
