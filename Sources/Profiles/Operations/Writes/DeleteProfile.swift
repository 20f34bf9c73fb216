import OData

/// Deletes the items of a profile that the caller may see and write.
struct DeleteProfile: PersonOperation {
  let user: UserID
  let stamp: WriteStamp

  var authorization: AuthorizationContext {
    AuthorizationContext(of: stamp.caller, needsPolicy: stamp.caller.actor == .application)
  }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, .none)
    let owner = ItemOwner(tenant: person.tenant, displayName: nil, relation: state.relation)
    try checkApplication(owner.relation?.policy)
    let decision = AccessDecision(of: stamp.caller, to: user, owner)
    let seesAll = decision.isOwner || decision.isApplicationOfTenant
    // The audit log names the profile as a whole by its navigation property.
    let log = stamp.change(.deleted, of: user, collection: "profile", from: nil, to: nil)
    return .removeItems(log) { collection, audience in
      // The photo is not part of the profile. Only the owner changes whom the owner lists.
      collection != PersonPhoto.collection && decision.sees(audience, in: collection)
        && (seesAll || collection != Relationship.collection)
    } log: { [stamp] key, version in
      stamp.change(.deleted, of: key, properties: [], from: version, to: nil)
    }
  }

  private func checkApplication(_ policy: TenantPolicy?) throws(ProfileError) {
    guard stamp.caller.actor == .application, let policy else { return }
    let closed = ProfileModel.collections.first { !policy.letsApplicationsWrite($0.name) }
    if let closed { throw .closedToApplications(collection: closed.name) }
  }
}
