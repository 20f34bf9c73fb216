import OData
import Profiles

/// Writes of one item.
extension WriteApplier {
  /// Applies an operation to the item as it is now. A change that was prepared on the version that the item still has is
  /// taken as it is, by compare and swap; otherwise the operation decides again on the current row. So a write that lost a
  /// race is neither lost nor answered with an error, unless its own preconditions say so.
  func apply(
    _ operation: any ItemOperation, _ prepared: PreparedChange?
  ) throws(WriteFailure) -> ItemOutcome {
    let key = operation.key
    if let prepared, let outcome = try sql({ () throws(Tables.Failure) in try swap(prepared, at: key) }) {
      return outcome
    }
    let state = try sql { () throws(Tables.Failure) in try tables.state(of: key, for: operation.authorization) }
    return try apply(decide(operation, prepared, state), to: key, state.item)
  }

  /// Applies a change that was prepared on a version, by compare and swap; nil when the item has another version by
  /// now, or when a limit must be checked first.
  private func swap(_ prepared: PreparedChange, at key: ItemKey) throws(Tables.Failure) -> ItemOutcome? {
    switch prepared.change {
    case .unchanged: return nil
    case .put(let item, let change):
      guard item.key == key, try tables.update(item, ifStill: prepared.base) else { return nil }
      try tables.append(change)
      return .written(item)
    case .remove(let change):
      guard try tables.delete(key, ifStill: prepared.base) else { return nil }
      try tables.append(change)
      return .removed
    }
  }

  private func decide(
    _ operation: any ItemOperation, _ prepared: PreparedChange?, _ state: ItemState
  ) throws(WriteFailure) -> ItemChange {
    if let prepared, prepared.base == state.item?.version { return prepared.change }
    do throws(ProfileError) { return try operation.change(state) } catch { throw .refused(error) }
  }

  private func apply(
    _ change: ItemChange, to key: ItemKey, _ old: StoredItem?
  ) throws(WriteFailure) -> ItemOutcome {
    switch change {
    case .unchanged(let item):
      return .unchanged(item)
    case .put(let item, let change):
      guard item.key == key else { throw .refused(.store(.failed("An operation wrote another item than its own."))) }
      try checkLimits(item, old)
      try sql { () throws(Tables.Failure) in
        if old == nil { try tables.insert(item) } else { try tables.update(item) }
        try tables.append(change)
      }
      return .written(item)
    case .remove(let change):
      try sql { () throws(Tables.Failure) in
        try tables.delete(key)
        try tables.append(change)
      }
      return .removed
    }
  }

  /// Checks the limits of what a person may hold. Only what adds to it can exceed them, so nothing else is counted.
  private func checkLimits(_ item: StoredItem, _ old: StoredItem?) throws(WriteFailure) {
    if let old, item.json.count <= old.json.count { return }
    let usage = try sql { () throws(Tables.Failure) in try tables.usage(of: item.key.user) }
    if let refusal = usage.refusal(of: item, replacing: old?.json.count) { throw .refused(refusal) }
  }
}
