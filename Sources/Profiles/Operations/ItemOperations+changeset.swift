import OData

extension ItemOperations {
  /// Writes items of one person in one transaction: all of them or none.
  public func write(
    _ writes: [ItemWrite], of owner: OwnerReference, by caller: Caller, _ then: @escaping Completion<ChangesetResult>
  ) {
    context.people.withPerson(owner, for: .writeProfile, by: caller, then) { [self] user, then in
      write(writes, of: user, by: caller, then)
    } reason: { outcome in
      switch outcome {
      case .failure(let error), .success(.refused(_, let error)): error
      case .success(.applied): nil
      }
    }
  }

  private func write(
    _ writes: [ItemWrite], of user: UserID, by caller: Caller, _ then: @escaping Completion<ChangesetResult>
  ) {
    if let index = writes.firstIndex(where: { !ItemRules.mayWrite($0.collection, of: user, caller) }) {
      return then(.success(.refused(index: index, .ownerOnly)))
    }
    let time = context.environment.now()
    let operations = writes.map { operation($0, user, context.stamp(caller, at: time)) }
    submit(operations, of: user, caller) { [self] outcome in
      outcome.onSuccess(orFail: then) { outcome in
        switch outcome {
        case .refused(let index, let error): then(.success(.refused(index: index, error)))
        case .applied(let outcomes) where outcomes.allSatisfy({ $0 == .removed }):
          then(.success(.applied(outcomes.map { _ in .done })))
        case .applied(let outcomes):
          ownerAfterWrite(user, caller, isCommitted: outcomes.contains(where: \.isCommitted)) { owner in
            then(owner.map { Self.result(outcomes, of: operations, writes, caller, $0) })
          }
        }
      }
    }
  }

  /// Submits the changeset. Provisions the caller when they are not in the directory yet, as for a single write.
  private func submit(
    _ operations: [any ItemOperation], of user: UserID, _ caller: Caller, _ then: @escaping Completion<ChangesetOutcome>
  ) {
    context.submit(operations) { [context] outcome in
      guard case .success(.refused(let index, .userNotFound)) = outcome else { return then(outcome) }
      guard caller.userID == user else {
        // As for a single write of a missing item, the answer says whether the person exists for the caller.
        guard !(operations[index] is CreateItem) else { return then(outcome) }
        return context.people.failForMissingItem(of: user, caller) { (missing: Result<Void, ProfileError>) in
          guard case .failure(let error) = missing else { return then(outcome) }
          then(.success(.refused(index: index, error)))
        }
      }
      context.provisioning.add(caller, as: user) { added in
        switch added {
        case .failure: then(outcome)
        case .success: context.submit(operations, then)
        }
      }
    }
  }

  private func operation(_ write: ItemWrite, _ user: UserID, _ stamp: WriteStamp) -> any ItemOperation {
    func key(_ id: ItemID) -> ItemKey { ItemKey(user: user, collection: write.collection.name, id: id) }
    let type = write.collection.target
    switch write {
    case .create(_, let patch):
      return CreateItem(key: key(context.environment.makeID()), type: type, patch: patch, stamp: stamp)
    case .upsert(_, let id, let creating, let updating, let preconditions):
      return UpsertItem(
        creation: CreateItem(key: key(id), type: type, patch: creating, stamp: stamp), update: updating,
        updateStamp: context.stamp(stamp.caller, at: stamp.time), preconditions: preconditions)
    case .update(_, let id, let patch, let preconditions):
      return UpdateItem(key: key(id), type: type, patch: patch, preconditions: preconditions, stamp: stamp)
    case .delete(_, let id, let preconditions):
      return DeleteItem(key: key(id), preconditions: preconditions, stamp: stamp)
    }
  }

  private static func result(
    _ outcomes: [ItemOutcome], of operations: [any ItemOperation], _ writes: [ItemWrite], _ caller: Caller,
    _ owner: ItemOwner
  ) -> ChangesetResult {
    .applied(
      outcomes.indices.map { index in
        let request = CollectionRequest(owner: .me, collection: writes[index].collection, caller: caller)
        let isNew = isCreation(operations[index], outcomes[index])
        return result(outcomes[index], request, owner, isNew: isNew)
      })
  }

  private static func isCreation(_ operation: any ItemOperation, _ outcome: ItemOutcome) -> Bool {
    switch operation {
    case is CreateItem: true
    case let upsert as UpsertItem: upsert.created(outcome)
    default: false
    }
  }
}
