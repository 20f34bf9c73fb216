import OData

/// What a body or a path names as a member of a group.
public enum MemberReference: Hashable, Sendable {
  /// A person.
  case person(OwnerReference)
  /// A group.
  case group(GroupID)
  /// A person or else a group, by an id.
  case object(UserID)
}

/// What a write names to be added to a group.
public struct GroupReferences: Sendable {
  /// The new members.
  public let members: [MemberReference]
  /// The new owners.
  public let owners: [OwnerReference]

  /// References to new members and owners.
  public init(members: [MemberReference] = [], owners: [OwnerReference] = []) {
    self.members = members
    self.owners = owners
  }
}

/// A member that was found.
enum ResolvedMember: Sendable {
  case person(UserID)
  case group(GroupID)
}

extension GroupAdditions {
  /// One new member.
  init(_ member: ResolvedMember) { append(member) }

  /// Adds a member to those that are added.
  mutating func append(_ member: ResolvedMember) {
    switch member {
    case .person(let user): people.append(user)
    case .group(let group): groups.append(group)
    }
  }
}

extension PersonResolution {
  /// Finds what references name, in their order. Whether somebody has such an id is left to the write.
  func additions(
    _ references: GroupReferences, by caller: Caller, _ then: @escaping Completion<GroupAdditions>
  ) {
    members(references.members[...], by: caller, GroupAdditions()) { [self] found in
      found.onSuccess(orFail: then) { additions in
        ids(of: references.owners[...], by: caller) { owners in
          then(
            owners.map { owners in
              var additions = additions
              additions.owners = owners
              return additions
            })
        }
      }
    }
  }

  private func members(
    _ references: ArraySlice<MemberReference>, by caller: Caller, _ found: GroupAdditions,
    _ then: @escaping Completion<GroupAdditions>
  ) {
    guard let reference = references.first else { return then(.success(found)) }
    member(reference, by: caller) { [self] member in
      member.onSuccess(orFail: then) { member in
        var additions = found
        additions.append(member)
        members(references.dropFirst(), by: caller, additions, then)
      }
    }
  }

  /// Finds the person or the group that a reference names. An id that both have is that of the person.
  func member(_ reference: MemberReference, by caller: Caller, _ then: @escaping Completion<ResolvedMember>) {
    switch reference {
    case .group(let group): then(.success(.group(group)))
    case .person(let owner): person(owner, by: caller, then)
    case .object(let id):
      guard let group = GroupID(id.text) else { return person(.id(id), by: caller, then) }
      isGroupAlone(group, id, of: caller.tenant) { [self] isGroup in
        isGroup.onSuccess(orFail: then) { isGroup in
          if isGroup { then(.success(.group(group))) } else { person(.id(id), by: caller, then) }
        }
      }
    }
  }

  private func person(
    _ reference: OwnerReference, by caller: Caller, _ then: @escaping Completion<ResolvedMember>
  ) {
    ids(of: [reference], by: caller) { found in
      then(found.flatMap { ids in ids.first.map { .success(.person($0)) } ?? .failure(.userNotFound) })
    }
  }

  /// Whether a tenant has a group and no person with an id.
  private func isGroupAlone(
    _ group: GroupID, _ user: UserID, of tenant: TenantID, _ then: @escaping Completion<Bool>
  ) {
    context.reader.group(group) { [context] found in
      found.onSuccess(orFail: then) { found in
        guard found?.tenant == tenant else { return then(.success(false)) }
        context.reader.user(user) { then($0.map { $0?.tenant != tenant }.mapError(ProfileError.store)) }
      }
    }
  }
}
