import Profiles
import Synchronization

/// Whether a store is open and takes writes: shared by all its threads.
final class SQLiteCondition: Sendable {
  private let closed = Atomic(false)
  private let firstRefusal = Mutex<StoreError?>(nil)

  /// Whether the store was closed.
  var isClosed: Bool { closed.load(ordering: .acquiring) }

  /// Why writes are refused; nil while they are taken.
  var refusal: StoreError? { firstRefusal.withLock { $0 } }

  /// The condition in the words of the store's contract.
  var health: StoreHealth {
    switch refusal {
    case nil: .healthy
    case .damaged(let sentence), .readOnly(let sentence), .unavailable(let sentence), .failed(let sentence):
      .refusingWrites(sentence)
    case .diskFull: .refusingWrites("The disk is full.")
    case .overloaded, .closed, .unresolved: .refusingWrites("The store was closed.")
    }
  }

  /// Closes; true the first time.
  func close() -> Bool { !closed.exchange(true, ordering: .acquiringAndReleasing) }

  /// Refuses writes until the next start. The first reason stays: later ones are its consequences.
  func refuse(_ reason: StoreError) {
    firstRefusal.withLock { $0 = $0 ?? reason }
  }

  /// Takes note of a failure, whichever thread met it.
  func note(_ failure: SQLiteFailure) {
    guard failure.endsTrust else { return }
    if failure.isDamage { return refuse(failure.storeError) }
    refuse(.readOnly("The disk failed: \(failure.reason). Check the disk, then restart the server."))
  }

  /// The error of a read. What is known to be damaged fails in many ways; callers hear the cause.
  func readError(_ failure: SQLiteFailure) -> StoreError {
    if failure.isDamage { note(failure) }
    if let refusal, case .damaged = refusal { return refusal }
    return failure.storeError
  }
}
