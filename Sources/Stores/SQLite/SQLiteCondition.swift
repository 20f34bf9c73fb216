import Profiles
import Synchronization

/// Whether a store is open and takes writes: shared by all its threads.
final class SQLiteCondition: Sendable {
  private struct State {
    /// Holds until the next start.
    var refusal: StoreError?
    /// Holds until the writer finds that it has passed.
    var pause: StoreError?
    /// What an operator should know although writes are taken.
    var warning: String?
    /// The files of the owner, once they are open.
    var files: SQLiteFiles?
  }

  private let closed = Atomic(false)
  private let state = Mutex(State())

  /// Whether the store was closed.
  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Why writes are refused; nil while they are taken.
  var refusal: StoreError? { state.withLock { $0.refusal ?? $0.pause } }

  /// Whether writes are refused until the next start.
  var isFinal: Bool { state.withLock { $0.refusal != nil } }

  /// What an operator should know although writes are taken; nil when there is nothing.
  var warning: String? {
    get { state.withLock { $0.warning } }
    set { state.withLock { $0.warning = newValue } }
  }

  /// The condition in the words of the store's contract.
  var health: StoreHealth {
    switch refusal {
    case nil: .healthy
    case .damaged(let sentence), .readOnly(let sentence), .unavailable(let sentence), .failed(let sentence),
      .transient(let sentence):
      .refusingWrites(sentence)
    case .diskFull: .refusingWrites("The disk is full.")
    case .overloaded, .closed, .unresolved: .refusingWrites("The store was closed.")
    }
  }

  /// Closes; true the first time.
  func close() -> Bool { !closed.exchange(true, ordering: .acquiringAndReleasing) }

  /// Refuses writes until the next start. The first reason stays: later ones are its consequences.
  func refuse(_ reason: StoreError) {
    state.withLock { $0.refusal = $0.refusal ?? reason }
  }

  /// Refuses writes until `resume`.
  func pause(_ reason: StoreError) { state.withLock { $0.pause = reason } }

  /// Takes writes again after `pause`.
  func resume() { state.withLock { $0.pause = nil } }

  /// Takes note of damage that was met twice, whichever thread met it.
  func note(_ failure: SQLiteFailure) {
    if failure.isDamage { refuse(failure.storeError) }
  }

  /// The error of a read that was tried as often as it may be. What is known to be damaged fails in many ways; callers
  /// hear the cause.
  func readError(_ failure: SQLiteFailure) -> StoreError {
    note(failure)
    switch (refusal, failure.storeError) {
    case (.damaged(let sentence)?, _): return .damaged(sentence)
    // A database that could not be prepared lacks what statements name.
    case (let refusal?, .failed): return refusal
    case (_, let error): return error
    }
  }

  // MARK: Files

  /// Begins to look whether these files are in their place.
  func watch(_ files: SQLiteFiles) { state.withLock { $0.files = files } }

  /// Whether every file of the store is the one that was opened. When one is not, writes are refused from now on.
  func hasFilesInPlace() -> Bool {
    guard let missing = state.withLock({ $0.files })?.misplaced else { return true }
    refuse(.readOnly(SQLiteFiles.sentence(missing)))
    return false
  }
}
