import OData
import Synchronization

/// Shares the time of a few threads fairly among the callers whose queries are too much work for an event loop.
///
/// Each caller (an application and a person together) has one evaluation under way at a time; others of the same caller
/// wait behind it, up to `Limits.evaluationsWaitingMax`. Evaluations under way take turns: each runs for one slice of
/// `Limits.evaluationSliceMicroseconds`, then goes to the end of the row. So somebody with thirty queries gets no more
/// time than somebody with one, and a short query waits for one slice of each caller at most.
public final class EvaluationQueue: Sendable {
  /// Runs work on a thread that may be kept busy, never on an event loop.
  public typealias Execute = @Sendable (@escaping @Sendable () -> Void) -> Void

  /// Does one slice of an evaluation; true when it is done.
  typealias Slice = @Sendable () -> Bool

  /// Begins an evaluation whose turn has come. It must end with `end`.
  typealias Start = @Sendable () -> Void

  /// Whose evaluations wait for one another.
  struct CallerKey: Hashable, Sendable {
    let tenant: TenantID
    let actor: Caller.Actor
    let application: String?

    init(_ caller: Caller) {
      tenant = caller.tenant
      actor = caller.actor
      application = caller.applicationID
    }
  }

  private struct State {
    /// What waits behind the evaluation under way, for each caller that has one. First come, first served.
    var waiting: [CallerKey: [Start]] = [:]
    /// Callers whose first evaluation waits, because `Limits.evaluationsActiveMax` callers have one under way.
    var idle: [CallerKey] = []
    var activeCount = 0
    /// Slices to run, one for each evaluation under way at most.
    var slices: [Slice] = []
    var busyThreads = 0
  }

  private let state = Mutex(State())
  private let threads: Int
  private let execute: Execute

  /// A queue that keeps at most `threads` threads busy, which `execute` provides.
  public init(threads: Int, execute: @escaping Execute) {
    self.threads = max(1, threads)
    self.execute = execute
  }

  /// Calls `start` when it is the caller's turn, now or later, on any thread. False when too many of the caller's
  /// evaluations wait already; then `start` is never called.
  func begin(_ callerKey: CallerKey, _ start: @escaping Start) -> Bool {
    enum Decision { case refused, waits, starts }
    let decision = state.withLock { state -> Decision in
      if let waiting = state.waiting[callerKey] {
        guard waiting.count < Limits.evaluationsWaitingMax else { return .refused }
        state.waiting[callerKey, default: []].append(start)
        return .waits
      }
      guard state.activeCount < Limits.evaluationsActiveMax else {
        state.waiting[callerKey] = [start]
        state.idle.append(callerKey)
        return .waits
      }
      state.activeCount += 1
      state.waiting[callerKey] = []
      return .starts
    }
    if decision == .starts { start() }
    return decision != .refused
  }

  /// An evaluation of the caller ended; the next one begins.
  func end(_ callerKey: CallerKey) {
    let next = state.withLock { state -> Start? in
      guard state.waiting[callerKey]?.isEmpty == false else {
        state.waiting[callerKey] = nil
        state.activeCount -= 1
        return Self.startIdle(&state)
      }
      // Whoever waits for their first turn comes before a second turn of somebody else.
      guard !state.idle.isEmpty else { return state.waiting[callerKey]?.removeFirst() }
      state.idle.append(callerKey)
      state.activeCount -= 1
      return Self.startIdle(&state)
    }
    next?()
  }

  private static func startIdle(_ state: inout State) -> Start? {
    guard !state.idle.isEmpty else { return nil }
    state.activeCount += 1
    return state.waiting[state.idle.removeFirst()]?.removeFirst()
  }

  /// Runs slices of an evaluation under way until one says that it was the last.
  func run(_ slice: @escaping Slice) {
    let mustWake = state.withLock { state in
      state.slices.append(slice)
      guard state.busyThreads < threads else { return false }
      state.busyThreads += 1
      return true
    }
    guard mustWake else { return }
    execute { [self] in takeTurns() }
  }

  private func takeTurns() {
    while let slice = next() {
      guard !slice() else { continue }
      state.withLock { $0.slices.append(slice) }
    }
  }

  private func next() -> Slice? {
    state.withLock { state in
      guard !state.slices.isEmpty else {
        state.busyThreads -= 1
        return nil
      }
      return state.slices.removeFirst()
    }
  }
}
