import OData

/// Creates an item from what the body sets, with the tenant's default audience and the stamps that the body leaves out.
struct CreateItem: ItemOperation {
  let key: ItemKey
  let type: StructuredType
  let patch: StructuredPatch
  let stamp: WriteStamp

  var authorization: AuthorizationContext { AuthorizationContext(of: stamp.caller, needsPolicy: true) }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let owner = state.owner, AccessDecision(of: stamp.caller, to: key.user, owner).mayWrite else {
      throw .userNotFound
    }
    let policy = owner.relation?.policy ?? TenantPolicy()
    try ItemRules.checkApplication(stamp.caller, policy, key.collection)
    if let audience = patch.audience { try ItemRules.check(audience, policy, in: key.collection) }
    // The server makes ids; one that is in use was given out twice.
    guard state.item == nil else { throw .store(.failed("A new id was already in use.")) }
    let value = value(
      ownerName: stamp.caller.userID == key.user ? owner.displayName : nil,
      defaultAudience: policy.defaultAudience(in: key.collection))
    let item = StoredItem(key: key, version: stamp.version, value: value, of: type)
    return .put(item, stamp.change(.created, of: key, properties: setProperties, from: nil, to: stamp.version))
  }

  private func value(ownerName: String?, defaultAudience: Audience) -> StructuredValue {
    var value = StructuredValue(of: type)
    value.members[ItemFacet.Position.id] = .string(key.id.text)
    value.members[ItemFacet.Position.allowedAudiences] = .enumeration(defaultAudience.rawValue)
    let identity = stamp.identitySet(ownerName: ownerName)
    for position in [ItemFacet.Position.createdBy, ItemFacet.Position.lastModifiedBy] {
      value.members[position] = identity
    }
    for position in [ItemFacet.Position.createdDateTime, ItemFacet.Position.lastModifiedDateTime] {
      value.members[position] = .dateTime(stamp.time)
    }
    var patch = patch
    // A stamp that is sent replaces the server's as a whole. A body with an entity tag repeats another item, so its
    // stamps are that item's and count as not sent.
    for property in type.properties where property.traits.contains(.stamp) && !patch.isAbsent(property) {
      if patch.entityTag != nil {
        patch.members[property.index] = .absent
      } else {
        value.members[property.index] = .null
      }
    }
    _ = patch.apply(to: &value, of: type)
    if patch.members[ItemFacet.Position.lastModifiedDateTime] == .absent {
      value.members[ItemFacet.Position.lastModifiedDateTime] = stamp.modification(
        after: value.members[ItemFacet.Position.createdDateTime])
    }
    return value
  }

  private var setProperties: [String] {
    type.properties.filter { !patch.isAbsent($0) }.map(\.name)
  }
}
