import Synchronization

/// Tells long work that its client has left. Work checks it between two slices and then ends. There is one for each
/// connection, set on its event loop and read on any thread.
public final class RequestCancellation: Sendable {
  private let flag = Atomic(false)

  /// The cancellation of a connection whose client is connected.
  public init() {}

  /// Whether the client has left.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  /// Notes that the client has left, for good.
  public func cancel() { flag.store(true, ordering: .relaxed) }
}
