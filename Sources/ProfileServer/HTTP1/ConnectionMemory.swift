import NIOCore
import OData
import Synchronization

/// What all connections of a server keep waiting, in bytes. Connections that keep little are not in it.
///
/// It is shared by all event loops. A connection reports to it only while its client is slow, so its lock is not on the way
/// of most requests.
final class ConnectionMemory: Sendable {
  /// Closes a connection; may be called on any thread.
  typealias Close = @Sendable () -> Void

  private struct Entry {
    var bytes: Int
    /// Since when its client has taken or sent nothing.
    var since: NIODeadline
    let close: Close
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())
  private let bytesMax: Int

  /// A ledger that closes connections beyond so many bytes.
  init(bytesMax: Int = Limits.connectionBytesMax) { self.bytesMax = bytesMax }

  /// How many bytes are kept waiting.
  var bytes: Int { state.withLock { $0.bytes } }

  /// A connection keeps so many bytes now. At the bound the connections that have been longest without progress are
  /// closed, until there is room again; the one that reports may be among them.
  func set(
    _ connection: ObjectIdentifier, to bytes: Int, hasProgressed: Bool, now: NIODeadline, _ close: @escaping Close
  ) {
    let victims = state.withLock { state -> [Close] in
      let before = state.entries[connection]
      let since = hasProgressed ? now : before?.since ?? now
      state.entries[connection] = Entry(bytes: bytes, since: since, close: close)
      state.bytes += bytes - (before?.bytes ?? 0)
      var victims: [Close] = []
      while state.bytes > bytesMax, let victim = state.entries.min(by: { $0.value.since < $1.value.since }) {
        state.entries[victim.key] = nil
        state.bytes -= victim.value.bytes
        victims.append(victim.value.close)
      }
      return victims
    }
    for close in victims { close() }
  }

  /// A connection keeps little or is gone.
  func remove(_ connection: ObjectIdentifier) {
    state.withLock { state in
      state.bytes -= state.entries.removeValue(forKey: connection)?.bytes ?? 0
    }
  }
}
