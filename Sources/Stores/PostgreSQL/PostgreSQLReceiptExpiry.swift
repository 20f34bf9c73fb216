import Dispatch
import OData
import Profiles
import Synchronization

/// When the expired receipts of a distributed database are deleted: apart from the writes, now and then, by one thread of a
/// server. They lie on every node, so that each deletion asks all.
final class PostgreSQLReceiptExpiry: Sendable {
  private struct State {
    /// The time of the last receipt that was stored; nil when there was none since the last deletion.
    var lastTime: DateTimeOffset?
    var isDueAt = DispatchTime.now() + .seconds(Limits.distributedReceiptsSeconds)
  }

  private let state = Mutex(State())

  /// Notes that a receipt was stored.
  func note(_ time: DateTimeOffset) { state.withLock { $0.lastTime = time } }

  /// The time before which receipts have expired, when a deletion is due; the caller then makes it. nil otherwise.
  func takeDue() -> DateTimeOffset? {
    state.withLock { state in
      let now = DispatchTime.now()
      guard let time = state.lastTime, state.isDueAt < now else { return nil }
      state = State()
      return time
    }
  }
}
