import OData

/// Whom a request is about. Ids come first and cost nothing: only what is nobody's id is looked for among the principal
/// names of the caller's tenant. An id of another tenant counts where the caller may know of its person, so that it makes
/// no difference whether a hidden one exists.
extension ProfileSession {
  /// Finds out who is meant and whether the caller's permissions reach them, then runs `body` with their id. When it ends
  /// because there is nobody of that id (`reason` says why it was refused), it runs with the person of that principal name.
  func onPerson<Answer>(
    _ reference: OwnerReference, for access: Access, by caller: Caller,
    _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID, @escaping Completion<Answer>) -> Void,
    reason: @escaping (Result<Answer, ProfileError>) -> ProfileError? = { $0.failure }
  ) {
    switch reference {
    case .me:
      guard let own = caller.userID else { return then(.failure(.meNeedsUser)) }
      onAuthorized(own, for: access, by: caller, then, body)
    case .id(let id) where id == caller.userID:
      onAuthorized(id, for: access, by: caller, then, body)
    case .id(let id): onOther(id, for: access, by: caller, then, body, reason)
    case .nameOrID(let name):
      holder(of: name, for: caller) { [self] in
        onHolder($0, or: UserID(name), for: access, by: caller, then, body)
      }
    case .principalName(let name):
      holder(of: name, orID: false, for: caller) { [self] in
        onHolder($0, or: nil, for: access, by: caller, then, body)
      }
    }
  }

  /// Runs `body` if the caller's permissions reach the person.
  private func onAuthorized<Answer>(
    _ id: UserID, for access: Access, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID, @escaping Completion<Answer>) -> Void
  ) {
    authorize(access, isOwner: caller.userID == id, by: caller) { authorized in
      switch authorized {
      case .failure(let error): then(.failure(error))
      case .success: body(id, then)
      }
    }
  }

  /// The same for an id that is not the caller's. It may be a name of theirs, by which they reach themself without any
  /// permission on others; or, where nobody has the id, that of somebody else.
  private func onOther<Answer>(
    _ id: UserID, for access: Access, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID, @escaping Completion<Answer>) -> Void,
    _ reason: @escaping (Result<Answer, ProfileError>) -> ProfileError?
  ) {
    authorize(access, by: caller) { [self] authorized in
      switch authorized {
      case .failure(let error):
        onHolder(
          of: id.text, for: access, by: caller, then, body, where: { $0 == caller.userID },
          orElse: .failure(error))
      case .success:
        body(id) { [self] outcome in
          guard reason(outcome)?.mayNameSomebody == true else { return then(outcome) }
          onHolder(
            of: id.text, for: access, by: caller, then, body, where: { $0 != id }, orElse: outcome)
        }
      }
    }
  }

  /// Runs `body` with the person of a principal name if they are meant; else `outcome` stands.
  private func onHolder<Answer>(
    of name: String, for access: Access, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID, @escaping Completion<Answer>) -> Void,
    where isMeant: @escaping (UserID) -> Bool,
    orElse outcome: Result<Answer, ProfileError>
  ) {
    holder(of: name, for: caller) { [self] holder in
      switch holder {
      case .failure(let error): then(.failure(error))
      case .success(let id?) where isMeant(id):
        onAuthorized(id, for: access, by: caller, then, body)
      case .success: then(outcome)
      }
    }
  }

  /// Runs `body` with whoever has a name that was looked for, or else with `other`.
  private func onHolder<Answer>(
    _ holder: Result<UserID?, ProfileError>, or other: UserID?, for access: Access,
    by caller: Caller,
    _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID, @escaping Completion<Answer>) -> Void
  ) {
    switch holder.map({ $0 ?? other }) {
    case .failure(let error): then(.failure(error))
    case .success(let id?): onAuthorized(id, for: access, by: caller, then, body)
    case .success(nil):
      authorize(access, by: caller) { then($0.flatMap { .failure(.userNotFound) }) }
    }
  }

  /// Who is meant by a reference within a body, of a caller who may name anybody of the tenant. Whether there is anybody of
  /// an id is for the write to find.
  func person(of reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<UserID>) {
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

  /// Who has a principal name in the caller's tenant or, with `orID`, rather this id. A name that nobody has yet may still
  /// be the caller's own, before their first call.
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

extension Result {
  /// The failure, if it is one.
  fileprivate var failure: Failure? {
    if case .failure(let failure) = self { failure } else { nil }
  }
}

extension ProfileError {
  /// Whether a request was refused as one about somebody whom the caller does not know or who is not the caller, as one is
  /// whose name was taken for an id.
  fileprivate var mayNameSomebody: Bool { self == .userNotFound || self == .ownersAlone }
}
