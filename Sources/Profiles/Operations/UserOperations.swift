public import OData

/// Operations on the people of a tenant, as entries of the directory.
public struct UserOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }
}

// MARK: Reads

extension UserOperations {
  /// Reads one page of the people of the caller's tenant that match a query.
  public func list(
    _ query: ListQuery, expanding expansion: ManagerExpansion? = nil, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    guard let expansion else { return list(query, by: caller, then) }
    list(query, by: caller) { [context] listing in
      listing.onSuccess(orFail: then) { listing in
        let managers = ManagerOperations(context: context)
        managers.expand(listing.elements, expansion, for: caller) { elements in
          then(
            elements.map { elements in
              listing.replacing(elements) { managers.expand($0, expansion, for: caller, $1) }
            })
        }
      }
    }
  }

  private func list(_ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    guard query.ordering == nil || query.skip <= Limits.sortedSkipMax else { return then(.failure(.skipTooLarge)) }
    context.authorization.authorize(.listUsers, by: caller) { [self] authorized in
      authorized.onSuccess(orFail: then) {
        context.authorization.withheld(from: caller) { [self] withheld in
          withheld.onSuccess(orFail: then) { list(query, by: caller, withholding: $0, then) }
        }
      }
    }
  }

  private func list(
    _ query: ListQuery, by caller: Caller, withholding withheld: WithheldProperties,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    scan(query, for: caller, withholding: withheld) { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(
          countAll: { reader.countUsers(in: caller.tenant, $0) },
          readAgain: { [self] references, then in
            readAgain(references, then) {
              AccessDecision(of: caller, to: $0.id, $0.asOwner).visible($0, to: caller, withholding: withheld)
            }
          }, then)
      }
    }
  }

  /// Counts the people of the caller's tenant that match a query.
  public func count(_ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Int>) {
    list(query.counting, by: caller) { then($0.map { $0.count ?? 0 }) }
  }

  /// Reads a person, as far as the caller's permissions go, with these computed properties. Adds the caller on their own
  /// first call, where the policy of their tenant allows it. Computed properties need a permission on profiles, too.
  public func read(
    _ reference: OwnerReference, computing computed: [Property] = [], by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    context.people.withPerson(reference, for: .readUser, by: caller, then) { [self] id, then in
      guard !computed.isEmpty else { return read(id, by: caller, then) }
      context.authorization.authorize(.readProfile, isOwner: caller.userID == id, by: caller) { [self] authorized in
        authorized.onSuccess(orFail: then) {
          read(id, by: caller) { [self] user in
            user.onSuccess(orFail: then) { ProjectedRead(context, of: id, $0, computed, by: caller, then).run() }
          }
        }
      }
    }
  }

  /// Reads a person, with these computed properties, together with their managers.
  public func read(
    _ reference: OwnerReference, computing computed: [Property] = [], expanding expansion: ManagerExpansion,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    read(reference, computing: computed, by: caller) { [context] user in
      user.onSuccess(orFail: then) { user in
        ManagerOperations(context: context).expand([user], expansion, for: caller) { expanded in
          then(expanded.map { $0.first ?? user })
        }
      }
    }
  }

  private func read(_ id: UserID, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    reader.user(id) { [self] found in
      found.onSuccess(orFail: then) { user in
        guard let user else {
          return context.provisioning.add(caller, as: id) { [self] added in
            added.onSuccess(orFail: then) { read(id, by: caller, then) }
          }
        }
        trim(user, for: caller, then)
      }
    }
  }

  /// The person as the caller may see them. Where they may not know of the person, the same is read.
  private func trim(_ user: StoredUser, for caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    let decision = AccessDecision(of: caller, to: user.id, user.asOwner)
    func give(_ withheld: WithheldProperties) {
      let visible = decision.visible(user, to: caller, withholding: withheld)
      then(visible.map { .success($0) } ?? .failure(.userNotFound))
    }
    guard !decision.isOwner else { return give(.none) }
    context.authorization.withheld(from: caller) { $0.onSuccess(orFail: then, give) }
  }

  /// Reads people of a page that was chosen before, as far as `visible` shows them now.
  func readAgain(
    _ references: ArraySlice<ListReference>, _ then: @escaping Completion<[VisibleObject]>,
    _ visible: @escaping (StoredUser) -> VisibleObject?
  ) {
    ResultCollector.read(references, from: reader, { then($0.mapError(ProfileError.store)) }) { reference, then in
      guard let id = UserID(reference.id) else { return then(.success(nil)) }
      reader.user(id) { then($0.map { $0.flatMap(visible) }) }
    }
  }

  private func scan(
    _ query: ListQuery, for caller: Caller, withholding withheld: WithheldProperties,
    _ then: @escaping Completion<PageBuilder<VisibleObject>>
  ) {
    let selection = UserSelection(query, for: caller, withholding: withheld)
    let isInOrder = selection.isInOrder(of: query)
    let scan = ListScan(
      context, for: caller,
      PageBuilder<VisibleObject>(
        query, isInOrder: isInOrder, isByFirstKey: selection.key != nil, now: context.environment.now()),
      read: { [self] position, rows, then in
        page(selection, for: caller, withholding: withheld, after: position, limit: rows, then)
      }, then)
    scan.run(after: selection.start(of: query), rows: query.firstRows, heavy: selection.isHeavy)
  }

  private func page(
    _ selection: UserSelection, for caller: Caller, withholding withheld: WithheldProperties,
    after position: KeysetPosition?, limit: Int,
    _ then: @escaping Completion<(elements: [VisibleObject], next: KeysetPosition?)>
  ) {
    reader.users(in: caller.tenant, selection, after: position, limit: limit) { found in
      found.onSuccess(orFail: then) { page in
        let visible = page.elements.compactMap { user in
          AccessDecision(of: caller, to: user.id, user.asOwner).visible(user, to: caller, withholding: withheld)
        }
        then(.success((visible, page.isLast ? nil : page.end ?? page.elements.last.map(selection.place))))
      }
    }
  }
}

