import OData

/// Updates an item: changes what the body sets and leaves the rest, at every depth, and stamps who changed it and when
/// unless the body says so (merge semantics of PATCH, OData 4.01 part 1 section 11.4.3).
struct UpdateItem: ItemOperation {
  let key: ItemKey
  let type: StructuredType
  let patch: StructuredPatch
  let preconditions: Preconditions
  let stamp: WriteStamp

  var authorization: AuthorizationContext {
    AuthorizationContext(of: stamp.caller, needsPolicy: patch.audience != nil || stamp.caller.actor == .application)
  }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    let (owner, item) = try ItemRules.existing(state, key: key, caller: stamp.caller, preconditions: preconditions)
    if let audience = patch.audience { try ItemRules.check(audience, owner.relation?.policy, in: key.collection) }
    var value: StructuredValue
    do throws(BodyError) {
      value = try item.value(of: type)
    } catch {
      throw .store(.damaged("A stored item is not of its type."))
    }
    let patch = withoutEchoedStamps(item, value)
    var changed = patch.apply(to: &value, of: type)
    guard !changed.isEmpty else { return .unchanged(item) }
    do throws(BodyError) {
      try value.checkUndeclaredMembers(at: changed, of: type)
    } catch {
      throw .body(error)
    }
    let ownerName = stamp.caller.userID == key.user ? owner.displayName : nil
    changed += restamp(&value, patch, ownerName: ownerName)
    let updated = StoredItem(key: key, version: stamp.version, value: value, of: type)
    let names = Set(changed).sorted().map { type.properties[$0].name }
    return .put(
      updated, stamp.change(.updated, of: key, properties: names, from: item.version, to: updated.version))
  }

  /// Stamps that merely repeat what is stored, or come from an older copy of the item, count as not sent.
  private func withoutEchoedStamps(_ item: StoredItem, _ value: StructuredValue) -> StructuredPatch {
    var patch = patch
    let isStaleCopy = patch.entityTag.map { EntityTagCondition($0)?.matches(item.version) != true } ?? false
    for property in type.properties where property.traits.contains(.stamp) {
      if case .absent = patch.members[property.index] { continue }
      let old = value.members[property.index]
      guard let new = StructuredPatch.result(of: patch.members[property.index], on: old, property) else { continue }
      if isStaleCopy || Self.repeats(new, old) { patch.members[property.index] = .absent }
    }
    return patch
  }

  private static func repeats(_ new: Value, _ old: Value) -> Bool {
    if case .dateTime(let new) = new, case .dateTime(let old) = old { return new.isClose(to: old) }
    return new == old
  }

  private func restamp(_ value: inout StructuredValue, _ patch: StructuredPatch, ownerName: String?) -> [Int] {
    var stamped: [Int] = []
    if patch.members[ItemFacet.Position.lastModifiedDateTime] == .absent {
      value.members[ItemFacet.Position.lastModifiedDateTime] = stamp.modification(
        after: value.members[ItemFacet.Position.lastModifiedDateTime],
        value.members[ItemFacet.Position.createdDateTime])
      stamped.append(ItemFacet.Position.lastModifiedDateTime)
    }
    if patch.members[ItemFacet.Position.lastModifiedBy] == .absent {
      value.members[ItemFacet.Position.lastModifiedBy] = stamp.identitySet(ownerName: ownerName)
      stamped.append(ItemFacet.Position.lastModifiedBy)
    }
    return stamped
  }
}
