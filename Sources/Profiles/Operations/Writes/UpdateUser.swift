import OData

/// Changes the properties of a person that the body sets, and the manager whom it names.
struct UpdateUser: PersonOperation {
  let user: UserID
  let patch: StructuredPatch
  /// nil when the manager stays.
  let manager: UserID?
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, preconditions)
    let change = try properties(of: person)
    return try manager.map { manager throws(ProfileError) in
      try change.settingManager(manager, of: user, stamp)
    } ?? change
  }

  private func properties(of person: StoredUser) throws(ProfileError) -> PersonChange {
    guard var value = StructuredValue(stored: person.completeJSON, of: ProfileModel.user) else {
      throw .store(.damaged("A stored person is not of the declared type."))
    }
    let before = value
    let written = patch.apply(to: &value, of: ProfileModel.user)
    guard !written.isEmpty else { return .unchanged(person) }
    UserRules.follow(&value, changed: written)
    let changed = value.members.indices.filter { value.members[$0] != before.members[$0] }
    try UserRules.check(value, changed: changed)
    let updated = StoredUser(id: user, tenant: person.tenant, version: stamp.version, value: value)
    return .put(
      updated,
      stamp.change(
        .updated, of: user, properties: UserRules.names(changed), from: person.version, to: updated.version))
  }
}
