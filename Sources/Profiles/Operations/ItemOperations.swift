public import OData

/// Operations on the items of one collection of one person.
public struct ItemOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }
  private var profiles: ProfileOperations { ProfileOperations(context: context) }
}

// MARK: Reads

extension ItemOperations {
  /// Reads the first page of a collection, at most `Limits.loopRowsMax` items. `ProfileOperations.continueList` reads
  /// the next one.
  public func list(_ request: CollectionRequest, _ then: @escaping Completion<ItemPage>) {
    profiles.openList(of: request.owner, by: request.caller) { [self] view in
      view.onSuccess(orFail: then) { profiles.listItems(of: $0, in: request.collection, then) }
    }
  }

  /// Reads one page of the items that match a query, among those that the caller may see; with the id of their owner.
  public func list(
    _ request: CollectionRequest, _ query: ListQuery, _ then: @escaping Completion<(UserID, Listing<VisibleItem>)>
  ) {
    profiles.openList(of: request.owner, by: request.caller) { [self] view in
      view.onSuccess(orFail: then) { view in
        profiles.listItems(of: view, in: request.collection, query) { listing in then(listing.map { (view.owner, $0) })
        }
      }
    }
  }

  /// Counts the items of a collection that match a query, among those that the caller may see.
  public func count(_ request: CollectionRequest, _ query: ListQuery, _ then: @escaping Completion<Int>) {
    profiles.openList(of: request.owner, by: request.caller) { [self] view in
      view.onSuccess(orFail: then) { profiles.countItems(of: $0, in: request.collection, query, then) }
    }
  }

  /// Reads one item. Fails with `ProfileError.itemNotFound` where the caller may not see it.
  public func read(_ id: ItemID, of request: CollectionRequest, _ then: @escaping Completion<VisibleItem>) {
    context.people.withPerson(request.owner, for: .readProfile, by: request.caller, then) { [self] user, then in
      read(id, of: user, request, then)
    }
  }

  private func read(
    _ id: ItemID, of user: UserID, _ request: CollectionRequest, _ then: @escaping Completion<VisibleItem>
  ) {
    let key = ItemKey(user: user, collection: request.collection.name, id: id)
    reader.item(key, for: AuthorizationContext(of: request.caller)) { [context] found in
      found.onSuccess(orFail: then) { found in
        guard let found,
          let item = AccessDecision(of: request.caller, to: user, found.owner)
            .visible(found.item, of: request.collection.target)
        else { return context.people.failForMissingItem(of: user, request.caller, then) }
        then(.success(item))
      }
    }
  }
}

// MARK: Writes

