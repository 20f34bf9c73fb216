import OData

/// Finds the person that a request names.
///
/// Ids come first and cost no look-up: only what is nobody's id is looked up among the principal names of the caller's
/// tenant. An id of another tenant counts where the caller may know of its person, so that the answer does not reveal
/// whether a hidden person exists.
struct PersonResolution {
  /// What runs with the id that was found.
  typealias Body<Answer> = (UserID, @escaping Completion<Answer>) -> Void

  let context: SessionContext

  private var reader: any ProfileReader { context.reader }

  /// Finds the person, checks that the caller's permissions reach them, then runs `body` with their id. When `body`
  /// fails because nobody has that id (`reason` says why it failed), runs it again with the person of that principal
  /// name.
  func withPerson<Answer>(
    _ reference: OwnerReference, for access: RequiredPermissions, by caller: Caller,
    _ then: @escaping Completion<Answer>,
    _ body: @escaping Body<Answer>,
    reason: @escaping (Result<Answer, ProfileError>) -> ProfileError? = { $0.failure }
  ) {
    switch reference {
    case .me:
      guard let own = caller.userID else { return then(.failure(.meNeedsUser)) }
      authorize(own, isOwner: true, for: access, by: caller, then, body)
    case .id(let id) where id == caller.userID:
      authorize(id, isOwner: true, for: access, by: caller, then, body)
    case .id(let id): withOther(id, for: access, by: caller, then, body, reason)
    case .nameOrID(let name):
      holder(of: name, for: caller) { [self] in
        withHolder($0, or: UserID(name), for: access, by: caller, then, body)
      }
    case .principalName(let name):
      holder(of: name, orID: false, for: caller) { [self] in
        withHolder($0, or: nil, for: access, by: caller, then, body)
      }
    }
  }

  /// Runs `body` if the caller's permissions reach the person. `isOwner` tells whether that is the caller.
  private func authorize<Answer>(
    _ id: UserID, isOwner: Bool, for access: RequiredPermissions, by caller: Caller,
    _ then: @escaping Completion<Answer>, _ body: @escaping Body<Answer>
  ) {
    context.authorization.authorize(access, isOwner: isOwner, by: caller) { authorized in
      authorized.onSuccess(orFail: then) { body(id, then) }
    }
  }

  /// The same for an id that is not the caller's. The text may be the caller's own principal name, by which they reach
  /// themself without a permission on others; or, where nobody has the id, the principal name of somebody else.
  private func withOther<Answer>(
    _ id: UserID, for access: RequiredPermissions, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping Body<Answer>, _ reason: @escaping (Result<Answer, ProfileError>) -> ProfileError?
  ) {
    context.authorization.authorize(access, by: caller) { [self] authorized in
      switch authorized {
      case .failure(let error):
        withHolder(
          of: id.text, for: access, by: caller, then, body, where: { $0 == caller.userID },
          orElse: .failure(error))
      case .success:
        body(id) { [self] outcome in
          guard reason(outcome)?.mayNameSomebody == true else { return then(outcome) }
          withHolder(
            of: id.text, for: access, by: caller, then, body, where: { $0 != id }, orElse: outcome)
        }
      }
    }
  }

  /// Runs `body` with the person who has a principal name if `isMeant` holds for them; otherwise answers `outcome`.
  private func withHolder<Answer>(
    of name: String, for access: RequiredPermissions, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping Body<Answer>, where isMeant: @escaping (UserID) -> Bool,
    orElse outcome: Result<Answer, ProfileError>
  ) {
    holder(of: name, for: caller) { [self] holder in
      holder.onSuccess(orFail: then) { holder in
        guard let holder, isMeant(holder) else { return then(outcome) }
        authorize(holder, isOwner: caller.userID == holder, for: access, by: caller, then, body)
      }
    }
  }

  /// Runs `body` with the person that a look-up by name found, or else with `other`.
  private func withHolder<Answer>(
    _ holder: Result<UserID?, ProfileError>, or other: UserID?, for access: RequiredPermissions, by caller: Caller,
    _ then: @escaping Completion<Answer>, _ body: @escaping Body<Answer>
  ) {
    holder.onSuccess(orFail: then) { holder in
      guard let id = holder ?? other else {
        // Whether anybody has the name is only for those to learn who could reach them.
        return context.authorization.authorize(access, by: caller) { then($0.flatMap { .failure(.userNotFound) }) }
      }
      authorize(id, isOwner: caller.userID == id, for: access, by: caller, then, body)
    }
  }

  /// Finds who has a principal name in the caller's tenant or, with `orID`, rather this id. A name that nobody has yet
  /// may be the caller's own, before their first call.
  private func holder(
    of name: String, orID: Bool = true, for caller: Caller, _ then: @escaping Completion<UserID?>
  ) {
    reader.user(principalName: name, orID: orID, in: caller.tenant) { found in
      then(
        found.mapError(ProfileError.store).map { user in
          if let user { return user.id }
          let isOwn = caller.userPrincipalName.map {
            PrincipalName.key(of: $0).hasSameBytes(as: PrincipalName.key(of: name))
          }
          return isOwn == true ? caller.userID : nil
        })
    }
  }
}

