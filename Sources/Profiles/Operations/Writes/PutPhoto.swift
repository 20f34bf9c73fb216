import OData

/// Sets the photo of a person. One that is there already keeps its audience: who may see a photo is the person's choice,
/// whoever sets it.
struct PutPhoto: ItemOperation {
  let user: UserID
  let photo: EncodedPhoto
  let preconditions: Preconditions
  let stamp: WriteStamp

  var key: ItemKey { PersonPhoto.key(of: user) }

  /// A photo that is hidden from the caller is replaced as if there were none, so that the answer does not tell. Only with
  /// preconditions does what they see decide.
  var authorization: AuthorizationContext {
    AuthorizationContext(of: stamp.caller, needsPolicy: true, seesAll: preconditions == .none)
  }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard let owner = state.owner else { throw .userNotFound }
    let decision = AccessDecision(of: stamp.caller, to: user, owner)
    guard decision.mayWrite else { throw .userNotFound }
    let policy = owner.relation?.policy ?? TenantPolicy()
    try ItemRules.checkApplication(stamp.caller, policy, key.collection)
    try check(state.item, decision)
    let old = state.item
    let item = PersonPhoto.item(
      of: user, photo, for: old?.audience ?? policy.defaultAudience(in: key.collection),
      created: old?.created ?? stamp.time, version: stamp.version)
    return .put(
      item,
      stamp.change(
        old == nil ? .created : .updated, of: key, properties: ["content"], from: old?.version, to: item.version))
  }

  /// Visibility comes before the preconditions, which only those who see every photo may use to create one: for others a
  /// hidden photo does not exist.
  private func check(_ item: StoredItem?, _ decision: AccessDecision) throws(ProfileError) {
    guard preconditions != .none else { return }
    guard let item, decision.sees(item) else {
      guard preconditions.ifMatch == nil, decision.isOwner || decision.isApplicationOfTenant else {
        throw .photoNotFound
      }
      return
    }
    guard preconditions.hold(for: item.version) else { throw .preconditionFailed }
  }
}

/// Changes who may see the photo of a person.
struct ShowPhoto: ItemOperation {
  let user: UserID
  /// The audience; nil leaves it as it is.
  let audience: Audience?
  let preconditions: Preconditions
  let stamp: WriteStamp

  var key: ItemKey { PersonPhoto.key(of: user) }
  var authorization: AuthorizationContext { AuthorizationContext(of: stamp.caller, needsPolicy: true) }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    let (owner, item) = try ItemRules.existing(state, key: key, caller: stamp.caller, preconditions: preconditions)
    guard let audience else { return .unchanged(item) }
    try ItemRules.check(audience, owner.relation?.policy, in: key.collection)
    guard audience != item.audience else { return .unchanged(item) }
    guard let shown = PersonPhoto.item(item, for: audience, version: stamp.version) else {
      throw .store(.damaged("A stored photo is damaged."))
    }
    return .put(
      shown,
      stamp.change(
        .updated, of: key, properties: ["allowedAudiences"], from: item.version, to: shown.version))
  }
}

/// Sets or deletes the photo of a group.
struct WriteGroupPhoto: GroupOperation {
  let group: GroupID
  /// The photo; nil deletes the one that is there.
  let photo: EncodedPhoto?
  let preconditions: Preconditions
  let stamp: WriteStamp

  var people: [UserID] { [] }
  var needsPhoto: Bool { true }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    _ = try GroupRules.existing(state, by: stamp.caller, .none)
    if let old = state.photo {
      guard preconditions.hold(for: old.version) else { throw .preconditionFailed }
    } else {
      guard photo != nil, preconditions.ifMatch == nil else { throw .photoNotFound }
    }
    guard let photo else { return .removePhoto }
    return .putPhoto(StoredGroupPhoto(group: group, version: stamp.version, photo))
  }
}
