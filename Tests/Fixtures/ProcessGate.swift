public import Foundation

/// Starts processes one after another.
///
/// Foundation looks at every open file before it starts a process, and reads past the end of its list when others open
/// thousands of them meanwhile. A test that does so keeps the gate closed.
public enum ProcessGate {
  private static let lock = NSLock()

  /// Starts a process while no other starts.
  public static func run(_ process: Process) throws { try close { try process.run() } }

  /// Starts no process while `body` runs.
  public static func close<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }
}
