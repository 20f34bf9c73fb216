import Profiles

extension StoreCondition {
  /// Refuses writes from now on after damage that was met twice, whichever thread met it.
  func note(_ failure: SQLiteFailure) {
    if failure.isDamage { noteDamage(failure.storeError) }
  }

  /// Refuses writes from now on because of damage. When files are not in place, that is the reason instead: a connection
  /// that was opened meanwhile may have read the database of one store with the write-ahead log of another.
  func noteDamage(_ reason: StoreError) {
    if hasFilesInPlace() { refuse(reason) }
  }

  /// The error of a read that failed as often as it may be tried. A database that is known to be damaged fails in many ways;
  /// callers are told the cause.
  func readError(_ failure: SQLiteFailure) -> StoreError {
    note(failure)
    switch (refusal, failure.storeError) {
    case (.damaged(let sentence)?, _): return .damaged(sentence)
    // A database that could not be prepared lacks tables or columns that statements name.
    case (let refusal?, .failed): return refusal
    case (_, let error): return error
    }
  }
}
