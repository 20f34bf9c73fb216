public import OData

extension ProfileSession {
  /// Creates a group in the caller's tenant, with an id of the server's choice and with these members. Sent again with the
  /// same receipt, it gives the group that the first one made, as it is now.
  public func createGroup(
    _ patch: StructuredPatch, members: [OwnerReference], once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    authorizeWrite(of: nil, naming: members, by: caller) { [self] people in
      do throws(ProfileError) {
        let people = try people.get()
        guard let id = GroupID(environment.makeID().text) else { throw .store(.failed("A new id is not an id.")) }
        let operation = CreateGroup(group: id, people: people, patch: patch, stamp: stamp(caller))
        submit(operation, onceOrNot: receipt) { [self] outcome in
          switch outcome {
          case .failure(let error): then(.failure(error))
          case .success(.done(let outcome)): then(Self.visible(outcome, to: caller))
          case .success(.repeated(let id)):
            guard let id = GroupID(id) else { return then(.failure(.groupNotFound)) }
            readGroup(id, by: caller, then)
          }
        }
      } catch {
        then(.failure(error))
      }
    }
  }

  /// Updates a group, what the patch leaves out stays as it is, and adds members.
  public func updateGroup(
    _ id: GroupID, _ patch: StructuredPatch, members: [OwnerReference], preconditions: Preconditions,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    authorizeWrite(of: id, naming: members, by: caller) { [self] people in
      switch people {
      case .failure(let error): then(.failure(error))
      case .success(let people):
        let operation = UpdateGroup(
          group: id, people: people, patch: patch, preconditions: preconditions, stamp: stamp(caller))
        submit(operation) { then($0.flatMap { Self.visible($0, to: caller) }) }
      }
    }
  }

  /// Deletes a group and every membership in it.
  public func deleteGroup(
    _ id: GroupID, preconditions: Preconditions, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    writeSilently(to: id, [], by: caller, then) { [self] _ in
      DeleteGroup(group: id, preconditions: preconditions, stamp: stamp(caller))
    }
  }

  /// Adds somebody of the caller's tenant to a group. Sent again with the same receipt, it changes nothing.
  public func addMember(
    _ user: OwnerReference, to id: GroupID, once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>
  ) {
    writeSilently(to: id, [user], once: receipt, by: caller, then) { [self] people in
      people.first.map { AddMember(group: id, member: $0, stamp: stamp(caller)) }
    }
  }

  /// Takes somebody out of a group.
  public func removeMember(
    _ user: OwnerReference, from id: GroupID, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    writeSilently(to: id, [user], by: caller, then) { [self] people in
      people.first.map { RemoveMember(group: id, member: $0, stamp: stamp(caller)) }
    }
  }

  private func writeSilently(
    to group: GroupID, _ members: [OwnerReference], once receipt: IdempotencyReceipt? = nil, by caller: Caller,
    _ then: @escaping Completion<Void>, _ operation: @escaping ([UserID]) -> (any GroupOperation)?
  ) {
    authorizeWrite(of: group, naming: members, by: caller) { [self] people in
      switch people {
      case .failure(let error): then(.failure(error))
      case .success(let people):
        guard let operation = operation(people) else { return then(.failure(.userNotFound)) }
        submit(operation, onceOrNot: receipt) { [self] outcome in
          guard case .success(.repeated) = outcome else { return then(outcome.map { _ in }) }
          readGroup(group, by: caller) { then($0.map { _ in }) }
        }
      }
    }
  }

  /// Whether the caller may write a group; if so, who the people are that the write names.
  private func authorizeWrite(
    of group: GroupID?, naming members: [OwnerReference], by caller: Caller, _ then: @escaping Completion<[UserID]>
  ) {
    authorizeWrite(of: group, by: caller) { [self] authorized in
      if case .failure(let error) = authorized { return then(.failure(error)) }
      people(members[...], by: caller, after: [], then)
    }
  }

  private func people(
    _ references: ArraySlice<OwnerReference>, by caller: Caller, after found: [UserID],
    _ then: @escaping Completion<[UserID]>
  ) {
    guard let reference = references.first else { return then(.success(found)) }
    person(of: reference, by: caller) { [self] person in
      switch person {
      case .failure(let error): then(.failure(error))
      case .success(let id): people(references.dropFirst(), by: caller, after: found + [id], then)
      }
    }
  }

  /// The group that the tenant's policy names makes administrators, which no application may do.
  private func authorizeWrite(of group: GroupID?, by caller: Caller, _ then: @escaping Completion<Void>) {
    authorize(.manageGroups, by: caller) { [self] authorized in
      guard case .success = authorized, caller.actor == .application, let group else { return then(authorized) }
      policy(of: caller.tenant) { policy in
        then(
          policy.flatMap { policy in
            policy.administrators == group ? .failure(.deniedForRole(isDirectory: true)) : .success(())
          })
      }
    }
  }

