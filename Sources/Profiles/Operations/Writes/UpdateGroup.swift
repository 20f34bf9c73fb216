import OData

/// Changes the properties of a group that the body sets, and adds members and owners.
struct UpdateGroup: GroupAddingOperation {
  let group: GroupID
  let added: GroupAdditions
  let patch: StructuredPatch
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let old = try GroupRules.existing(state, by: stamp.caller, preconditions)
    let members = try GroupRules.additions(added.people, state, to: group, of: old.tenant, stamp)
    let links = try GroupRules.link(added, state, to: group, of: old.tenant, stamp)
    return try properties(of: old, adding: members).linking(links)
  }

  private func properties(of old: StoredGroup, adding members: [Change]) throws(ProfileError) -> GroupChange {
    guard var value = StructuredValue(stored: old.json, of: ProfileModel.group) else {
      throw .store(.damaged("A stored group is not of the declared type."))
    }
    let changed = patch.apply(to: &value, of: ProfileModel.group)
    guard !changed.isEmpty else { return members.isEmpty ? .unchanged(old) : .put(old, adding: members) }
    try GroupRules.check(value, changed: changed)
    return .put(StoredGroup(id: group, tenant: old.tenant, version: stamp.version, value: value), adding: members)
  }
}
