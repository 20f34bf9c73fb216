import Synchronization

/// Whether anybody still waits for the answers of a connection. Long work looks here between two slices and ends when
/// nobody does. One for each connection; set on its event loop, read on any thread.
public final class RequestCancellation: Sendable {
  private let flag = Atomic(false)

  /// A connection whose client is there.
  public init() {}

  /// Whether the client has left.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// The client has left; there is no way back.
  public func abandon() { flag.store(true, ordering: .relaxed) }
}
