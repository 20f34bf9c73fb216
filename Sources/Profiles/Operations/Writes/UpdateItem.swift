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
    var (entity, patch, changed) = try reading { () throws(BodyError) in
      var entity = try EntityEditor(item.json, collapsible: item.collapsible, of: type)
      let patch = try withoutEchoedStamps(item, entity)
      let changed = try entity.apply(patch)
      return (entity, patch, changed)
    }
    guard !changed.isEmpty else { return .unchanged(item) }
    do throws(BodyError) { try entity.checkUndeclaredMembers() } catch { throw .body(error) }
    let updated = try reading { () throws(BodyError) in
      changed += try restamp(&entity, patch, ownerName: stamp.caller.userID == key.user ? owner.displayName : nil)
      return try StoredItem(item, version: stamp.version, edited: entity, at: changed, of: type)
    }
    let names = changed.sorted().map { type.properties[$0].name }
    return .put(
      updated, stamp.change(.updated, of: key, properties: names, from: item.version, to: updated.version))
  }

  /// Runs `body`, which reads what is stored.
  private func reading<Answer>(_ body: () throws(BodyError) -> Answer) throws(ProfileError) -> Answer {
    do throws(BodyError) { return try body() } catch { throw .store(.damaged("A stored item is not of its type.")) }
  }

  /// Stamps that merely repeat what is stored, or come from an older copy of the item, count as not sent.
  private func withoutEchoedStamps(_ item: StoredItem, _ entity: EntityEditor) throws(BodyError) -> StructuredPatch {
    var patch = patch
    let isStaleCopy = patch.entityTag.map { EntityTagCondition($0)?.matches(item.version) != true } ?? false
    for property in type.properties where property.traits.contains(.stamp) {
      if case .absent = patch.members[property.index] { continue }
      let old = try entity.value(of: property)
      guard let new = StructuredPatch.result(of: patch.members[property.index], on: old, property) else { continue }
      if isStaleCopy || Self.repeats(new, old) { patch.members[property.index] = .absent }
    }
    return patch
  }

  private static func repeats(_ new: Value, _ old: Value) -> Bool {
    if case .dateTime(let new) = new, case .dateTime(let old) = old { return new.isClose(to: old) }
    return new == old
  }

  /// Stamps what the patch leaves to the server, and returns the positions of these stamps.
  private func restamp(
    _ entity: inout EntityEditor, _ patch: StructuredPatch, ownerName: String?
  ) throws(BodyError) -> [Int] {
    let (time, person) = (ItemFacet.Position.lastModifiedDateTime, ItemFacet.Position.lastModifiedBy)
    var stamped: [Int] = []
    if case .absent = patch.members[time] {
      let created = type.properties[ItemFacet.Position.createdDateTime]
      let modified = stamp.modification(
        after: try entity.value(of: created), try entity.value(of: type.properties[time]))
      entity.replace(type.properties[time], by: modified)
      stamped.append(time)
    }
    if case .absent = patch.members[person] {
      entity.replace(type.properties[person], by: stamp.identitySet(ownerName: ownerName))
      stamped.append(person)
    }
    return stamped
  }
}
