import OData

/// A profile that a caller has opened. It holds no decision: each read decides again what the caller may see, which may
/// have changed.
public struct ProfileView: Sendable {
  /// What a profile is opened for.
  public enum Purpose: Sendable {
    /// Reading.
    case read
    /// Writing as well.
    case write
  }

  /// The person whose profile it is.
  public let owner: UserID
  let caller: Caller
}

/// A page of the items in a collection that a caller may see.
public struct ItemPage: Sendable {
  /// The person whose items these are.
  public let owner: UserID
  /// The items, by `createdDateTime` and id.
  public let items: [VisibleItem]
  /// Continues the list; nil at its end.
  public let next: ItemCursor?
}

/// The position at which a list of items continues.
public struct ItemCursor: Sendable {
  let view: ProfileView
  let collection: NavigationProperty
  let position: ItemPosition
}