// MARK: Writes

extension UserOperations {
  /// Creates a person in the caller's tenant, with an id of the server's choice, who reports to `manager`. When the same
  /// receipt comes again, answers the person that the first request created, as they are now.
  public func create(
    _ patch: StructuredPatch, reportingTo manager: OwnerReference? = nil, once receipt: IdempotencyReceipt? = nil,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    context.authorization.authorize(.manageUsers, by: caller) { [self] authorized in
      authorized.onSuccess(orFail: then) {
        withManager(manager, by: caller, then) { [self] in create(patch, $0, once: receipt, by: caller, then) }
      }
    }
  }

  private func create(
    _ patch: StructuredPatch, _ manager: UserID?, once receipt: IdempotencyReceipt?, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    do throws(ProfileError) {
      guard let id = UserID(context.environment.makeID().text) else {
        throw .store(.failed("A new id is not an id."))
      }
      let operation = try CreateUser(user: id, patch: patch, manager: manager, stamp: context.stamp(caller))
      submit(operation, once: receipt, by: caller, then)
    } catch {
      then(.failure(error))
    }
  }

  /// Finds the manager that a body names; nil when it names none.
  private func withManager<Answer>(
    _ manager: OwnerReference?, by caller: Caller, _ then: @escaping Completion<Answer>,
    _ body: @escaping (UserID?) -> Void
  ) {
    guard let manager else { return body(nil) }
    context.people.ids(of: [manager], by: caller) { $0.onSuccess(orFail: then) { body($0.first) } }
  }

  private func submit(
    _ operation: CreateUser, once receipt: IdempotencyReceipt?, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    guard let receipt else { return context.submit(operation) { [self] in trim($0, for: caller, then) } }
    context.submit(operation, once: receipt) { [self] outcome in
      outcome.onSuccess(orFail: then) { outcome in
        switch outcome {
        case .done(let outcome): trim(.success(outcome), for: caller, then)
        case .repeated(let id):
          guard let id = UserID(id) else { return then(.failure(.userNotFound)) }
          read(.id(id), by: caller, then)
        }
      }
    }
  }

  /// Updates a person; what the patch leaves out stays as it is, and so does the manager unless one is named.
  public func update(
    _ reference: OwnerReference, _ patch: StructuredPatch, reportingTo manager: OwnerReference? = nil,
    preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    let administered = UserRules.administered(patch)
    let answer: Completion<VisibleObject> = { outcome in
      guard let administered, case .failure(.deniedForRole) = outcome else { return then(outcome) }
      then(.failure(.propertyOfAdministrators(administered)))
    }
    context.people.withPerson(
      reference, for: administered == nil ? .writeUser : .administerUser, by: caller, answer
    ) { [self] id, then in
      withManager(manager, by: caller, then) { [self] manager in
        let operation = UpdateUser(
          user: id, patch: patch, manager: manager, preconditions: preconditions, stamp: context.stamp(caller))
        context.provisioning.retry(caller, as: id, { context.submit(operation, $0) }) {
          trim($0, for: caller, then)
        }
      }
    }
  }

  /// Deletes a person with everything that they hold.
  public func delete(
    _ reference: OwnerReference, preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    context.people.withPerson(reference, for: .deleteUsers, by: caller, then) { [context] id, then in
      context.submit(DeleteUser(user: id, preconditions: preconditions, stamp: context.stamp(caller))) {
        then($0.map { _ in })
      }
    }
  }

  /// The person as the caller may see them after a write.
  private func trim(
    _ outcome: Result<PersonOutcome, ProfileError>, for caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    switch outcome {
    case .failure(let error): then(.failure(error))
    case .success(.removed): then(.failure(.userNotFound))
    case .success(.written(let user)), .success(.unchanged(let user)): trim(user, for: caller, then)
    }
  }
}
