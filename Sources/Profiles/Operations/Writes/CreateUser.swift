import OData

/// Creates a person in the caller's tenant.
struct CreateUser: PersonOperation {
  let user: UserID
  private let person: StoredUser
  private let log: Change

  init(user: UserID, patch: StructuredPatch, stamp: WriteStamp) throws(ProfileError) {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", user.text)
    let changed = patch.apply(to: &value, of: ProfileModel.user)
    UserRules.setDefaults(of: &value, at: stamp.time)
    UserRules.follow(&value, changed: changed)
    try UserRules.check(value, changed: ProfileModel.user.properties.indices)
    self.user = user
    person = StoredUser(id: user, tenant: stamp.caller.tenant, version: stamp.version, value: value)
    log = stamp.change(.created, of: user, properties: UserRules.names(changed), from: nil, to: stamp.version)
  }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard state.person == nil else { throw .store(.failed("A new id was already in use.")) }
    return .put(person, log)
  }
}
