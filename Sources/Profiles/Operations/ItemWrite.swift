public import OData

/// One write of an item in a changeset.
public enum ItemWrite: Sendable {
  /// Creates an item in a collection, with an id of the server's choice.
  case create(NavigationProperty, StructuredPatch)
  /// Updates the item with this id.
  case update(NavigationProperty, ItemID, StructuredPatch, Preconditions)
  /// Updates the item with this id, or creates it.
  case upsert(NavigationProperty, ItemID, creating: StructuredPatch, updating: StructuredPatch, Preconditions)
  /// Deletes the item with this id.
  case delete(NavigationProperty, ItemID, Preconditions)

  var collection: NavigationProperty {
    switch self {
    case .create(let collection, _), .update(let collection, _, _, _), .upsert(let collection, _, _, _, _),
      .delete(let collection, _, _):
      collection
    }
  }
}

/// The result of a write of one item, as the caller may see it.
public enum WriteResult: Sendable {
  /// The item as it is now; `isNew` after a creation.
  case item(VisibleItem, isNew: Bool)
  /// The write was done. The item is deleted, or what the write left of it is not visible to the caller.
  case done
}

/// The result of a changeset: writes that are applied all or none.
public enum ChangesetResult: Sendable {
  /// Every write was applied.
  case applied([WriteResult])
  /// The write at `index` was refused, and none was applied.
  case refused(index: Int, ProfileError)
}
