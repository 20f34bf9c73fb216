import OData

/// Deletes an item.
struct DeleteItem: ItemOperation {
  let key: ItemKey
  let preconditions: Preconditions
  let stamp: WriteStamp

  var authorization: AuthorizationContext {
    AuthorizationContext(of: stamp.caller, needsPolicy: stamp.caller.actor == .application)
  }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    let (_, item) = try ItemRules.existing(state, key: key, caller: stamp.caller, preconditions: preconditions)
    return .remove(stamp.change(.deleted, of: key, properties: [], from: item.version, to: nil))
  }
}
