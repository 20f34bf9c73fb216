import Foundation

/// Threads of a store. Calls into a database block, so they never run on the pool that serves `async` functions.
enum StoreThread {
  /// Runs `body` on a new thread.
  static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread { body() }
    thread.name = name
    thread.start()
  }

  /// Blocks the calling thread for this long.
  static func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }

  /// Lowers the priority of the calling thread to the least, from now on.
  static func yieldToOthers() {
    #if canImport(Glibc)
      // On Linux the priority belongs to the calling thread.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
    #endif
  }
}

/// Carries something that is not Sendable from one thread to another, once.
///
/// Safety: the thread that made it no longer uses the value, and the one thread that takes it is the only one to use it from
/// then on.
final class OneTimeTransfer<Value>: @unchecked Sendable {
  private var value: Value?

  /// Holds `value` until it is taken.
  init(_ value: Value) { self.value = value }

  /// The value, the first time; nil afterwards.
  func take() -> Value? {
    defer { value = nil }
    return value
  }
}
