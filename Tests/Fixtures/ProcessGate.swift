public import Foundation

/// Starts processes one after another.
///
/// Foundation inspects every open file before it starts a process, and reads past the end of its list when other
/// threads open thousands of files meanwhile. A test that does so holds the gate.
public enum ProcessGate {
  private static let lock = NSLock()

  /// Starts a process while no other one starts.
  public static func run(_ process: Process) throws {
    try close {
      extendHeap()
      try process.run()
    }
  }

  /// Foundation copies each entry of that list as if it had the longest name, which may lie past the end of the block that
  /// holds the list when there are more than a thousand files. Free memory behind that block keeps the copy in the heap.
  private static func extendHeap() {
    var block: UnsafeMutableRawPointer?
    // Unlike `malloc`, it is called even when nobody uses the block.
    guard posix_memalign(&block, 16, 64 << 10) == 0 else { return }
    free(block)
  }

  /// Runs `body` while no process starts.
  public static func close<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }
}
