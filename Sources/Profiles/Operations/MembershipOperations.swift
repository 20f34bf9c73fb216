import OData

/// Operations on who is a member of what, directly and through other groups.
///
/// What somebody shares with the members of their groups, and who is an administrator, goes by direct membership alone:
/// see `AccessDecision`. These operations only answer.
public struct MembershipOperations {
  let context: SessionContext

  private var reader: any ProfileReader { context.reader }
  private var groups: GroupOperations { GroupOperations(context: context) }

  /// Whose memberships are asked for.
  public enum Subject: Sendable {
    case person(OwnerReference)
    case group(GroupID)
    /// A person, or else a group, by an id.
    case object(UserID)
  }

  /// How far memberships are followed.
  public enum Extent: Sendable {
    case direct, transitive
  }

  /// Which members are listed.
  public enum Kind: Sendable {
    /// People and groups. Queries are about properties of people; those that groups do not have are not set in them.
    case everything
    case people, groups
  }
}

// MARK: The groups that somebody is in

extension MembershipOperations {
  /// Reads one page of the groups that a person or a group is a member of. Fails with `tooManyResults` for a transitive list
  /// of more than `Limits.transitiveGroupsMax`.
  public func listGroups(
    of subject: Subject, _ extent: Extent, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    find(subject, by: caller) { [self] member in
      member.onSuccess(orFail: then) { member in
        switch (member, extent) {
        case (.person(let user), .direct): groups.list(.member(user), query, caller, then)
        case (.group, _), (.person, .transitive):
          groupIDs(of: member, extent) { [self] ids in
            ids.onSuccess(orFail: then) { list($0, query, caller, then) }
          }
        }
      }
    }
  }

  /// Reads the ids of the groups that a person or a group is a member of, directly or through others; with
  /// `securityEnabledOnly` of those whose `securityEnabled` is true. Fails with `tooManyResults` beyond
  /// `Limits.transitiveGroupsMax` groups.
  public func groupIDs(
    of subject: Subject, securityEnabledOnly: Bool, by caller: Caller, _ then: @escaping Completion<[String]>
  ) {
    find(subject, by: caller) { [self] member in
      member.onSuccess(orFail: then) { member in
        groupIDs(of: member, .transitive) { [self] ids in
          ids.onSuccess(orFail: then) { ids in
            guard securityEnabledOnly else { return then(.success(ids.map(\.text))) }
            // Of each group the id alone is kept: they may be thousands.
            SlicedRead.run(
              context, ids,
              read: { [reader] id, then in
                reader.group(id) {
                  then($0.map { $0.flatMap { Self.isSecurityEnabled($0, caller) ? $0.id.text : nil } })
                }
              }, then)
          }
        }
      }
    }
  }

  /// Reads which of these groups a person or a group is a member of, directly or through others, in the order in which they
  /// were asked for. A group that does not exist counts as one of which nobody is a member.
  public func groupIDs(
    among ids: [String], of subject: Subject, by caller: Caller, _ then: @escaping Completion<[String]>
  ) {
    groupIDs(of: subject, securityEnabledOnly: false, by: caller) { found in
      then(
        found.map { found in
          let known = Set(found.map { Array($0.utf8) })
          return ids.filter { known.contains(Array($0.utf8)) }
        })
    }
  }

  private static func isSecurityEnabled(_ group: StoredGroup, _ caller: Caller) -> Bool {
    guard let value = AccessDecision.visible(group, to: caller)?.value,
      let property = ProfileModel.group.property(named: "securityEnabled")
    else { return false }
    return value.members[property.index] == .bool(true)
  }

  /// Finds a person or a group whose memberships the caller may read.
  private func find(_ subject: Subject, by caller: Caller, _ then: @escaping Completion<ResolvedMember>) {
    switch subject {
    case .person(let reference):
      context.people.decision(on: reference, for: .readMemberships, by: caller) { person in
        then(
          person.flatMap { id, decision in
            // Groups are not visible from another tenant.
            decision.seesPerson ? .success(.person(id)) : .failure(.userNotFound)
          })
      }
    case .group(let id): groups.read(id, by: caller) { then($0.map { _ in .group(id) }) }
    case .object(let id):
      find(.person(.id(id)), by: caller) { [self] person in
        guard case .failure(.userNotFound) = person, let group = GroupID(id.text) else { return then(person) }
        find(.group(group), by: caller) { then($0.mapError { $0 == .groupNotFound ? .userNotFound : $0 }) }
      }
    }
  }

  /// The ids of the groups that a person or a group is a member of, in their order.
  private func groupIDs(
    of member: ResolvedMember, _ extent: Extent, _ then: @escaping Completion<[GroupID]>
  ) {
    directGroupIDs(of: member) { [context] direct in
      direct.onSuccess(orFail: then) { direct in
        switch extent {
        case .direct: then(.success(direct))
        case .transitive: GroupWalk.run(context, from: direct, .up, then)
        }
      }
    }
  }

  private func directGroupIDs(of member: ResolvedMember, _ then: @escaping Completion<[GroupID]>) {
    switch member {
    case .group(let id):
      reader.links(of: [id]) { then($0.map { $0[id]?.links.parents ?? [] }.mapError(ProfileError.store)) }
    case .person(let user): directGroupIDs(of: user, after: nil, [], then)
    }
  }

