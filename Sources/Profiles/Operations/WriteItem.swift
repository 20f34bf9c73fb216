public import OData

extension ProfileSession {
  /// Creates an item with an id of the server's choice. Sent again with the same receipt, it gives the item that the
  /// first one made, as it is now.
  public func createItem(
    _ patch: StructuredPatch, once receipt: IdempotencyReceipt? = nil, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let operation = creation(of: environment.makeID(), user, patch, stamp, in: request.collection)
      guard let receipt else {
        return addingCaller(request.caller, as: user, { [self] in submit(operation, $0) }) { [self] outcome in
          trim(outcome.map { ($0, isNew: true) }, of: user, request, then)
        }
      }
      addingCaller(request.caller, as: user, { [self] in submit(operation, once: receipt, $0) }) { [self] outcome in
        switch outcome {
        case .failure(let error): then(.failure(error))
        case .success(.done(let outcome)):
          trim(.success((outcome, isNew: true)), of: user, request, then)
        case .success(.repeated(let id)):
          guard let id = ItemID(id) else { return then(.failure(.itemNotFound)) }
          readItem(id, of: request) { then($0.map { .item($0, isNew: true) }) }
        }
      }
    }
  }

  /// The creation of an item, with what its tenant decided.
  func creation(
    of id: ItemID, _ user: UserID, _ patch: StructuredPatch, _ stamp: WriteStamp, in collection: NavigationProperty
  ) -> CreateItem {
    CreateItem(
      key: ItemKey(user: user, collection: collection.name, id: id), type: collection.target, patch: patch,
      stamp: stamp)
  }

  /// Updates an item, or creates it under this id when it is not there.
  public func upsertItem(
    _ id: ItemID, creating creation: StructuredPatch, updating update: StructuredPatch, preconditions: Preconditions,
    in request: CollectionRequest, _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let operation = UpsertItem(
        creation: self.creation(of: id, user, creation, stamp, in: request.collection), update: update,
        updateStamp: self.stamp(request.caller, at: stamp.time), preconditions: preconditions)
      addingCaller(request.caller, as: user, { [self] in submit(operation, $0) }) { [self] outcome in
        trim(outcome.map { ($0, isNew: operation.created($0)) }, of: user, request, then)
      }
    }
  }

  /// Updates an item: what the patch leaves out stays as it is.
  public func updateItem(
    _ id: ItemID, _ patch: StructuredPatch, preconditions: Preconditions, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      let operation = UpdateItem(
        key: key, type: request.collection.target, patch: patch, preconditions: preconditions, stamp: stamp)
      decideAndSubmit(operation, by: request, of: user, then)
    }
  }

  /// Deletes an item.
  public func deleteItem(
    _ id: ItemID, preconditions: Preconditions, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      decideAndSubmit(DeleteItem(key: key, preconditions: preconditions, stamp: stamp), by: request, of: user, then)
    }
  }

  /// Decides who is written to, then goes on with their id and a stamp of this moment.
  private func write(
    _ request: CollectionRequest, _ then: @escaping Completion<WriteResult>,
    _ body: @escaping (UserID, WriteStamp, @escaping Completion<WriteResult>) -> Void
  ) {
    onPerson(request.owner, for: .writeProfile, by: request.caller, then) { [self] owner, then in
      switch Self.writable(owner, request.collection, request.caller) {
      case .failure(let error): then(.failure(error))
      case .success(let user): body(user, stamp(request.caller), then)
      }
    }
  }

  /// Nobody but the owner, and applications of the tenant, writes whom the owner lists: others could list themselves and
  /// read on.
  static func writable(
    _ user: UserID, _ collection: NavigationProperty, _ caller: Caller
  ) -> Result<UserID, ProfileError> {
    let isOwnList = collection.name == Relationship.collection
    return isOwnList && caller.userID != nil && caller.userID != user ? .failure(.ownersAlone) : .success(user)
  }

  /// Runs the operation on what this thread sees. A refusal, and an update that changes nothing, are answered at once:
  /// both are true of a committed state. Only a change goes to the writer, with what was decided here.
  private func decideAndSubmit(
    _ operation: some ItemOperation, by request: CollectionRequest, of user: UserID,
    _ then: @escaping Completion<WriteResult>
  ) {
    guard service.store.readsAtOnce else {
      return submit(operation) { [self] outcome in
        switch outcome {
        case .failure(.itemNotFound), .failure(.userNotFound): missingItem(of: user, request.caller, then)
        case .failure, .success: trim(outcome.map { ($0, isNew: false) }, of: user, request, then)
        }
      }
    }
    reader.item(operation.key, for: operation.authorization) { [self] found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(nil): missingItem(of: user, request.caller, then)
      case .success(let found?):
        do throws(ProfileError) {
          let change = try operation.change(ItemState(owner: found.owner, item: found.item))
          guard case .unchanged(let item) = change else {
            // How others stand to the owner may be another by the time of the write, so theirs is decided there alone.
            let isLasting = operation.authorization.viewer(of: user) == nil
            let prepared = isLasting ? PreparedChange(base: found.item.version, change: change) : nil
            return submit(operation, prepared: prepared) { [self] outcome in
              trim(outcome.map { ($0, isNew: false) }, of: user, request, then)
            }
          }
          then(.success(Self.result(.unchanged(item), request, found.owner, isNew: false)))
        } catch {
          then(.failure(error))
        }
      }
    }
  }

  /// Trims what a write left for the caller. Who wrote for somebody else may have put it out of their own sight.
  private func trim(
    _ outcome: Result<(ItemOutcome, isNew: Bool), ProfileError>, of user: UserID, _ request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    switch outcome {
    case .failure(let error): then(.failure(error))
    case .success((let outcome, let isNew)):
      ownerAfterWrite(user, request.caller) { owner in
        then(owner.map { Self.result(outcome, request, $0, isNew: isNew) })
      }
    }
  }

  /// What must be known of the person who was written to, to trim what was written. Owners and applications of the
  /// tenant see all of it.
  func ownerAfterWrite(_ user: UserID, _ caller: Caller, _ then: @escaping Completion<ItemOwner>) {
    let authorization = AuthorizationContext(of: caller)
    let written = ItemOwner(tenant: caller.tenant, displayName: nil)
    guard authorization.needsOwnerRelation(to: user) else { return then(.success(written)) }
    // A person who is gone by now is known by nobody, so that nothing is shown.
    reader.owner(user, for: authorization) { then($0.map { $0 ?? written }.mapError(ProfileError.store)) }
  }

  /// What is left of an outcome for the caller.
  static func result(
    _ outcome: ItemOutcome, _ request: CollectionRequest, _ owner: ItemOwner, isNew: Bool
  ) -> WriteResult {
    switch outcome {
    case .removed: return .done
    case .written(let item), .unchanged(let item):
      let decision = AccessDecision(of: request.caller, to: item.key.user, owner)
      guard let visible = decision.visible(item, of: request.collection.target) else { return .done }
      return .item(visible, isNew: isNew)
    }
  }
}
