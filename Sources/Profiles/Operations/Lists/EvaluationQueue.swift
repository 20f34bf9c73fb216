import OData
import Synchronization

/// A fair queue for queries that are too much work for an event loop: it shares a few threads among callers.
///
/// Each caller (an application and a person together) has one evaluation running at a time; the caller's others wait
/// behind it, up to `Limits.evaluationsWaitingMax`. Running evaluations take turns: each runs for one slice of
/// `Limits.evaluationSliceMicroseconds`, then goes to the end of the queue. A caller with thirty queries therefore gets
/// no more time than a caller with one, and a short query waits for one slice of each other caller at most.
public final class EvaluationQueue: Sendable {
  /// Runs work on a thread that may be blocked, never on an event loop.
  public typealias Execute = @Sendable (@escaping @Sendable () -> Void) -> Void

  /// Runs one slice of an evaluation; true when the evaluation is done.
  typealias Slice = @Sendable () -> Bool

  /// Begins an evaluation whose turn has come. It must call `end` when it is done.
  typealias Start = @Sendable () -> Void

  /// The caller as a key: evaluations with the same key wait for one another.
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
    /// The evaluations that wait behind the running one, for each caller that has one; first come, first served.
    var waiting: [CallerKey: [Start]] = [:]
    /// Callers whose first evaluation waits, because `Limits.evaluationsActiveMax` callers have one running.
    var idle: [CallerKey] = []
    var activeCount = 0
    /// Slices to run, at most one for each running evaluation.
    var slices: [Slice] = []
    var busyThreads = 0
  }

  private let state = Mutex(State())
  private let threads: Int
  private let execute: Execute

  /// A queue that uses at most `threads` threads at once, which `execute` provides.
  public init(threads: Int, execute: @escaping Execute) {
    self.threads = max(1, threads)
    self.execute = execute
  }

  /// Calls `start` when it is the caller's turn, now or later, on any thread. Returns false, and never calls `start`,
  /// when too many of the caller's evaluations wait already.
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

  /// Ends an evaluation of the caller and begins the next one.
  func end(_ callerKey: CallerKey) {
    let next = state.withLock { state -> Start? in
      guard state.waiting[callerKey]?.isEmpty == false else {
        state.waiting[callerKey] = nil
        state.activeCount -= 1
        return Self.startIdle(&state)
      }
      // A caller's first turn comes before another caller's second one.
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

  /// Runs slices of a running evaluation until one says that it was the last.
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
