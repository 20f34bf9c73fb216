import OData

/// Creates a group with its first members.
struct CreateGroup: GroupOperation {
  let group: GroupID
  let people: [UserID]
  let patch: StructuredPatch
  let stamp: WriteStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    guard state.group == nil else { throw .store(.failed("A new id was already in use.")) }
    var value = StructuredValue(patch, of: ProfileModel.group)
    value.set("id", group.text, of: ProfileModel.group)
    value.set("createdDateTime", .dateTime(stamp.time), of: ProfileModel.group)
    try GroupRules.check(value, changed: ProfileModel.group.properties.indices)
    let tenant = stamp.caller.tenant
    let created = StoredGroup(id: group, tenant: tenant, version: stamp.version, value: value)
    return .put(created, adding: try GroupRules.additions(people, state, to: group, of: tenant, stamp))
  }
}
