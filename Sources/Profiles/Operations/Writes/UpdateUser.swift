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
    guard var entity = person.entity else { throw Self.damaged }
    let (value, changed) = try edit(&entity)
    guard !changed.isEmpty else { return .unchanged(person) }
    try UserRules.check(value, changed: changed)
    let updated = StoredUser(person, version: stamp.version, edited: entity, value, changed: changed)
    return .put(
      updated,
      stamp.change(
        .updated, of: user, properties: UserRules.names(changed), from: person.version, to: updated.version))
  }

  /// Applies the patch, and returns the values of the properties whose value changed, with the indices of these.
  private func edit(_ entity: inout EntityEditor) throws(ProfileError) -> (StructuredValue, changed: [Int]) {
    do throws(BodyError) {
      let written = try entity.apply(patch)
      let followed = UserRules.followed(by: written)
      var value = try entity.values(at: written + followed)
      let before = value
      UserRules.follow(&value, changed: written)
      let following = followed.filter { value.members[$0] != before.members[$0] }
      for index in following { entity.replace(ProfileModel.user.properties[index], by: value.members[index]) }
      return (value, Set(written + following).sorted())
    } catch {
      throw Self.damaged
    }
  }

  private static let damaged = ProfileError.store(.damaged("A stored person is not of the declared type."))
}
