public import OData

extension ProfileSession {
  /// Creates an item with an id of the server's choice.
  public func createItem(
    _ patch: StructuredPatch, in request: CollectionRequest, _ then: @escaping Completion<WriteResult>
  ) {
    write(request) { [self] user, stamp in
      let operation = CreateItem(
        key: ItemKey(user: user, collection: request.collection.name, id: environment.makeID()),
        type: request.collection.target, patch: patch, stamp: stamp,
        defaultAudience: environment.policy(request.caller.tenant).defaultAudience)
      submit(operation, by: request, of: user, isNew: true, then)
    } refused: {
      then(.failure($0))
    }
  }

  /// Updates an item: what the patch leaves out stays as it is.
  public func updateItem(
    _ id: ItemID, _ patch: StructuredPatch, preconditions: Preconditions, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request) { [self] user, stamp in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      let operation = UpdateItem(
        key: key, type: request.collection.target, patch: patch, preconditions: preconditions, stamp: stamp)
      decideAndSubmit(operation, by: request, of: user, then)
    } refused: {
      then(.failure($0))
    }
  }

  /// Deletes an item.
  public func deleteItem(
    _ id: ItemID, preconditions: Preconditions, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request) { [self] user, stamp in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      decideAndSubmit(DeleteItem(key: key, preconditions: preconditions, stamp: stamp), by: request, of: user, then)
    } refused: {
      then(.failure($0))
    }
  }

  /// Decides who is written to, then goes on with their id and a stamp of this moment.
  private func write(
    _ request: CollectionRequest, _ then: @escaping (UserID, AuditStamp) -> Void,
    refused: @escaping (ProfileError) -> Void
  ) {
    owner(request.owner, for: .writeProfile, by: request.caller) { [self] owner in
      switch owner {
      case .failure(let error): refused(error)
      case .success(let user):
        then(user, stamp(request.caller))
      }
    }
  }

  /// Runs the operation on what this thread sees. A refusal, and an update that changes nothing, are answered at once:
  /// both are true of a committed state. Only a change goes to the writer, with what was decided here.
  private func decideAndSubmit(
    _ operation: some ItemOperation, by request: CollectionRequest, of user: UserID,
    _ then: @escaping Completion<WriteResult>
  ) {
    reader.item(operation.key) { [self] found in
      switch found {
      case .failure(let error): then(.failure(.store(error)))
      case .success(nil): missingItem(of: user, request.caller, then)
      case .success(let found?):
        do throws(ProfileError) {
          let change = try operation.change(ItemState(owner: found.owner, item: found.item))
          guard case .unchanged(let item) = change else {
            let prepared = PreparedChange(base: found.item.version, change: change)
            return submit(operation, prepared: prepared, by: request, of: user, isNew: false, then)
          }
          then(.success(Self.result(.unchanged(item), request, in: found.owner.tenant, isNew: false)))
        } catch {
          then(.failure(error))
        }
      }
    }
  }

  private func submit(
    _ operation: some ItemOperation, prepared: PreparedChange? = nil, by request: CollectionRequest, of user: UserID,
    isNew: Bool, _ then: @escaping Completion<WriteResult>
  ) {
    submit(operation, prepared: prepared) { [self] outcome in
      switch outcome {
      case .success(let outcome):
        then(.success(Self.result(outcome, request, in: request.caller.tenant, isNew: isNew)))
      case .failure(.userNotFound) where isNew:
        // The first thing that somebody does may be a create.
        addCaller(request.caller, as: user) { [self] added in
          switch added {
          case .failure(let error): then(.failure(error))
          case .success: retry(operation, request, isNew: isNew, then)
          }
        }
      case .failure(let error): then(.failure(error))
      }
    }
  }

  private func retry(
    _ operation: some ItemOperation, _ request: CollectionRequest, isNew: Bool,
    _ then: @escaping Completion<WriteResult>
  ) {
    submit(operation) { outcome in
      then(outcome.map { Self.result($0, request, in: request.caller.tenant, isNew: isNew) })
    }
  }

  /// Trims what a write left for the caller.
  private static func result(
    _ outcome: ItemOutcome, _ request: CollectionRequest, in tenant: TenantID, isNew: Bool
  ) -> WriteResult {
    switch outcome {
    case .removed: return .done
    case .written(let item), .unchanged(let item):
      let relation = Relation(of: request.caller, to: item.key.user, in: tenant)
      guard let visible = relation.visible(item, of: request.collection.target) else { return .done }
      return .item(visible, isNew: isNew)
    }
  }
}
