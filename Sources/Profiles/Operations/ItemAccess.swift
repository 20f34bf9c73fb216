import OData

/// What update and delete ask before they touch an item.
enum ItemAccess {
  /// The item and its owner, if the caller may see it and the preconditions hold. Visibility comes first: a 412 would tell
  /// a stranger that the item exists.
  static func existing(
    _ state: ItemState, key: ItemKey, caller: Caller, preconditions: Preconditions
  ) throws(ProfileError) -> (owner: ItemOwner, item: StoredItem) {
    guard let owner = state.owner else { throw .userNotFound }
    let relation = Relation(of: caller, to: key.user, in: owner.tenant)
    guard let item = state.item, relation.sees(item) else {
      throw relation.knowsPerson ? .itemNotFound : .userNotFound
    }
    guard relation.mayWrite else { throw .deniedForRole(isDirectory: false) }
    guard preconditions.hold(for: item.version) else { throw .preconditionFailed }
    return (owner, item)
  }
}
