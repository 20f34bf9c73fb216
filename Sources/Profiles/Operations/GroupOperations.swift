public import OData

/// Operations on the groups of a tenant and their members.
public struct GroupOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }
}

// MARK: Reads

extension GroupOperations {
  /// Reads a group of the caller's tenant.
  public func read(_ id: GroupID, by caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    context.authorization.authorize(.readGroups, by: caller) { [self] authorized in
      authorized.onSuccess(orFail: then) {
        reader.group(id) { found in
          found.onSuccess(orFail: then) { group in
            then(
              group.flatMap { AccessDecision.visible($0, to: caller) }.map { .success($0) } ?? .failure(.groupNotFound))
          }
        }
      }
    }
  }

  /// Reads one page of the groups of the caller's tenant that match a query.
  public func list(_ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>) {
    context.authorization.authorize(.readGroups, by: caller) { [self] authorized in
      authorized.onSuccess(orFail: then) { list(.tenant(caller.tenant), query, caller, then) }
    }
  }

  func list(
    _ scope: GroupScope, _ query: ListQuery, _ caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    ListScan.runInKeyOrder(context, query, for: caller) { [self] position, rows, then in
      reader.groups(scope, after: position?.idText, limit: rows) { found in
        then(ListScan.piece(found, id: \.id.text) { AccessDecision.visible($0, to: caller) })
      }
    } then: { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(
          countAll: { reader.countGroups(scope, $0) },
          readAgain: { [self] references, then in readAgain(references, caller, then) }, then)
      }
    }
  }

  /// Reads groups of a page that was chosen before, as far as the caller may see them now.
  func readAgain(
    _ references: ArraySlice<ListReference>, _ caller: Caller, _ then: @escaping Completion<[VisibleObject]>
  ) {
    ResultCollector.read(references, from: reader, { then($0.mapError(ProfileError.store)) }) { reference, then in
      guard let id = GroupID(reference.id) else { return then(.success(nil)) }
      reader.group(id) { then($0.map { $0.flatMap { AccessDecision.visible($0, to: caller) } }) }
    }
  }
}

// MARK: Writes

extension GroupOperations {
  /// Creates a group in the caller's tenant, with an id of the server's choice, and with these members and owners. When the
  /// same receipt comes again, answers the group that the first request created, as it is now.
  public func create(
    _ patch: StructuredPatch, adding references: GroupReferences, once receipt: IdempotencyReceipt? = nil,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    authorizeWrite(of: nil, for: .manageGroups, naming: references, by: caller) { [self] added in
      do throws(ProfileError) {
        let added = try added.get()
        guard let id = GroupID(context.environment.makeID().text) else {
          throw .store(.failed("A new id is not an id."))
        }
        let operation = CreateGroup(group: id, added: added, patch: patch, stamp: context.stamp(caller))
        submit(operation, onceOrNot: receipt) { [self] outcome in
          outcome.onSuccess(orFail: then) { outcome in
            switch outcome {
            case .done(let outcome): then(Self.trim(outcome, for: caller))
            case .repeated(let id):
              guard let id = GroupID(id) else { return then(.failure(.groupNotFound)) }
              read(id, by: caller, then)
            }
          }
        }
      } catch {
        then(.failure(error))
      }
    }
  }

  /// Updates a group, where what the patch leaves out stays as it is, and adds members and owners. One that adds members and
  /// nothing else takes no more than a permission to write members.
  public func update(
    _ id: GroupID, _ patch: StructuredPatch, adding references: GroupReferences, preconditions: Preconditions,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    let addsMembersAlone =
      !references.members.isEmpty && references.owners.isEmpty
      && ProfileModel.group.properties.allSatisfy { patch.isAbsent($0) }
    authorizeWrite(of: id, for: addsMembersAlone ? .manageMembers : .manageGroups, naming: references, by: caller) {
      [context] added in
      added.onSuccess(orFail: then) { added in
        let operation = UpdateGroup(
          group: id, added: added, patch: patch, preconditions: preconditions, stamp: context.stamp(caller))
        context.submit(operation) { then($0.flatMap { Self.trim($0, for: caller) }) }
      }
    }
  }

  /// Deletes a group and every membership in it.
  public func delete(
    _ id: GroupID, preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    authorizeWrite(of: id, for: .deleteGroups, by: caller) { [context] authorized in
      authorized.onSuccess(orFail: then) {
        let operation = DeleteGroup(group: id, preconditions: preconditions, stamp: context.stamp(caller))
        context.submit(operation) { then($0.map { _ in }) }
      }
    }
  }

