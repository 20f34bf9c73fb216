import Authority
import OData

/// Too few files may be open at once for a server to make sense.
public struct DescriptorsError: Error, Equatable, Sendable {
  let allowed: Int
  let needed: Int

  /// A sentence for people.
  public var message: String {
    "The process may have \(allowed) files and connections open at once, and needs \(needed) at least. Raise the number "
      + "with 'ulimit -n', or LimitNOFILE of its service."
  }
}

/// What of the files that a process may have open is left for connections.
enum OpenDescriptors {
  /// The most connections that a process may hold of which `allowed` files may be open. To be asked when everything is
  /// open that a start opens.
  static func connectionsMax(allowed: Int, loops: Int) async throws -> Int {
    let kept = try await inUse() + Limits.descriptorsReserved + loops * Limits.descriptorsReservedPerLoop
    guard allowed - kept >= Limits.connectionsMin else {
      throw DescriptorsError(allowed: allowed, needed: kept + Limits.connectionsMin)
    }
    return min(Limits.connectionsMax, allowed - kept)
  }

  /// How many are open now.
  private static func inUse() async throws(KeyFileError) -> Int {
    try await PrivateFiles.offPool { () throws(KeyFileError) in try PrivateFiles.names(in: folder).count }
  }

  #if os(Linux)
    private static let folder = "/proc/self/fd"
  #else
    private static let folder = "/dev/fd"
  #endif
}
