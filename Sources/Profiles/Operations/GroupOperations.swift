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

  /// Reads one page of the groups that a person is a member of.
  public func listMemberships(
    of reference: OwnerReference, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    context.people.decision(on: reference, for: .readMemberships, by: caller) { [self] person in
      person.onSuccess(orFail: then) { id, decision in
        // Groups are not visible from another tenant.
        guard decision.seesPerson else { return then(.failure(.userNotFound)) }
        list(.member(id), query, caller, then)
      }
    }
  }

  /// Reads one page of the members of a group.
  public func listMembers(
    of id: GroupID, _ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    read(id, by: caller) { [self] group in
      group.onSuccess(orFail: then) { _ in
        context.authorization.withheld(from: caller) { [self] withheld in
          withheld.onSuccess(orFail: then) { listMembers(ofVisible: id, query, caller, withholding: $0, then) }
        }
      }
    }
  }

  private func listMembers(
    ofVisible id: GroupID, _ query: ListQuery, _ caller: Caller, withholding withheld: WithheldProperties,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    let visible: (StoredUser) -> VisibleObject? = { user in
      AccessDecision(of: caller, to: user.id, user.asOwner).visibleMember(user, to: caller, withholding: withheld)
    }
    ListScan.runInKeyOrder(context, query, for: caller) { [self] position, rows, then in
      reader.members(of: id, after: position?.idText, limit: rows) { found in
        then(ListScan.piece(found, id: \.id.text, visible))
      }
    } then: { [self] builder in
      builder.onSuccess(orFail: then) { builder in
        builder.finish(
          countAll: { reader.countMembers(of: id, $0) },
          readAgain: { [context] in UserOperations(context: context).readAgain($0, $1, visible) }, then)
      }
    }
  }

  private func list(
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
  private func readAgain(
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
  /// Creates a group in the caller's tenant, with an id of the server's choice and with these members. When the same
  /// receipt comes again, answers the group that the first request created, as it is now.
  public func create(
    _ patch: StructuredPatch, members: [OwnerReference], once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    authorizeWrite(of: nil, naming: members, by: caller) { [self] people in
      do throws(ProfileError) {
        let people = try people.get()
        guard let id = GroupID(context.environment.makeID().text) else {
          throw .store(.failed("A new id is not an id."))
        }
        let operation = CreateGroup(group: id, people: people, patch: patch, stamp: context.stamp(caller))
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

  /// Updates a group, where what the patch leaves out stays as it is, and adds members.
  public func update(
    _ id: GroupID, _ patch: StructuredPatch, members: [OwnerReference], preconditions: Preconditions,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    authorizeWrite(of: id, naming: members, by: caller) { [context] people in
      people.onSuccess(orFail: then) { people in
        let operation = UpdateGroup(
          group: id, people: people, patch: patch, preconditions: preconditions, stamp: context.stamp(caller))
        context.submit(operation) { then($0.flatMap { Self.trim($0, for: caller) }) }
      }
    }
  }

  /// Deletes a group and every membership in it.
  public func delete(
    _ id: GroupID, preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    write(to: id, [], by: caller, then) { [context] _ in
      DeleteGroup(group: id, preconditions: preconditions, stamp: context.stamp(caller))
    }
  }

  /// Adds a person of the caller's tenant to a group. When the same receipt comes again, changes nothing.
  public func addMember(
    _ user: OwnerReference, to id: GroupID, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>
  ) {
    write(to: id, [user], once: receipt, by: caller, then) { [context] people in
      people.first.map { AddMember(group: id, member: $0, stamp: context.stamp(caller)) }
    }
  }

  /// Removes a person from a group.
  public func removeMember(
    _ user: OwnerReference, from id: GroupID, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    write(to: id, [user], by: caller, then) { [context] people in
      people.first.map { RemoveMember(group: id, member: $0, stamp: context.stamp(caller)) }
    }
  }

  /// A write that answers no content.
  private func write(
    to group: GroupID, _ members: [OwnerReference], once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>, _ operation: @escaping ([UserID]) -> (any GroupOperation)?
  ) {
    authorizeWrite(of: group, naming: members, by: caller) { [self] people in
      people.onSuccess(orFail: then) { people in
        guard let operation = operation(people) else { return then(.failure(.userNotFound)) }
        submit(operation, onceOrNot: receipt) { [self] outcome in
          guard case .success(.repeated) = outcome else { return then(outcome.map { _ in }) }
          read(group, by: caller) { then($0.map { _ in }) }
        }
      }
    }
  }

  /// Checks that the caller may write a group, then finds the people that the write names.
  private func authorizeWrite(
    of group: GroupID?, naming members: [OwnerReference], by caller: Caller, _ then: @escaping Completion<[UserID]>
  ) {
    authorizeWrite(of: group, by: caller) { [context] authorized in
      authorized.onSuccess(orFail: then) { context.people.ids(of: members[...], by: caller, then) }
    }
  }

  /// Members of the group that the tenant's policy names are administrators, so that no application may write that
  /// group.
  private func authorizeWrite(of group: GroupID?, by caller: Caller, _ then: @escaping Completion<Void>) {
    let authorization = context.authorization
    authorization.authorize(.manageGroups, by: caller) { authorized in
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
