import OData
import Profiles

/// Writes of one item.
extension WriteApplier {
  /// Applies an operation to the item as it is now. Nobody else writes the item until the transaction ends, so no write
  /// is lost, and none is refused for a conflict except by its own preconditions.
  func apply(_ operation: any ItemOperation) throws(WriteFailure) -> ItemOutcome {
    let state = try sql { () throws(Tables.Failure) in
      try tables.state(of: operation.key, for: operation.authorization)
    }
    let change: ItemChange
    do throws(ProfileError) { change = try operation.change(state) } catch { throw .refused(error) }
    return try apply(change, to: operation.key, state.item)
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
        if let old { try tables.update(item, replacing: old) } else { try tables.insert(item) }
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

  /// Checks the limits of what a person may hold, unless the write adds nothing that counts.
  private func checkLimits(_ item: StoredItem, _ old: StoredItem?) throws(WriteFailure) {
    if let old, PersonQuota.isUncounted(item.json.count, replacing: old.json.count) { return }
    let usage = try sql { () throws(Tables.Failure) in try tables.usage(of: item.key.user) }
    if let refusal = usage.refusal(of: item, replacing: old?.json.count) { throw .refused(refusal) }
  }
}
