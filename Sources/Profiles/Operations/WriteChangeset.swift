public import OData

/// One write of an item, as part of several that are applied together.
public enum ItemWrite: Sendable {
  case create(NavigationProperty, StructuredPatch)
  case update(NavigationProperty, ItemID, StructuredPatch, Preconditions)
  case upsert(NavigationProperty, ItemID, creating: StructuredPatch, updating: StructuredPatch, Preconditions)
  case delete(NavigationProperty, ItemID, Preconditions)

  fileprivate var collection: NavigationProperty {
    switch self {
    case .create(let collection, _), .update(let collection, _, _, _), .upsert(let collection, _, _, _, _),
      .delete(let collection, _, _):
      collection
    }
  }
}

/// What became of writes that are applied together.
public enum ChangesetResult: Sendable {
  /// Each was applied.
  case applied([WriteResult])
  /// The one at `index` was refused, and none was applied.
  case refused(index: Int, ProfileError)
}

extension ProfileSession {
  /// Writes items of one person in one transaction: all of them or none.
  public func writeItems(
    _ writes: [ItemWrite], of owner: OwnerReference, by caller: Caller, _ then: @escaping Completion<ChangesetResult>
  ) {
    onPerson(owner, for: .writeProfile, by: caller, then) { [self] user, then in
      writeItems(writes, of: user, by: caller, then)
    } reason: { outcome in
      switch outcome {
      case .failure(let error), .success(.refused(_, let error)): error
      case .success(.applied): nil
      }
    }
  }

  private func writeItems(
    _ writes: [ItemWrite], of user: UserID, by caller: Caller, _ then: @escaping Completion<ChangesetResult>
  ) {
    for (index, write) in writes.enumerated() {
      guard case .failure(let error) = Self.writable(user, write.collection, caller) else { continue }
      return then(.success(.refused(index: index, error)))
    }
    let time = environment.now()
    let operations = writes.map { operation($0, user, stamp(caller, at: time)) }
    submitGroup(operations, of: user, caller) { [self] outcome in
      ownerAfterWrite(user, caller) { owner in
        then(outcome.flatMap { outcome in owner.map { Self.result(outcome, of: operations, writes, caller, $0) } })
      }
    }
  }

  /// A first write of somebody unknown adds them, as a single write does.
  private func submitGroup(
    _ operations: [any ItemOperation], of user: UserID, _ caller: Caller, _ then: @escaping Completion<ChangesetOutcome>
  ) {
    submit(operations) { [self] outcome in
      guard case .success(.refused(let index, .userNotFound)) = outcome else { return then(outcome) }
      guard caller.userID == user else {
        // Alone, a write of what is not there says whether there is such a person for the caller.
        guard !(operations[index] is CreateItem) else { return then(outcome) }
        return missingItem(of: user, caller) { (missing: Result<Void, ProfileError>) in
          guard case .failure(let error) = missing else { return then(outcome) }
          then(.success(.refused(index: index, error)))
        }
      }
      addCaller(caller, as: user) { [self] added in
        switch added {
        case .failure: then(outcome)
        case .success: submit(operations, then)
        }
      }
    }
  }

  private func operation(_ write: ItemWrite, _ user: UserID, _ stamp: WriteStamp) -> any ItemOperation {
    switch write {
    case .create(let collection, let patch):
      return creation(of: environment.makeID(), user, patch, stamp, in: collection)
    case .upsert(let collection, let id, let creating, let updating, let preconditions):
      return UpsertItem(
        creation: creation(of: id, user, creating, stamp, in: collection), update: updating,
        updateStamp: self.stamp(stamp.caller, at: stamp.time), preconditions: preconditions)
    case .update(let collection, let id, let patch, let preconditions):
      return UpdateItem(
        key: ItemKey(user: user, collection: collection.name, id: id), type: collection.target, patch: patch,
        preconditions: preconditions, stamp: stamp)
    case .delete(let collection, let id, let preconditions):
      return DeleteItem(
        key: ItemKey(user: user, collection: collection.name, id: id), preconditions: preconditions, stamp: stamp)
    }
  }

  private static func result(
    _ outcome: ChangesetOutcome, of operations: [any ItemOperation], _ writes: [ItemWrite], _ caller: Caller,
    _ owner: ItemOwner
  ) -> ChangesetResult {
    switch outcome {
    case .refused(let index, let error): return .refused(index: index, error)
    case .applied(let outcomes):
      return .applied(
        outcomes.indices.map { index in
          let request = CollectionRequest(owner: .me, collection: writes[index].collection, caller: caller)
          let isNew = isCreation(operations[index], outcomes[index])
          return result(outcomes[index], request, owner, isNew: isNew)
        })
    }
  }

  private static func isCreation(_ operation: any ItemOperation, _ outcome: ItemOutcome) -> Bool {
    switch operation {
    case is CreateItem: true
    case let upsert as UpsertItem: upsert.created(outcome)
    default: false
    }
  }
}
