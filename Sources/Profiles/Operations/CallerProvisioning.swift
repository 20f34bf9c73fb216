import OData

/// Just-in-time provisioning: adds a caller to the directory on their first call, where the policy of their tenant
/// allows it.
struct CallerProvisioning {
  let context: SessionContext

  /// Adds the person `id` when they are the caller and the policy of their tenant allows it. Fails with `userNotFound`
  /// otherwise.
  func add(_ caller: Caller, as id: UserID, _ then: @escaping Completion<Void>) {
    // The id of the tenant is that of its own audit log.
    guard caller.userID == id, id != UserID(decisionsOf: caller.tenant) else { return then(.failure(.userNotFound)) }
    context.authorization.policy(of: caller.tenant) { [self] policy in
      policy.onSuccess(orFail: then) { policy in
        guard policy.createsUnknownPeople == true else { return then(.failure(.userNotFound)) }
        submit(caller, as: id, then)
      }
    }
  }

  private func submit(_ caller: Caller, as id: UserID, _ then: @escaping Completion<Void>) {
    let stamp = context.stamp(caller)
    let operation = ProvisionCaller(
      person: StoredUser(id: id, caller: caller, version: stamp.version, at: stamp.time), stamp: stamp)
    context.submit(operation) { [context] outcome in
      guard case .failure(.principalNameTaken) = outcome, let nameless = operation.withoutPrincipalName else {
        return then(outcome.map { _ in })
      }
      context.submit(nameless) { then($0.map { _ in }) }
    }
  }

  /// Runs a write. When it fails because its person is not in the directory, adds them as `add` allows and runs the
  /// write once more.
  func retry<Outcome>(
    _ caller: Caller, as id: UserID, _ write: @escaping (@escaping Completion<Outcome>) -> Void,
    _ then: @escaping Completion<Outcome>
  ) {
    write { [self] outcome in
      guard case .failure(.userNotFound) = outcome else { return then(outcome) }
      add(caller, as: id) { $0.onSuccess(orFail: then) { write(then) } }
    }
  }
}

/// Adds a person as their token describes them, unless they are there already.
struct ProvisionCaller: PersonOperation {
  let person: StoredUser
  let stamp: WriteStamp

  var user: UserID { person.id }

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    if let existing = state.person {
      // The id belongs to somebody of another tenant.
      guard existing.tenant == person.tenant else { throw .userNotFound }
      return .unchanged(existing)
    }
    return .put(person, stamp.change(.created, of: user, from: nil, to: person.version))
  }

  /// The same without the principal name, for when somebody else has it; nil when the stored JSON is damaged.
  var withoutPrincipalName: ProvisionCaller? {
    person.withoutPrincipalName.map { ProvisionCaller(person: $0, stamp: stamp) }
  }
}
