import Dispatch
import OData
import Profiles
import Synchronization

/// The writes and leases that wait for the thread of a group commit, in the order they came.
final class GroupCommitQueue<Writer>: Sendable {
  /// Something for the writer to do.
  enum Entry: Sendable {
    case write(StoreWrite)
    case lease(WriterLease<Writer>)
  }

  /// What the writer takes from the queue at once.
  enum Work {
    /// Writes that share a transaction.
    case writes([StoreWrite])
    case lease(WriterLease<Writer>)
    /// Nothing came in time.
    case nothing
  }

  private struct State {
    var incoming: [Entry] = []
    /// Entries that were taken out of `incoming`, in reverse order: removing the last of an array is cheap.
    var outgoing: [Entry] = []
    var isWriterAsleep = false
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)

  /// How many entries wait.
  var count: Int { state.withLock { $0.incoming.count + $0.outgoing.count } }

  /// Adds an entry. Returns why it was not taken, or nil.
  func append(_ entry: Entry) -> StoreError? {
    let (refusal, mustWake) = state.withLock { state -> (StoreError?, Bool) in
      if state.isClosed { return (.closed, false) }
      guard state.incoming.count + state.outgoing.count < Limits.queuedWritesMax else { return (.overloaded, false) }
      state.incoming.append(entry)
      let mustWake = state.isWriterAsleep
      state.isWriterAsleep = false
      return (nil, mustWake)
    }
    if mustWake { wake.signal() }
    return refusal
  }

  /// Takes the writes that wait out of the queue; leases stay.
  func removeWrites() -> [StoreWrite] {
    state.withLock { state in
      let entries = state.outgoing.reversed() + state.incoming
      let leases = entries.filter { if case .lease = $0 { true } else { false } }
      (state.outgoing, state.incoming) = ([], leases)
      return entries.compactMap { if case .write(let write) = $0 { write } else { nil } }
    }
  }

  /// Takes no more entries; `next` returns those that wait, and then nil.
  func close() {
    let mustWake = state.withLock { state in
      state.isClosed = true
      defer { state.isWriterAsleep = false }
      return state.isWriterAsleep
    }
    if mustWake { wake.signal() }
  }

  /// The next work; nil after `close`, once the queue is empty. Waits for it at most `seconds`, or without a bound when that
  /// is nil. Only the writer's thread may call this.
  func next(seconds: Int?) -> Work? {
    while true {
      let (work, isDone) = state.withLock { state -> (Work?, Bool) in
        let work = Self.take(&state)
        state.isWriterAsleep = work == nil && !state.isClosed
        return (work, work == nil && state.isClosed)
      }
      if isDone { return nil }
      if let work { return work }
      guard let seconds else {
        wake.wait()
        continue
      }
      if wake.wait(timeout: .now() + .seconds(seconds)) == .timedOut, !wasWoken() { return .nothing }
    }
  }

  /// Whether another thread has signalled, or is about to, since the writer went to sleep. If none has, the writer counts
  /// as awake from now on.
  private func wasWoken() -> Bool {
    let isAsleep = state.withLock { state in
      defer { state.isWriterAsleep = false }
      return state.isWriterAsleep
    }
    // The signal that is on its way would otherwise wake the writer for nothing later.
    if !isAsleep { wake.wait() }
    return !isAsleep
  }

  /// Takes a lease, or as many writes as wait, up to `Limits.groupWritesMax`.
  private static func take(_ state: inout State) -> Work? {
    var writes: [StoreWrite] = []
    while writes.count < Limits.groupWritesMax {
      if state.outgoing.isEmpty {
        swap(&state.outgoing, &state.incoming)
        state.outgoing.reverse()
      }
      guard let entry = state.outgoing.last else { break }
      switch entry {
      case .write(let write): writes.append(write)
      case .lease(let lease):
        guard writes.isEmpty else { return .writes(writes) }
        state.outgoing.removeLast()
        return .lease(lease)
      }
      state.outgoing.removeLast()
    }
    return writes.isEmpty ? nil : .writes(writes)
  }
}

/// Lends the writer, which belongs to the thread of a group commit, to another thread while that one waits. Commands work on
/// the only writing connection of a store this way, between two groups.
final class WriterLease<Writer>: Sendable {
  private let granted = DispatchSemaphore(value: 0)
  private let returned = DispatchSemaphore(value: 0)
  private let lent = Mutex<OneTimeTransfer<Writer>?>(nil)

  /// On the writer's thread: lends the writer, and waits until it is returned.
  func grant(_ writer: Writer) {
    let transfer = OneTimeTransfer(writer)
    lent.withLock { $0 = transfer }
    granted.signal()
    returned.wait()
  }

  /// On the borrower's thread: waits for the grant, works, and returns the writer. Throws what `body` throws.
  func use<Answer>(_ body: (Writer) throws -> Answer) throws -> Answer {
    granted.wait()
    defer { returned.signal() }
    guard let writer = lent.withLock({ $0 })?.take() else { throw StoreError.closed }
    return try body(writer)
  }
}
