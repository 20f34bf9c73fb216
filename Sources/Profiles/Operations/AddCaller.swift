import OData

extension ProfileSession {
  /// Adds somebody unknown so far when they are the caller and their tenant's policy says so; otherwise there is no
  /// such person.
  func addCaller(_ caller: Caller, as id: UserID, _ then: @escaping Completion<Void>) {
    guard caller.userID == id else { return then(.failure(.userNotFound)) }
    policy(of: caller.tenant) { [self] policy in
      switch policy {
      case .failure(let error): then(.failure(error))
      case .success(let policy):
        guard policy.createsUnknownPeople == true else { return then(.failure(.userNotFound)) }
        add(caller, as: id, then)
      }
    }
  }

  private func add(_ caller: Caller, as id: UserID, _ then: @escaping Completion<Void>) {
    let stamp = stamp(caller)
    let operation = AddCaller(person: StoredUser(id: id, caller: caller, version: stamp.version), stamp: stamp)
    submit(operation) { [self] outcome in
      guard case .failure(.principalNameTaken) = outcome, let nameless = operation.withoutPrincipalName else {
        return then(outcome.map { _ in })
      }
      submit(nameless) { then($0.map { _ in }) }
    }
  }

  /// Runs a write that may be the first thing its person does: when they are unknown they are added, as `addCaller`
  /// allows, and the write runs once more.
  func addingCaller<Outcome>(
    _ caller: Caller, as id: UserID, _ write: @escaping (@escaping Completion<Outcome>) -> Void,
    _ then: @escaping Completion<Outcome>
  ) {
    write { [self] outcome in
      guard case .failure(.userNotFound) = outcome else { return then(outcome) }
      addCaller(caller, as: id) { added in
        switch added {
        case .failure(let error): then(.failure(error))
        case .success: write(then)
        }
      }
    }
  }
}

/// Adds somebody as their token describes them, unless they are there already.
struct AddCaller: PersonOperation {
  let person: StoredUser
  let stamp: WriteStamp

  var user: UserID { person.id }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    if let existing = state.person {
      // Somebody else has the id, in another tenant.
      guard existing.tenant == person.tenant else { throw .userNotFound }
      return .unchanged(existing)
    }
    return .put(person, stamp.change(.created, of: user, from: nil, to: person.version))
  }

  /// The same without the principal name, for when somebody else has it; nil when the person is not of their type.
  var withoutPrincipalName: AddCaller? {
    person.withoutPrincipalName.map { AddCaller(person: $0, stamp: stamp) }
  }
}
