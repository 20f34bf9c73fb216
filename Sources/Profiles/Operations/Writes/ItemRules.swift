import OData

/// What every write of an item checks beyond the declared type.
enum ItemRules {
  /// Whether a caller who may write the owner's profile may write this collection of it. Only the owner, and
  /// applications of the tenant, write whom the owner lists as family or contacts: others could list themselves and
  /// read on.
  static func mayWrite(_ collection: NavigationProperty, of owner: UserID, _ caller: Caller) -> Bool {
    collection.name != Relationship.collection || caller.userID == nil || caller.userID == owner
  }

  /// The item and its owner, if the caller may see it and the preconditions hold. Visibility is checked before
  /// `If-Match`: a 412 would reveal to a stranger that the item exists.
  static func existing(
    _ state: ItemState, key: ItemKey, caller: Caller, preconditions: Preconditions
  ) throws(ProfileError) -> (owner: ItemOwner, item: StoredItem) {
    guard let owner = state.owner else { throw .userNotFound }
    let decision = AccessDecision(of: caller, to: key.user, owner)
    guard let item = state.item, decision.sees(item) else {
      throw decision.seesPerson ? .itemNotFound : .userNotFound
    }
    guard decision.mayWrite else { throw .deniedForRole(isDirectory: false) }
    try checkApplication(caller, owner.relation?.policy, key.collection)
    guard preconditions.hold(for: item.version) else { throw .preconditionFailed }
    return (owner, item)
  }

  /// Checks that the tenant's policy lets an item of a collection have an audience.
  static func check(_ audience: Audience, _ policy: TenantPolicy?, in collection: String) throws(ProfileError) {
    guard let mask = policy?.mask(of: collection), !mask.isSuperset(of: audience) else { return }
    throw .audienceNotAllowed(collection: collection, allowed: mask)
  }

  /// Checks that the tenant's policy lets the caller write a collection, if they are an application.
  static func checkApplication(
    _ caller: Caller, _ policy: TenantPolicy?, _ collection: String
  ) throws(ProfileError) {
    guard caller.actor == .application, policy?.letsApplicationsWrite(collection) == false else { return }
    throw .closedToApplications(collection: collection)
  }
}

extension StructuredPatch {
  /// The audience that a body for an item sets; nil when it sets none.
  var audience: Audience? {
    switch members[ItemFacet.Position.allowedAudiences] {
    case .value(.enumeration(let flags)): Audience(rawValue: flags)
    default: nil
    }
  }
}
