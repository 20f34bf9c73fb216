import OData

/// Takes an item away.
struct DeleteItem: ItemOperation {
  let key: ItemKey
  let ifMatch: EntityTagCondition?
  let stamp: AuditStamp

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    let (_, item) = try ItemAccess.existing(state, key: key, caller: stamp.caller, ifMatch: ifMatch)
    return .remove(stamp.change(.deleted, of: key, properties: [], from: item.version, to: nil))
  }
}
