public import OData

/// The person that a path names.
public enum OwnerReference: Hashable, Sendable {
  /// The caller.
  case me
  /// The person with this id or, when there is none, with this principal name.
  case id(UserID)
  /// The person with this principal name or, when there is none, with this id: for text that reads like a mail address,
  /// which is a name most of the time.
  case nameOrID(String)
  /// The person with this principal name.
  case principalName(String)
}

/// A request for one collection of one person, or for one item in it.
public struct CollectionRequest: Sendable {
  /// The person whose collection it is.
  public let owner: OwnerReference
  /// The navigation property of the profile.
  public let collection: NavigationProperty
  /// Who asks.
  public let caller: Caller

  /// A request of `caller` for a collection of `owner`.
  public init(owner: OwnerReference, collection: NavigationProperty, caller: Caller) {
    self.owner = owner
    self.collection = collection
    self.caller = caller
  }
}