  /// Adds a person or a group of the caller's tenant to the members of a group. When the same receipt comes again, changes
  /// nothing.
  public func addMember(
    _ member: MemberReference, to id: GroupID, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>
  ) {
    write(to: id, member, once: receipt, by: caller, then) { member, stamp in
      AddToGroup(group: id, added: GroupAdditions(member), stamp: stamp)
    }
  }

  /// Removes a person or a group from the members of a group.
  public func removeMember(
    _ member: MemberReference, from id: GroupID, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    write(to: id, member, by: caller, then) { member, stamp in
      switch member {
      case .person(let user): RemoveMember(group: id, member: user, stamp: stamp)
      case .group(let group): RemoveNestedGroup(group: id, member: group, stamp: stamp)
      }
    }
  }

  /// A write of the members that answers no content.
  private func write(
    to group: GroupID, _ member: MemberReference, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>, _ operation: @escaping (ResolvedMember, WriteStamp) -> any GroupOperation
  ) {
    authorizeWrite(of: group, for: .manageMembers, by: caller) { [self] authorized in
      authorized.onSuccess(orFail: then) {
        context.people.member(member, by: caller) { [self] member in
          member.onSuccess(orFail: then) { member in
            submit(operation(member, context.stamp(caller)), to: group, onceOrNot: receipt, by: caller, then)
          }
        }
      }
    }
  }

  /// Makes a person of the caller's tenant an owner of a group. When the same receipt comes again, changes nothing.
  public func addOwner(
    _ owner: OwnerReference, to id: GroupID, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>
  ) {
    write(to: id, owner, once: receipt, by: caller, then) {
      AddToGroup(group: id, added: GroupAdditions(owners: [$0]), stamp: $1)
    }
  }

  /// Ends the ownership of a person.
  public func removeOwner(
    _ owner: OwnerReference, from id: GroupID, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    write(to: id, owner, by: caller, then) { RemoveOwner(group: id, owner: $0, stamp: $1) }
  }

  /// A write of the owners that answers no content.
  private func write(
    to group: GroupID, _ owner: OwnerReference, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>, _ operation: @escaping (UserID, WriteStamp) -> any GroupOperation
  ) {
    let references = GroupReferences(owners: [owner])
    authorizeWrite(of: group, for: .manageGroups, naming: references, by: caller) { [self] added in
      added.onSuccess(orFail: then) { added in
        guard let owner = added.owners.first else { return then(.failure(.userNotFound)) }
        submit(operation(owner, context.stamp(caller)), to: group, onceOrNot: receipt, by: caller, then)
      }
    }
  }

  /// Submits a write of a group that answers no content; one that comes again is answered from the group as it is now.
  private func submit(
    _ operation: any GroupOperation, to group: GroupID, onceOrNot receipt: IdempotencyReceipt?, by caller: Caller,
    _ then: @escaping Completion<Void>
  ) {
    submit(operation, onceOrNot: receipt) { [self] outcome in
      guard case .success(.repeated) = outcome else { return then(outcome.map { _ in }) }
      read(group, by: caller) { then($0.map { _ in }) }
    }
  }

  /// Checks that the caller may write a group, then finds whom and what the write names.
  private func authorizeWrite(
    of group: GroupID?, for access: RequiredPermissions, naming references: GroupReferences, by caller: Caller,
    _ then: @escaping Completion<GroupAdditions>
  ) {
    authorizeWrite(of: group, for: access, by: caller) { [context] authorized in
      authorized.onSuccess(orFail: then) { context.people.additions(references, by: caller, then) }
    }
  }

  /// Members of the group that the tenant's policy names are administrators, so that no application may write that
  /// group.
  private func authorizeWrite(
    of group: GroupID?, for access: RequiredPermissions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    let authorization = context.authorization
    authorization.authorize(access, by: caller) { authorized in
      guard case .success = authorized, caller.actor == .application, let group else { return then(authorized) }
      authorization.policy(of: caller.tenant) { policy in
        then(
          policy.flatMap { policy in
            policy.administrators == group ? .failure(.deniedForRole(isDirectory: true)) : .success(())
          })
      }
    }
  }

  private func submit(
    _ operation: any GroupOperation, onceOrNot receipt: IdempotencyReceipt?,
    _ then: @escaping Completion<IdempotentOutcome<GroupOutcome>>
  ) {
    guard let receipt else { return context.submit(operation) { then($0.map { .done($0) }) } }
    context.submit(operation, once: receipt, then)
  }

  /// The group as the caller may see it after a write.
  private static func trim(_ outcome: GroupOutcome, for caller: Caller) -> Result<VisibleObject, ProfileError> {
    guard case .group(let group) = outcome, let visible = AccessDecision.visible(group, to: caller) else {
      return .failure(.groupNotFound)
    }
    return .success(visible)
  }
}