extension ItemOperations {
  /// Creates an item with an id of the server's choice. When the same receipt comes again, answers the item that the
  /// first request created, as it is now.
  public func create(
    _ patch: StructuredPatch, once receipt: IdempotencyReceipt? = nil, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let key = ItemKey(user: user, collection: request.collection.name, id: context.environment.makeID())
      let operation = CreateItem(key: key, type: request.collection.target, patch: patch, stamp: stamp)
      guard let receipt else {
        return submitProvisioning(operation, request, user) { [self] outcome in
          trim(outcome.map { ($0, isNew: true) }, of: user, request, then)
        }
      }
      context.provisioning.retry(
        request.caller, as: user, { [context] in context.submit(operation, once: receipt, $0) }
      ) { [self] outcome in
        outcome.onSuccess(orFail: then) { outcome in
          switch outcome {
          case .done(let outcome): trim(.success((outcome, isNew: true)), of: user, request, then)
          case .repeated(let id):
            guard let id = ItemID(id) else { return then(.failure(.itemNotFound)) }
            read(id, of: request) { then($0.map { .item($0, isNew: true) }) }
          }
        }
      }
    }
  }

  /// Updates an item, or creates it under this id where there is none.
  public func upsert(
    _ id: ItemID, creating creation: StructuredPatch, updating update: StructuredPatch, preconditions: Preconditions,
    in request: CollectionRequest, _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      let operation = UpsertItem(
        creation: CreateItem(key: key, type: request.collection.target, patch: creation, stamp: stamp), update: update,
        updateStamp: context.stamp(request.caller, at: stamp.time), preconditions: preconditions)
      submitProvisioning(operation, request, user) { [self] outcome in
        trim(outcome.map { ($0, isNew: operation.created($0)) }, of: user, request, then)
      }
    }
  }

  /// Updates an item; what the patch leaves out stays as it is.
  public func update(
    _ id: ItemID, _ patch: StructuredPatch, preconditions: Preconditions, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      let operation = UpdateItem(
        key: key, type: request.collection.target, patch: patch, preconditions: preconditions, stamp: stamp)
      submit(operation, by: request, of: user, then)
    }
  }

  /// Deletes an item.
  public func delete(
    _ id: ItemID, preconditions: Preconditions, in request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    write(request, then) { [self] user, stamp, then in
      let key = ItemKey(user: user, collection: request.collection.name, id: id)
      submit(DeleteItem(key: key, preconditions: preconditions, stamp: stamp), by: request, of: user, then)
    }
  }

  /// Finds the person who is written to and checks the caller's permissions, then runs `body` with the person's id and
  /// a stamp of this moment.
  private func write(
    _ request: CollectionRequest, _ then: @escaping Completion<WriteResult>,
    _ body: @escaping (UserID, WriteStamp, @escaping Completion<WriteResult>) -> Void
  ) {
    context.people.withPerson(request.owner, for: .writeProfile, by: request.caller, then) { [context] owner, then in
      guard ItemRules.mayWrite(request.collection, of: owner, request.caller) else {
        return then(.failure(.ownerOnly))
      }
      body(owner, context.stamp(request.caller), then)
    }
  }

  private func submitProvisioning(
    _ operation: some ItemOperation, _ request: CollectionRequest, _ user: UserID,
    _ then: @escaping Completion<ItemOutcome>
  ) {
    context.provisioning.retry(request.caller, as: user, { [context] in context.submit(operation, $0) }, then)
  }

  /// Leaves the decision to the writer, which alone sees the item as it is at the moment of the write. Nothing is read
  /// here first: the writer has the item's page in its cache, while each commit invalidates the cache of a reader.
  private func submit(
    _ operation: some ItemOperation, by request: CollectionRequest, of user: UserID,
    _ then: @escaping Completion<WriteResult>
  ) {
    context.submit(operation) { [self] outcome in
      switch outcome {
      case .failure(.itemNotFound), .failure(.userNotFound):
        context.people.failForMissingItem(of: user, request.caller, then)
      case .failure, .success: trim(outcome.map { ($0, isNew: false) }, of: user, request, then)
      }
    }
  }
}

// MARK: What the caller sees of a write

extension ItemOperations {
  /// Trims what a write left for the caller, who may have hidden the item from themself.
  private func trim(
    _ outcome: Result<(ItemOutcome, isNew: Bool), ProfileError>, of user: UserID, _ request: CollectionRequest,
    _ then: @escaping Completion<WriteResult>
  ) {
    outcome.onSuccess(orFail: then) { outcome, isNew in
      // Of what was deleted nothing is shown, to anybody.
      if case .removed = outcome { return then(.success(.done)) }
      ownerAfterWrite(user, request.caller, isCommitted: outcome.isCommitted) { owner in
        then(owner.map { Self.result(outcome, request, $0, isNew: isNew) })
      }
    }
  }

  /// Reads what must be known of the owner to trim an item that was written. Owners and applications of the tenant see
  /// every item, so nothing is read for them. With `isCommitted`, the error of a failed read says that the write was
  /// saved.
  func ownerAfterWrite(
    _ user: UserID, _ caller: Caller, isCommitted: Bool, _ then: @escaping Completion<ItemOwner>
  ) {
    let authorization = AuthorizationContext(of: caller)
    let written = ItemOwner(tenant: caller.tenant, displayName: nil)
    guard authorization.needsOwnerRelation(to: user) else { return then(.success(written)) }
    reader.owner(user, for: authorization) { found in
      // A person who was deleted since has no relation to anybody but that of their tenant.
      then(
        found.map { $0 ?? written }.mapError { isCommitted ? .writtenButUnread($0) : .store($0) })
    }
  }

  /// The part of an outcome that the caller may see.
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

extension ItemOutcome {
  /// Whether the write changed what is stored.
  var isCommitted: Bool {
    switch self {
    case .written, .removed: true
    case .unchanged: false
    }
  }
}
