public import OData

extension ProfileSession {
  /// Creates a person in the caller's tenant, with an id of the server's choice. Sent again with the same receipt, it
  /// gives the person that the first one made, as they are now.
  public func createUser(
    _ patch: StructuredPatch, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    authorize(.manageUsers, by: caller) { [self] authorized in
      do throws(ProfileError) {
        try authorized.get()
        guard let id = UserID(environment.makeID().text) else { throw .store(.failed("A new id is not an id.")) }
        create(try CreateUser(user: id, patch: patch, stamp: stamp(caller)), once: receipt, by: caller, then)
      } catch {
        then(.failure(error))
      }
    }
  }

  private func create(
    _ operation: CreateUser, once receipt: IdempotencyReceipt?, by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    guard let receipt else { return submit(operation) { Self.visible($0, to: caller, then) } }
    submit(operation, once: receipt) { [self] outcome in
      switch outcome {
      case .failure(let error): then(.failure(error))
      case .success(.done(let outcome)): Self.visible(.success(outcome), to: caller, then)
      case .success(.repeated(let id)):
        guard let id = UserID(id) else { return then(.failure(.userNotFound)) }
        readUser(.id(id), by: caller, then)
      }
    }
  }

  /// Updates a person: what the patch leaves out stays as it is.
  public func updateUser(
    _ reference: OwnerReference, _ patch: StructuredPatch, preconditions: Preconditions, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    let administered = UserRules.administered(patch)
    let answer: Completion<VisibleObject> = { outcome in
      guard let administered, case .failure(.deniedForRole) = outcome else { return then(outcome) }
      then(.failure(.propertyOfAdministrators(administered)))
    }
    onPerson(
      reference, for: administered == nil ? .writeUser : .administerUser, by: caller, answer
    ) { [self] id, then in
      let operation = UpdateUser(user: id, patch: patch, preconditions: preconditions, stamp: stamp(caller))
      addingCaller(caller, as: id, { [self] in submit(operation, $0) }) { Self.visible($0, to: caller, then) }
    }
  }

  /// Deletes a person with everything they hold.
  public func deleteUser(
    _ reference: OwnerReference, preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    onPerson(reference, for: .manageUsers, by: caller, then) { [self] id, then in
      submit(DeleteUser(user: id, preconditions: preconditions, stamp: stamp(caller))) { then($0.map { _ in }) }
    }
  }

  /// Empties a profile: the items go that the caller may see.
  public func deleteProfile(_ reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<Void>) {
    onPerson(reference, for: .writeProfile, by: caller, then) { [self] id, then in
      let operation = DeleteProfile(user: id, stamp: stamp(caller))
      addingCaller(caller, as: id, { [self] in submit(operation, $0) }) { then($0.map { _ in }) }
    }
  }

  private static func visible(
    _ outcome: Result<PersonOutcome, ProfileError>, to caller: Caller, _ then: Completion<VisibleObject>
  ) {
    switch outcome {
    case .failure(let error): then(.failure(error))
    case .success(.removed): then(.failure(.userNotFound))
    case .success(.written(let user)), .success(.unchanged(let user)):
      let decision = AccessDecision(of: caller, to: user.id, user.facts)
      then(decision.visible(user, to: caller).map { .success($0) } ?? .failure(.userNotFound))
    }
  }
}

/// Makes a new person of the caller's tenant.
struct CreateUser: PersonOperation {
  let user: UserID
  private let person: StoredUser
  private let log: Change

  init(user: UserID, patch: StructuredPatch, stamp: WriteStamp) throws(ProfileError) {
    var value = StructuredValue(of: ProfileModel.user)
    value.set("id", user.text)
    let changed = patch.apply(to: &value, of: ProfileModel.user)
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

/// Changes what the body sets of a person.
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

/// Takes a person away, with all they hold.
struct DeleteUser: PersonOperation {
  let user: UserID
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, preconditions)
    return .remove(stamp.change(.deleted, of: user, from: person.version, to: nil)) { [stamp] key, version in
      stamp.change(.deleted, of: key, properties: [], from: version, to: nil)
    }
  }
}

/// Takes the items of a profile away that the caller may see and write.
struct DeleteProfile: PersonOperation {
  let user: UserID
  let stamp: WriteStamp

  var authorization: AuthorizationContext { AuthorizationContext(of: stamp.caller, needsPolicy: stamp.caller.actor == .application) }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    let person = try UserRules.writable(state.person, by: stamp.caller, .none)
    let owner = ItemOwner(tenant: person.tenant, displayName: nil, relation: state.relation)
    try checkApplication(owner.relation?.policy)
    let decision = AccessDecision(of: stamp.caller, to: user, owner)
    let seesAll = decision.isOwner || decision.isApplicationOfTenant
    // The profile is recorded as a whole, under the name of its navigation property.
    let log = stamp.change(.deleted, of: user, collection: "profile", from: nil, to: nil)
    return .removeItems(log) { collection, audience in
      // Whom the owner lists is for the owner alone to change.
      decision.sees(audience, in: collection) && (seesAll || collection != Relationship.collection)
    } log: { [stamp] key, version in
      stamp.change(.deleted, of: key, properties: [], from: version, to: nil)
    }
  }

  private func checkApplication(_ policy: TenantPolicy?) throws(ProfileError) {
    guard stamp.caller.actor == .application, let policy else { return }
    let closed = ProfileModel.collections.first { !policy.letsApplicationsWrite($0.name) }
    if let closed { throw .closedToApplications(collection: closed.name) }
  }
}

/// What is asked of people beyond their type.
enum UserRules {
  /// The person, if the caller may write them and the preconditions hold.
  static func writable(
    _ existing: StoredUser?, by caller: Caller, _ preconditions: Preconditions
  ) throws(ProfileError) -> StoredUser {
    guard let person = existing, AccessDecision(of: caller, to: person.id, person.facts).mayWrite else {
      throw .userNotFound
    }
    guard preconditions.hold(for: person.version) else { throw .preconditionFailed }
    return person
  }

  /// A person is made with a name to be shown, which no update takes away, and a principal name is one (`PrincipalName`).
  /// Only what changes is judged: what is stored may stay, though it was imported or came with a token.
  static func check(_ value: StructuredValue, changed: some Sequence<Int>) throws(ProfileError) {
    try DirectoryNames.check(value, of: ProfileModel.user, changed: changed)
    if isChanged("mail", changed) {
      do throws(BodyError) { try DirectoryNames.check(mailOf: value) } catch { throw .body(error) }
    }
    guard isChanged("userPrincipalName", changed), let name = value.string("userPrincipalName"),
      PrincipalName(name) == nil
    else { return }
    throw .body(.invalidValue(property: "userPrincipalName", reason: PrincipalName.rule))
  }

  private static func isChanged(_ name: String, _ changed: some Sequence<Int>) -> Bool {
    ProfileModel.user.property(named: name).map { changed.contains($0.index) } ?? false
  }

  /// The first property that a body sends, whatever its value, and that people may not set of themselves; nil when it sends
  /// none.
  static func administered(_ patch: StructuredPatch) -> String? {
    ProfileModel.user.properties.first { !patch.isAbsent($0) && !$0.traits.contains(.selfService) }?.name
  }

  /// The names of properties of a person, for the change log.
  static func names(_ positions: [Int]) -> [String] { positions.map { ProfileModel.user.properties[$0].name } }
}
