import OData

extension ProfileSession {
  /// Adds somebody unknown so far when they are the caller and their tenant's policy says so; otherwise there is no
  /// such person.
  func addCaller(_ caller: Caller, as id: UserID, _ then: @escaping Completion<Void>) {
    guard caller.userID == id, environment.policy(caller.tenant).createsUnknownPeople else {
      return then(.failure(.userNotFound))
    }
    let user = StoredUser(id: id, caller: caller)
    let change = Change(
      time: environment.now(), kind: .created, user: id, collection: nil, item: nil, properties: [],
      versionBefore: nil, versionAfter: .first, actingUser: id, actingApplication: caller.applicationID)
    let confined = Confined(value: then)
    let resume = resume
    service.store.submit(.addUser(user, change) { result in resume { confined.value(result) } })
  }
}

extension StoredUser {
  /// A person as their token describes them.
  init(id: UserID, caller: Caller) {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", id.text)
    value.set("displayName", caller.displayName)
    value.set("userPrincipalName", caller.userPrincipalName)
    self.init(id: id, tenant: caller.tenant, version: .first, value: value)
  }

  /// A person from a value of the declared type.
  init(id: UserID, tenant: TenantID, version: Version, value: StructuredValue) {
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.user)
    self.init(
      id: id, tenant: tenant, principalName: value.string("userPrincipalName"),
      displayName: value.string("displayName"), version: version, json: writer.json.bytes)
  }

  /// The person with only these members set; nil when the stored JSON is damaged.
  func json(restrictedTo names: Set<String>) -> [UInt8]? {
    guard let value = value(restrictedTo: names) else { return nil }
    var writer = EntityWriter()
    writer.object(value, of: ProfileModel.user)
    return writer.json.bytes
  }

  /// The same person without a principal name, for when somebody else has it; nil when the stored JSON is damaged.
  public var withoutPrincipalName: StoredUser? {
    let names = Set(ProfileModel.user.properties.map(\.name)).subtracting(["userPrincipalName"])
    guard let value = value(restrictedTo: names) else { return nil }
    return StoredUser(id: id, tenant: tenant, version: version, value: value)
  }

  private func value(restrictedTo names: Set<String>) -> StructuredValue? {
    guard let patch = try? EntityReader(.restore, dialect: .strict).read(json, as: ProfileModel.user) else {
      return nil
    }
    var restricted = patch
    for property in ProfileModel.user.properties where !names.contains(property.name) {
      restricted.members[property.index] = .absent
    }
    var value = StructuredValue(of: ProfileModel.user)
    _ = restricted.apply(to: &value, of: ProfileModel.user)
    return value
  }
}

extension StructuredValue {
  /// Sets a string property of a user; null when there is no text.
  mutating func set(_ name: String, _ text: String?) {
    guard let property = ProfileModel.user.property(named: name) else { return }
    members[property.index] = text.map(Value.string) ?? .null
  }

  /// A string property of a user.
  func string(_ name: String) -> String? {
    guard let property = ProfileModel.user.property(named: name), case .string(let text) = members[property.index]
    else { return nil }
    return text
  }
}
