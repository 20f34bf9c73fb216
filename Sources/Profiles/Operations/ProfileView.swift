import OData

/// A profile that a caller has opened. Each read decides again what the caller may see, which may have changed.
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
  /// What was decided when it was opened; nil for the caller's own profile, of which nothing was read yet, so that they may
  /// not even exist.
  let decision: AccessDecision?

  /// What a read of a collection can begin with.
  func expected(in collection: NavigationProperty) -> ExpectedAudiences {
    decision.map { ExpectedAudiences($0.decidingAudiences(in: collection.name)) } ?? .unknown
  }
}

/// A page of the items in a collection that a caller may see.
public struct ItemPage: Sendable {
  /// The profile that these are items of, with what was decided.
  let view: ProfileView
  /// The person whose items these are.
  public var owner: UserID { view.owner }
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
