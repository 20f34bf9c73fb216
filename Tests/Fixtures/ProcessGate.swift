public import Foundation

/// Starts processes one after another.
///
/// Foundation inspects every open file before it starts a process, and reads past the end of its list when other
/// threads open thousands of files meanwhile. A test that does so holds the gate.
public enum ProcessGate {
  private static let lock = NSLock()

  /// Starts a process while no other one starts.
  public static func run(_ process: Process) throws { try close { try process.run() } }

  /// Runs `body` while no process starts.
  public static func close<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }
}
