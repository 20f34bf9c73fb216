import OData

extension ProfileSession {
  /// Reads a person, as far as the caller's permissions go.
  public func readUser(_ reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    onPerson(reference, for: .readUser, by: caller, then) { [self] id, then in readUser(id, by: caller, then) }
  }

  private func readUser(_ id: UserID, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    reader.user(id) { [self] found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(let user?):
        let decision = AccessDecision(of: caller, to: id, user.facts)
        guard let visible = decision.visible(user, to: caller) else { return then(.failure(.userNotFound)) }
        then(.success(visible))
      case .success(nil):
        addCaller(caller, as: id) { [self] added in
          switch added {
          case .failure(let error): then(.failure(error))
          case .success: readUser(id, by: caller, then)
          }
        }
      }
    }
  }
}
