import Profiles
import Synchronization

/// Whether a store is open and takes writes. All threads of the store share it.
final class StoreCondition: Sendable {
  private struct State {
    /// Refuses writes until the next start.
    var refusal: StoreError?
    /// Refuses writes until a writer finds that the cause is gone.
    var pause: StoreError?
    /// What an operator should know although writes are taken.
    var warning: String?
    /// Returns why the files of the store are not in place, or nil.
    var fileFault: (@Sendable () -> StoreError?)?
  }

  /// Which accounts may be disabled, where one server alone writes the database.
  let disabledAccounts = DisabledAccounts()

  private let closed = Atomic(false)
  private let commitCount = Atomic(0)
  private let state = Mutex(State())

  /// Whether the store was closed.
  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Closes; true the first time.
  func close() -> Bool { !closed.exchange(true, ordering: .acquiringAndReleasing) }

  // MARK: Commits

  /// How many transactions this process has committed. While this number stays the same, a snapshot contains every
  /// write that was acknowledged: no write is acknowledged before its commit is counted.
  var commits: Int { commitCount.load(ordering: .acquiring) }

  /// Counts a commit, before its writes are answered.
  func countCommit() { commitCount.add(1, ordering: .acquiringAndReleasing) }

  // MARK: Writes

  /// Why writes are refused; nil while they are taken.
  var refusal: StoreError? { state.withLock { $0.refusal ?? $0.pause } }

  /// Whether writes are refused until the next start.
  var isFinal: Bool { state.withLock { $0.refusal != nil } }

  /// Refuses writes until the next start. The first reason stays: later ones are its consequences.
  func refuse(_ reason: StoreError) {
    state.withLock { $0.refusal = $0.refusal ?? reason }
  }

  /// Refuses writes until `resume`.
  func pause(_ reason: StoreError) { state.withLock { $0.pause = reason } }

  /// Takes writes again after `pause`.
  func resume() { state.withLock { $0.pause = nil } }

  // MARK: What operators see

  /// What an operator should know although writes are taken; nil when there is nothing.
  var warning: String? {
    get { state.withLock { $0.warning } }
    set { state.withLock { $0.warning = newValue } }
  }

  /// The condition as `ProfileStore` reports it.
  var health: StoreHealth {
    switch refusal {
    case nil: .healthy
    // The server goes on by itself once there is room: there is nothing to repeat.
    case .diskFull: .refusingWrites("The disk is full.")
    case let refusal?: .refusingWrites(refusal.message)
    }
  }

  // MARK: Files

  /// Watches the files of the store from now on: `fault` returns why they are not in place, or nil.
  func watchFiles(_ fault: @escaping @Sendable () -> StoreError?) { state.withLock { $0.fileFault = fault } }

  /// Whether every file that the store opened is still in place; true for a store without files. When one is not,
  /// writes are refused from now on.
  func hasFilesInPlace() -> Bool {
    guard let reason = state.withLock({ $0.fileFault })?() else { return true }
    refuse(reason)
    return false
  }
}
