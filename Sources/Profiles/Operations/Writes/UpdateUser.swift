import OData

/// Changes the properties of a person that the body sets.
struct UpdateUser: PersonOperation {
  let user: UserID
  let patch: StructuredPatch
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, preconditions)
    guard var value = StructuredValue(stored: person.json, of: ProfileModel.user) else {
      throw .store(.damaged("A stored person is not of the declared type."))
    }
    let changed = patch.apply(to: &value, of: ProfileModel.user)
    guard !changed.isEmpty else { return .unchanged(person) }
    try UserRules.check(value, changed: changed)
    let updated = StoredUser(id: user, tenant: person.tenant, version: stamp.version, value: value)
    return .put(
      updated,
      stamp.change(
        .updated, of: user, properties: UserRules.names(changed), from: person.version, to: updated.version))
  }
}
