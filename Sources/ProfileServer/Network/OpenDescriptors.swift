import Authority
import OData

/// The process may have too few files open for the server to run.
public struct DescriptorsError: Error, Equatable, Sendable {
  /// How many files the process may have open.
  let allowed: Int
  /// How many it needs at least.
  let needed: Int

  /// A sentence for the operator.
  public var message: String {
    "The process may have \(allowed) files and connections open at once, and needs \(needed) at least. Raise the number "
      + "with 'ulimit -n', or LimitNOFILE of its service."
  }
}

/// The descriptors that a process may have open, and how many of them are left for connections.
enum OpenDescriptors {
  /// The most connections of a process that may have `allowed` files open and runs `loops` event loops. Call it after
  /// everything that a start opens is open. Throws `DescriptorsError` when fewer than `Limits.connectionsMin` are left,
  /// and `KeyFileError` when the open descriptors cannot be counted.
  static func connectionsMax(allowed: Int, loops: Int) async throws -> Int {
    let kept = try await inUse() + Limits.descriptorsReserved + loops * Limits.descriptorsReservedPerLoop
    guard allowed - kept >= Limits.connectionsMin else {
      throw DescriptorsError(allowed: allowed, needed: kept + Limits.connectionsMin)
    }
    return min(Limits.connectionsMax, allowed - kept)
  }

  /// How many descriptors are open now.
  private static func inUse() async throws(KeyFileError) -> Int {
    try await PrivateFiles.offPool { () throws(KeyFileError) in try PrivateFiles.names(in: folder).count }
  }

  #if os(Linux)
    private static let folder = "/proc/self/fd"
  #else
    private static let folder = "/dev/fd"
  #endif
}