  /// A person is a member of at most `Limits.groupsPerPersonMax` groups.
  private func directGroupIDs(
    of user: UserID, after id: String?, _ found: [GroupID], _ then: @escaping Completion<[GroupID]>
  ) {
    reader.groups(.member(user), after: id, limit: Limits.loopRowsMax) { [self] page in
      page.onSuccess(orFail: then) { page in
        let found = found + page.elements.map(\.id)
        guard !page.isLast, let last = page.elements.last else { return then(.success(found)) }
        context.afterOthers { [self] in directGroupIDs(of: user, after: last.id.text, found, then) }
      }
    }
  }

  /// One page of these groups, which are in the order of their ids.
  private func list(
    _ ids: [GroupID], _ query: ListQuery, _ caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    let source = LinkedList(context, ids.map(\.text)) { [reader] id, then in
      guard let id = GroupID(id) else { return then(.success(nil)) }
      reader.group(id) { then($0.map { $0.flatMap { AccessDecision.visible($0, to: caller) } }) }
    }
    source.list(query, for: caller, then)
  }
}

// MARK: The members and owners of a group

extension MembershipOperations {
  /// Reads one page of the members of a group. A transitive list counts what is in the groups in it; it fails with
  /// `tooManyResults` for more than `Limits.groupRelativesMax` of those.
  public func listMembers(
    of id: GroupID, _ extent: Extent, _ kind: Kind, _ query: ListQuery, by caller: Caller,
    _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    groups.read(id, by: caller) { [self] group in
      group.onSuccess(orFail: then) { _ in
        nestedGroups(in: id, extent) { [self] nested in
          nested.onSuccess(orFail: then) { nested in
            guard kind != .groups else { return list(nested, query, caller, then) }
            context.authorization.withheld(from: caller) { [context] withheld in
              withheld.onSuccess(orFail: then) { withheld in
                let list = MemberList(
                  context, id, extent == .direct ? [] : nested, listing: kind == .everything ? nested : [], caller,
                  withholding: withheld)
                list.list(query, then)
              }
            }
          }
        }
      }
    }
  }

  /// Reads a member of a group, if it is one directly.
  public func readMember(
    _ member: UserID, of id: GroupID, by caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    groups.read(id, by: caller) { [self] group in
      group.onSuccess(orFail: then) { _ in
        reader.isMember(TenantUser(user: member, tenant: caller.tenant), of: id) { [self] isMember in
          isMember.onSuccess(orFail: then) { isMember in
            if isMember { readMember(member, caller, then) } else { readNestedGroup(member, in: id, caller, then) }
          }
        }
      }
    }
  }

  private func readMember(_ id: UserID, _ caller: Caller, _ then: @escaping Completion<VisibleObject>) {
    context.authorization.withheld(from: caller) { [reader] withheld in
      withheld.onSuccess(orFail: then) { withheld in
        reader.user(id) { found in
          found.onSuccess(orFail: then) { user in
            let visible = user.flatMap { MemberList.visible($0, to: caller, withholding: withheld) }
            then(visible.map { .success($0) } ?? .failure(.userNotFound))
          }
        }
      }
    }
  }

  private func readNestedGroup(
    _ member: UserID, in id: GroupID, _ caller: Caller, _ then: @escaping Completion<VisibleObject>
  ) {
    nestedGroups(in: id, .direct) { [groups] nested in
      nested.onSuccess(orFail: then) { nested in
        guard let group = GroupID(member.text), nested.contains(group) else { return then(.failure(.userNotFound)) }
        groups.read(group, by: caller) { then($0.map { $0.listed(as: ProfileModel.user) }) }
      }
    }
  }

  /// Reads one page of the owners of a group.
  public func listOwners(
    of id: GroupID, _ query: ListQuery, by caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    groups.read(id, by: caller) { [self] group in
      group.onSuccess(orFail: then) { _ in
        reader.links(of: [id]) { [self] links in
          links.onSuccess(orFail: then) { links in
            list(people: links[id]?.links.owners ?? [], query, caller, then)
          }
        }
      }
    }
  }

  /// One page of these people, who are in the order of their ids.
  private func list(
    people: [UserID], _ query: ListQuery, _ caller: Caller, _ then: @escaping Completion<Listing<VisibleObject>>
  ) {
    context.authorization.withheld(from: caller) { [self] withheld in
      withheld.onSuccess(orFail: then) { withheld in
        let source = LinkedList(context, people.map(\.text)) { [reader] id, then in
          guard let id = UserID(id) else { return then(.success(nil)) }
          reader.user(id) {
            then($0.map { $0.flatMap { MemberList.visible($0, to: caller, withholding: withheld) } })
          }
        }
        source.list(query, for: caller, then)
      }
    }
  }

  private func nestedGroups(in id: GroupID, _ extent: Extent, _ then: @escaping Completion<[GroupID]>) {
    reader.links(of: [id]) { [context] links in
      links.onSuccess(orFail: then) { links in
        let direct = links[id]?.links.groups ?? []
        switch extent {
        case .direct: then(.success(direct))
        case .transitive: GroupWalk.run(context, from: direct, .down, countMax: Limits.groupRelativesMax, then)
        }
      }
    }
  }
}
