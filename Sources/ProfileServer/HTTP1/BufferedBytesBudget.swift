import NIOCore
import OData
import Synchronization

/// Bounds the bytes that all connections of a server together keep in memory: unsent responses, incomplete bodies, and
/// unparsed requests. Connections that keep little are not counted.
///
/// Shared by all event loops. A connection reports to it only while its client is slow, so most requests never take its
/// lock.
final class BufferedBytesBudget: Sendable {
  /// Closes a connection; may be called on any thread.
  typealias Close = @Sendable () -> Void

  private struct Entry {
    var bytes: Int
    /// When the connection last made progress in reading or sending.
    var since: NIODeadline
    let close: Close
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var bytes = 0
  }

  private let state = Mutex(State())
  private let bytesMax: Int

  /// A budget of `bytesMax` bytes.
  init(bytesMax: Int = Limits.connectionBytesMax) { self.bytesMax = bytesMax }

  /// How many bytes the counted connections keep.
  var bytes: Int { state.withLock { $0.bytes } }

  /// Sets how many bytes a connection keeps. Beyond the budget, the connections that have been longest without progress
  /// are closed until the rest fits; the reporting one may be among them.
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

  /// Stops counting a connection: it keeps little now, or is closed.
  func remove(_ connection: ObjectIdentifier) {
    state.withLock { state in
      state.bytes -= state.entries.removeValue(forKey: connection)?.bytes ?? 0
    }
  }
}
