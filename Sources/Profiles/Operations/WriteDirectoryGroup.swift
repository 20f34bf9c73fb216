public import OData

extension ProfileSession {
  /// Creates a group in the caller's tenant, with an id of the server's choice and with these members.
  public func createGroup(
    _ patch: StructuredPatch, members: [OwnerReference], by caller: Caller,
    _ then: @escaping Completion<VisibleObject>
  ) {
    write(nil, members, by: caller, then) { [self] people throws(ProfileError) in
      guard let id = GroupID(environment.makeID().text) else { throw .store(.failed("A new id is not an id.")) }
      return CreateGroup(group: id, people: people, patch: patch, stamp: stamp(caller))
    }
  }

  /// Updates a group, what the patch leaves out stays as it is, and adds members.
  public func updateGroup(
    _ id: GroupID, _ patch: StructuredPatch, members: [OwnerReference], preconditions: Preconditions,
    by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    write(id, members, by: caller, then) { [self] people throws(ProfileError) in
      UpdateGroup(group: id, people: people, patch: patch, preconditions: preconditions, stamp: stamp(caller))
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

  /// Adds somebody of the caller's tenant to a group.
  public func addMember(
    _ user: OwnerReference, to id: GroupID, by caller: Caller, _ then: @escaping Completion<Void>
  ) {
    writeSilently(to: id, [user], by: caller, then) { [self] people in
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
    to group: GroupID, _ members: [OwnerReference], by caller: Caller, _ then: @escaping Completion<Void>,
    _ operation: @escaping ([UserID]) -> (any GroupOperation)?
  ) {
    authorizeWrite(of: group, naming: members, by: caller) { [self] people in
      switch people {
      case .failure(let error): then(.failure(error))
      case .success(let people):
        guard let operation = operation(people) else { return then(.failure(.userNotFound)) }
        submit(operation) { then($0.map { _ in }) }
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
    owner(reference, for: .manageGroups, by: caller) { [self] person in
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

  private func write(
    _ group: GroupID?, _ members: [OwnerReference], by caller: Caller, _ then: @escaping Completion<VisibleObject>,
    _ operation: @escaping ([UserID]) throws(ProfileError) -> any GroupOperation
  ) {
    authorizeWrite(of: group, naming: members, by: caller) { [self] people in
      do throws(ProfileError) {
        submit(try operation(try people.get())) { outcome in
          then(
            outcome.flatMap { outcome in
              guard case .group(let group) = outcome, let visible = VisibleObject(group, to: caller) else {
                return .failure(.groupNotFound)
              }
              return .success(visible)
            })
        }
      } catch {
        then(.failure(error))
      }
    }
  }
}

/// Makes a group.
struct CreateGroup: GroupOperation {
  let group: GroupID
  let people: [UserID]
  let patch: StructuredPatch
  let stamp: AuditStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    guard state.group == nil else { throw .store(.failed("A new id was already in use.")) }
    var value = StructuredValue(patch, of: ProfileModel.group)
    value.set("id", group.text, of: ProfileModel.group)
    value.set("createdDateTime", .dateTime(stamp.time), of: ProfileModel.group)
    try GroupRules.check(value)
    let tenant = stamp.caller.tenant
    let made = StoredGroup(id: group, tenant: tenant, version: .first, value: value)
    return .put(made, adding: try GroupRules.additions(people, state, to: group, of: tenant, stamp))
  }
}

/// Changes what the body sets of a group.
struct UpdateGroup: GroupOperation {
  let group: GroupID
  let people: [UserID]
  let patch: StructuredPatch
  let preconditions: Preconditions
  let stamp: AuditStamp

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange {
    let old = try GroupRules.existing(state, by: stamp.caller, preconditions)
    guard var value = StructuredValue(stored: old.json, of: ProfileModel.group) else {
      throw .store(.damaged("A stored group is not of the declared type."))
    }
    let additions = try GroupRules.additions(people, state, to: group, of: old.tenant, stamp)
    guard !patch.apply(to: &value, of: ProfileModel.group).isEmpty else {
      return additions.isEmpty ? .unchanged(old) : .put(old, adding: additions)
    }
    try GroupRules.check(value)
    return .put(
      StoredGroup(id: group, tenant: old.tenant, version: old.version.next, value: value), adding: additions)
  }
}

/// Takes a group away, with every membership in it.
struct DeleteGroup: GroupOperation {
  let group: GroupID
  let preconditions: Preconditions
  let stamp: AuditStamp
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
  let stamp: AuditStamp
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
  let stamp: AuditStamp
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

  /// A group has a name.
  static func check(_ value: StructuredValue) throws(ProfileError) {
    guard value.string("displayName", of: ProfileModel.group)?.isEmpty == false else {
      throw .body(.invalidValue(property: "displayName", reason: "is needed and cannot be empty"))
    }
  }

  /// The rows of the record for new members, who must be of the group's tenant and no members yet.
  static func additions(
    _ people: [UserID], _ state: GroupState, to group: GroupID, of tenant: TenantID, _ stamp: AuditStamp
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
