public import OData

/// The person that a path names.
public enum OwnerReference: Hashable, Sendable {
  /// Whoever asks.
  case me
  /// Whoever has this id or, when there is nobody, this principal name.
  case id(UserID)
  /// Whoever has this principal name or, before them, this id: what reads like an address is a name most of the time.
  case nameOrID(String)
  /// Whoever has this principal name.
  case principalName(String)
}

/// One collection of one person, or one item of it.
public struct CollectionRequest: Sendable {
  public let owner: OwnerReference
  public let collection: NavigationProperty
  public let caller: Caller

  /// A request of `caller` for a collection of `owner`.
  public init(owner: OwnerReference, collection: NavigationProperty, caller: Caller) {
    self.owner = owner
    self.collection = collection
    self.caller = caller
  }
}

/// What became of a write, as the caller may see it.
public enum WriteResult: Sendable {
  /// The item as it is now; `isNew` after a create.
  case item(VisibleItem, isNew: Bool)
  /// The write was done, and what it left is not visible to the caller, or gone.
  case done
}

/// A page of items that a caller sees.
public struct ItemPage: Sendable {
  /// The person whose items these are.
  public let owner: UserID
  public let items: [VisibleItem]
  /// Continues the list, or nil at its end.
  public let next: ItemCursor?
}

/// A profile that the caller may look into, as far as its audiences allow.
public struct ProfileView: Sendable {
  /// What a profile is opened for.
  public enum Purpose: Sendable {
    case read
    case write
  }

  /// The person whose profile it is.
  public let owner: UserID
  let caller: Caller
  /// How the caller stands to the person. Every read finds it out again, where it may change.
  let decision: AccessDecision
}

/// Where a list goes on.
public struct ItemCursor: Sendable {
  let view: ProfileView
  let collection: NavigationProperty
  let position: ItemPosition
}
