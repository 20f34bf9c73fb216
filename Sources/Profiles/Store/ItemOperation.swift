import OData

/// A write of one item, as a pure function of what is stored.
public protocol ItemOperation: Sendable {
  /// The item that is written.
  var key: ItemKey { get }
  /// Whose relation to the owner `change` needs to know.
  var authorization: AuthorizationContext { get }
  /// Decides what to write. It may run more than once, on any thread; it does no I/O and keeps nothing. Throws the
  /// `ProfileError` with which the write is refused.
  func change(_ state: ItemState) throws(ProfileError) -> ItemChange
}

extension ItemOperation {
  /// Nobody's: only the owner's tenant and name are needed.
  public var authorization: AuthorizationContext { .everything }
}

/// What a store finds before an operation on an item decides.
public struct ItemState: Equatable, Sendable {
  /// nil when there is no such person.
  public let owner: ItemOwner?
  /// nil when there is no such item. A store may also leave out an item that is not visible under the operation's
  /// `authorization`.
  public let item: StoredItem?

  /// The state of one item.
  public init(owner: ItemOwner?, item: StoredItem?) {
    self.owner = owner
    self.item = item
  }
}

/// What an operation on an item decided.
public enum ItemChange: Equatable, Sendable {
  /// Write nothing.
  case unchanged(StoredItem)
  /// Store the item as given, and the row in the audit log. The store refuses with `collectionFull` or `personFull`
  /// what would exceed `Limits.itemsPerCollectionMax` or `Limits.personBytesMax`.
  case put(StoredItem, Change)
  /// Delete the item, and store the row in the audit log.
  case remove(Change)
}

/// The outcome of a write of one item.
public enum ItemOutcome: Equatable, Sendable {
  /// Nothing was written; the item as it is.
  case unchanged(StoredItem)
  /// The item as it was written.
  case written(StoredItem)
  /// The item was deleted.
  case removed
}

/// The outcome of writes that are applied all or none.
public enum ChangesetOutcome: Sendable {
  /// All were applied; their outcomes in their order.
  case applied([ItemOutcome])
  /// The one at `index` was refused, and none was applied.
  case refused(index: Int, ProfileError)
}