// MARK: People that a body names

extension PersonResolution {
  /// The ids of the people that a body names, in their order, for a caller who may name anybody of the tenant. Whether
  /// somebody has such an id is left to the write.
  func ids(
    of references: ArraySlice<OwnerReference>, by caller: Caller, after found: [UserID] = [],
    _ then: @escaping Completion<[UserID]>
  ) {
    guard let reference = references.first else { return then(.success(found)) }
    id(of: reference, by: caller) { [self] id in
      id.onSuccess(orFail: then) { ids(of: references.dropFirst(), by: caller, after: found + [$0], then) }
    }
  }

  private func id(of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<UserID>) {
    switch reference {
    case .me: then(caller.userID.map { .success($0) } ?? .failure(.meNeedsUser))
    case .id(let id): holder(of: id.text, for: caller) { then($0.map { $0 ?? id }) }
    case .nameOrID(let name):
      holder(of: name, for: caller) { then($0.flatMap { Self.known($0 ?? UserID(name)) }) }
    case .principalName(let name):
      holder(of: name, orID: false, for: caller) { then($0.flatMap(Self.known)) }
    }
  }

  private static func known(_ id: UserID?) -> Result<UserID, ProfileError> {
    id.map { .success($0) } ?? .failure(.userNotFound)
  }
}

// MARK: What the caller may see of the person

extension PersonResolution {
  /// Finds the person that a reference names, if the caller may have this access, and decides what the caller may see
  /// of them.
  func decision(
    on reference: OwnerReference, for access: RequiredPermissions, by caller: Caller,
    _ then: @escaping Completion<(UserID, AccessDecision)>
  ) {
    withPerson(reference, for: access, by: caller, then) { [self] id, then in
      decision(on: id, by: caller) { decision in then(decision.map { (id, $0) }) }
    }
  }

  /// Decides what the caller may see of a person. Fails with `userNotFound` where the person does not exist for the
  /// caller. Adds the caller on their own first call, where the policy of their tenant allows it.
  func decision(on id: UserID, by caller: Caller, _ then: @escaping Completion<AccessDecision>) {
    reader.owner(id, for: AuthorizationContext(of: caller)) { [self] found in
      found.onSuccess(orFail: then) { owner in
        if let owner { return confirm(AccessDecision(of: caller, to: id, owner), on: id, by: caller, then) }
        guard caller.userID == id else {
          // The same look-up runs as for a person of whom nothing is visible, so that both take the same time.
          return reader.hasItemsBeyondTenant(of: id, for: AuthorizationContext(of: caller)) { _ in
            then(.failure(.userNotFound))
          }
        }
        context.provisioning.add(caller, as: id) { [self] added in
          added.onSuccess(orFail: then) { decisionAfterAdding(id, caller, then) }
        }
      }
    }
  }

  /// Fails for an item that is missing or not visible: with `itemNotFound` when its person exists for the caller,
  /// otherwise with `userNotFound`.
  func failForMissingItem<Answer>(of user: UserID, _ caller: Caller, _ then: @escaping Completion<Answer>) {
    decision(on: user, by: caller) { then($0.flatMap { _ in .failure(.itemNotFound) }) }
  }

  /// The caller was added, but may have been deleted again since.
  private func decisionAfterAdding(_ id: UserID, _ caller: Caller, _ then: @escaping Completion<AccessDecision>) {
    reader.owner(id, for: AuthorizationContext(of: caller)) { found in
      found.onSuccess(orFail: then) { owner in
        guard let decision = owner.map({ AccessDecision(of: caller, to: id, $0) }), decision.seesPerson else {
          return then(.failure(.userNotFound))
        }
        then(.success(decision))
      }
    }
  }

  /// A person of another tenant exists for the caller only while one of their items is visible.
  private func confirm(
    _ decision: AccessDecision, on id: UserID, by caller: Caller, _ then: @escaping Completion<AccessDecision>
  ) {
    guard !decision.seesPerson else { return then(.success(decision)) }
    reader.hasItemsBeyondTenant(of: id, for: AuthorizationContext(of: caller)) { found in
      found.onSuccess(orFail: then) { then($0 ? .success(decision) : .failure(.userNotFound)) }
    }
  }
}

extension Result {
  /// The failure, if it is one.
  fileprivate var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}

extension ProfileError {
  /// Whether a request failed because the caller does not know the person or is not that person: then the id may have
  /// been meant as a principal name.
  fileprivate var mayNameSomebody: Bool { self == .userNotFound || self == .ownerOnly }
}
