import OData

/// Creates a person in the caller's tenant.
struct CreateUser: PersonOperation {
  let user: UserID
  private let person: StoredUser
  private let manager: UserID?
  private let log: Change
  private let stamp: WriteStamp

  /// Throws the error of an invalid person. `manager` is whom they report to; nil for nobody.
  init(user: UserID, patch: StructuredPatch, manager: UserID?, stamp: WriteStamp) throws(ProfileError) {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", user.text)
    let changed = patch.apply(to: &value, of: ProfileModel.user)
    UserRules.setDefaults(of: &value, at: stamp.time)
    UserRules.follow(&value, changed: changed)
    try UserRules.check(value, changed: ProfileModel.user.properties.indices)
    self.user = user
    self.manager = manager
    self.stamp = stamp
    person = StoredUser(id: user, tenant: stamp.caller.tenant, version: stamp.version, value: value)
    log = stamp.change(.created, of: user, properties: UserRules.names(changed), from: nil, to: stamp.version)
  }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard state.person == nil else { throw .store(.failed("A new id was already in use.")) }
    let creation = PersonChange.put(person, log)
    return try manager.map { manager throws(ProfileError) in
      try creation.settingManager(manager, of: user, stamp)
    } ?? creation
  }
}
