import OData

/// Changes the properties of a group that the body sets, and adds members.
struct UpdateGroup: GroupOperation {
  let group: GroupID
  let people: [UserID]
  let patch: StructuredPatch
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let old = try GroupRules.existing(state, by: stamp.caller, preconditions)
    guard var value = StructuredValue(stored: old.json, of: ProfileModel.group) else {
      throw .store(.damaged("A stored group is not of the declared type."))
    }
    let additions = try GroupRules.additions(people, state, to: group, of: old.tenant, stamp)
    let changed = patch.apply(to: &value, of: ProfileModel.group)
    guard !changed.isEmpty else { return additions.isEmpty ? .unchanged(old) : .put(old, adding: additions) }
    try GroupRules.check(value, changed: changed)
    return .put(
      StoredGroup(id: group, tenant: old.tenant, version: stamp.version, value: value), adding: additions)
  }
}
