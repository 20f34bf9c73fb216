import Dispatch
import OData
import Profiles
import Synchronization

/// What waits for the writer, in the order it came.
final class SQLiteGroupCommit: Sendable {
  /// Something for the writer to do.
  enum Entry: Sendable {
    case write(StoreWrite)
    case loan(SQLiteConnectionLease)
  }

  /// What the writer takes at once.
  enum Work {
    /// Writes that share a transaction.
    case writes([StoreWrite])
    case loan(SQLiteConnectionLease)
    /// Nothing came for so long.
    case nothing
  }

  private struct State {
    var incoming: [Entry] = []
    /// What was incoming once, last first.
    var outgoing: [Entry] = []
    var isWriterAsleep = false
    var isClosed = false
  }

  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)

  /// How many wait.
  var count: Int { state.withLock { $0.incoming.count + $0.outgoing.count } }

  /// Adds an entry; returns why it was not taken, or nil.
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

  /// Takes no more entries; `next` gives what waits and then nil.
  func close() {
    let mustWake = state.withLock { state in
      state.isClosed = true
      defer { state.isWriterAsleep = false }
      return state.isWriterAsleep
    }
    if mustWake { wake.signal() }
  }

  /// What is to be done next; waits until there is something, for so many seconds at most; nil after `close`. For the
  /// writer's thread only.
  func next(seconds: Int) -> Work? {
    while true {
      let (work, isDone) = state.withLock { state -> (Work?, Bool) in
        let work = Self.take(&state)
        state.isWriterAsleep = work == nil && !state.isClosed
        return (work, work == nil && state.isClosed)
      }
      if isDone { return nil }
      if let work { return work }
      if wake.wait(timeout: .now() + .seconds(seconds)) == .timedOut, !wasWoken() { return .nothing }
    }
  }

  /// Whether somebody has signalled, or is about to, since the writer went to sleep. If nobody has, it is awake now.
  private func wasWoken() -> Bool {
    let isAsleep = state.withLock { state in
      defer { state.isWriterAsleep = false }
      return state.isWriterAsleep
    }
    // The signal that is on its way would otherwise wake the writer for nothing later.
    if !isAsleep { wake.wait() }
    return !isAsleep
  }

  private static func take(_ state: inout State) -> Work? {
    if state.outgoing.isEmpty {
      swap(&state.outgoing, &state.incoming)
      state.outgoing.reverse()
    }
    var writes: [StoreWrite] = []
    while writes.count < Limits.groupWritesMax, let entry = state.outgoing.last {
      switch entry {
      case .write(let write): writes.append(write)
      case .loan(let loan):
        guard writes.isEmpty else { return .writes(writes) }
        state.outgoing.removeLast()
        return .loan(loan)
      }
      state.outgoing.removeLast()
    }
    return writes.isEmpty ? nil : .writes(writes)
  }
}

/// Lends what belongs to the writer's thread to another thread, while the writer waits. Commands work on the one
/// writing connection this way, between two groups.
final class SQLiteConnectionLease: Sendable {
  private let granted = DispatchSemaphore(value: 0)
  private let returned = DispatchSemaphore(value: 0)
  private let lent = Mutex<OneTimeTransfer<SQLiteWorker>?>(nil)

  /// On the writer's thread: lends, and waits until the borrower is done.
  func grant(_ worker: SQLiteWorker) {
    let handover = OneTimeTransfer(worker)
    lent.withLock { $0 = handover }
    granted.signal()
    returned.wait()
  }

  /// On the borrower's thread: waits for the grant, works, and gives back.
  func use<Answer>(_ body: (SQLiteWorker) throws -> Answer) throws -> Answer {
    granted.wait()
    defer { returned.signal() }
    guard let worker = lent.withLock({ $0 })?.take() else { throw StoreError.closed }
    return try body(worker)
  }
}