  private func submit(
    _ operation: any GroupOperation, onceOrNot receipt: IdempotencyReceipt?, _ then: @escaping Completion<Once<GroupOutcome>>
  ) {
    guard let receipt else { return submit(operation) { then($0.map { .done($0) }) } }
    submit(operation, once: receipt, then)
  }

  private static func visible(_ outcome: GroupOutcome, to caller: Caller) -> Result<VisibleObject, ProfileError> {
    guard case .group(let group) = outcome, let visible = VisibleObject(group, to: caller) else {
      return .failure(.groupNotFound)
    }
    return .success(visible)
  }
}

/// Makes a group.
struct CreateGroup: GroupOperation {
  let group: GroupID
  let people: [UserID]
  let patch: StructuredPatch
  let stamp: WriteStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    guard state.group == nil else { throw .store(.failed("A new id was already in use.")) }
    var value = StructuredValue(patch, of: ProfileModel.group)
    value.set("id", group.text, of: ProfileModel.group)
    value.set("createdDateTime", .dateTime(stamp.time), of: ProfileModel.group)
    try GroupRules.check(value, changed: ProfileModel.group.properties.indices)
    let tenant = stamp.caller.tenant
    let made = StoredGroup(id: group, tenant: tenant, version: stamp.version, value: value)
    return .put(made, adding: try GroupRules.additions(people, state, to: group, of: tenant, stamp))
  }
}

/// Changes what the body sets of a group.
struct UpdateGroup: GroupOperation {
  let group: GroupID
  let people: [UserID]
  let patch: StructuredPatch
  let preconditions: Preconditions
  let stamp: WriteStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let old = try GroupRules.existing(state, by: stamp.caller, preconditions)
    guard var value = StructuredValue(stored: old.json, of: ProfileModel.group) else {
      throw .store(.damaged("A stored group is not of the declared type."))
    }
    let additions = try GroupRules.additions(people, state, to: group, of: old.tenant, stamp)
    let changed = patch.apply(to: &value, of: ProfileModel.group)
    guard !changed.isEmpty else { return additions.isEmpty ? .unchanged(old) : .put(old, adding: additions) }
    try GroupRules.check(value, changed: changed)
    return .put(
      StoredGroup(id: group, tenant: old.tenant, version: stamp.version, value: value), adding: additions)
  }
}

/// Takes a group away, with every membership in it.
struct DeleteGroup: GroupOperation {
  let group: GroupID
  let preconditions: Preconditions
  let stamp: WriteStamp
  var people: [UserID] { [] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    _ = try GroupRules.existing(state, by: stamp.caller, preconditions)
    return .remove { [stamp, group] user in stamp.membership(.deleted, of: user, in: group) }
  }
}

/// Adds a member to a group.
struct AddMember: GroupOperation {
  let group: GroupID
  let member: UserID
  let stamp: WriteStamp
  var people: [UserID] { [member] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let existing = try GroupRules.existing(state, by: stamp.caller, .none)
    return .add(try GroupRules.additions(people, state, to: group, of: existing.tenant, stamp))
  }
}

/// Takes a member out of a group.
struct RemoveMember: GroupOperation {
  let group: GroupID
  let member: UserID
  let stamp: WriteStamp
  var people: [UserID] { [member] }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    _ = try GroupRules.existing(state, by: stamp.caller, .none)
    guard state.members.contains(member) else { throw .userNotFound }
    return .removeMember(stamp.membership(.deleted, of: member, in: group))
  }
}

/// What is asked of groups beyond their type.
enum GroupRules {
  /// The group, if it is one of the caller's tenant and the preconditions hold.
  static func existing(
    _ state: GroupState, by caller: Caller, _ preconditions: Preconditions
  ) throws(ProfileError) -> StoredGroup {
    guard let group = state.group, group.tenant == caller.tenant else { throw .groupNotFound }
    guard preconditions.hold(for: group.version) else { throw .preconditionFailed }
    return group
  }

  /// A group is made with a name, which no update takes away. Only what changes is judged: one that has no name, because
  /// it was imported without, can be updated all the same.
  static func check(_ value: StructuredValue, changed: some Sequence<Int>) throws(ProfileError) {
    try DirectoryNames.check(value, of: ProfileModel.group, changed: changed)
  }

  /// The rows of the audit log for new members, who must be of the group's tenant and no members yet.
  static func additions(
    _ people: [UserID], _ state: GroupState, to group: GroupID, of tenant: TenantID, _ stamp: WriteStamp
  ) throws(ProfileError) -> [Change] {
    guard Set(people).count == people.count else { throw .alreadyMember }
    var additions: [Change] = []
    for user in people {
      guard state.people[user] == tenant else { throw .userNotFound }
      guard !state.members.contains(user) else { throw .alreadyMember }
      additions.append(stamp.membership(.created, of: user, in: group))
    }
    return additions
  }
}
