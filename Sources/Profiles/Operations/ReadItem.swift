import OData

extension ProfileSession {
  /// Reads one item.
  public func readItem(_ id: ItemID, of request: CollectionRequest, _ then: @escaping Completion<VisibleItem>) {
    onPerson(request.owner, for: .readProfile, by: request.caller, then) { [self] user, then in
      readItem(id, of: user, request, then)
    }
  }

  private func readItem(
    _ id: ItemID, of user: UserID, _ request: CollectionRequest, _ then: @escaping Completion<VisibleItem>
  ) {
    let key = ItemKey(user: user, collection: request.collection.name, id: id)
    reader.item(key, for: AuthorizationContext(of: request.caller)) { [self] found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let found?):
        let decision = AccessDecision(of: request.caller, to: user, found.owner)
        guard let item = decision.visible(found.item, of: request.collection.target) else {
          return missingItem(of: user, request.caller, then)
        }
        then(.success(item))
      case .success(nil): missingItem(of: user, request.caller, then)
      }
    }
  }

  /// There is no such item, or none that is visible: the answer depends on whether there is such a person.
  func missingItem<Answer>(of user: UserID, _ caller: Caller, _ then: @escaping Completion<Answer>) {
    person(user, caller) { then($0.flatMap { _ in .failure(.itemNotFound) }) }
  }

  /// The person whom a reference names, if the caller may have this access, and how the caller stands to them.
  func person(
    _ reference: OwnerReference, for access: Access, by caller: Caller,
    _ then: @escaping Completion<(UserID, AccessDecision)>
  ) {
    onPerson(reference, for: access, by: caller, then) { [self] id, then in
      person(id, caller) { decision in then(decision.map { (id, $0) }) }
    }
  }

  /// The relation of the caller to a person who exists for them, made on their own first call where the policy says so.
  func person(_ id: UserID, _ caller: Caller, _ then: @escaping Completion<AccessDecision>) {
    reader.owner(id, for: AuthorizationContext(of: caller)) { [self] found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let owner?): known(id, caller, AccessDecision(of: caller, to: id, owner), then)
      case .success(nil) where caller.userID != id:
        // As long as for somebody of whom nothing is visible.
        reader.hasItemsBeyondTenant(of: id, for: AuthorizationContext(of: caller)) { _ in then(.failure(.userNotFound)) }
      case .success(nil):
        addCaller(caller, as: id) { [self] added in
          switch added {
          case .failure(let error): then(.failure(error))
          case .success: addedPerson(id, caller, then)
          }
        }
      }
    }
  }

  /// Whoever is there after the caller was added: they may be gone again.
  private func addedPerson(_ id: UserID, _ caller: Caller, _ then: @escaping Completion<AccessDecision>) {
    reader.owner(id, for: AuthorizationContext(of: caller)) { found in
      then(
        found.mapError(ProfileError.store).flatMap { owner in
          guard let owner else { return .failure(.userNotFound) }
          let decision = AccessDecision(of: caller, to: id, owner)
          return decision.knowsPerson ? .success(decision) : .failure(.userNotFound)
        })
    }
  }

  /// A person of another tenant exists only while one of their items is visible.
  private func known(_ id: UserID, _ caller: Caller, _ decision: AccessDecision, _ then: @escaping Completion<AccessDecision>) {
    guard !decision.knowsPerson else { return then(.success(decision)) }
    reader.hasItemsBeyondTenant(of: id, for: AuthorizationContext(of: caller)) { found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let isKnown): then(isKnown ? .success(decision) : .failure(.userNotFound))
      }
    }
  }
}
