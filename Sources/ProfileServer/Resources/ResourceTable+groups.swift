import OData
import Profiles

/// The resources of groups, of who is in them, and of directory objects.
extension ResourceTable {
  /// The groups of people.
  static let memberships: [Resource.Declaration] =
    memberOf("/users/{user-id}", "a user", .readMemberships) { list in
      .person { routes in
        { exchange, id, caller throws(GraphError) in
          try routes.memberships.listGroups(exchange, .person(id), list, caller)
        }
      }
    } count: { extent in
      .person { routes in
        { exchange, id, caller in routes.memberships.countGroups(exchange, .person(id), extent, caller) }
      }
    }
    + membershipActions(of: "/users/{user-id}", "a user", ProfileModel.user, .readMemberships) { question in
      .person { routes in
        { exchange, id, caller throws(GraphError) in
          try routes.memberships.answer(question, exchange, .person(id), caller)
        }
      }
    }

  /// The groups that groups are in.
  static let membershipsOfGroups: [Resource.Declaration] =
    memberOf("/groups/{group-id}", "a group", .readGroups) { list in
      .group { routes in
        { exchange, id, caller throws(GraphError) in
          try routes.memberships.listGroups(exchange, .group(id), list, caller)
        }
      }
    } count: { extent in
      .group { routes in
        { exchange, id, caller in routes.memberships.countGroups(exchange, .group(id), extent, caller) }
      }
    }
    + membershipActions(of: "/groups/{group-id}", "a group", ProfileModel.group, .readGroups) { question in
      .group { routes in
        { exchange, id, caller throws(GraphError) in
          try routes.memberships.answer(question, exchange, .group(id), caller)
        }
      }
    }

  /// The lists of the groups that somebody is in, directly and through others, each also behind a cast to groups.
  private static func memberOf(
    _ template: String, _ whose: String, _ permissions: RequiredPermissions,
    list: (MembershipRoutes.GroupList) -> RouteHandler,
    count: (MembershipOperations.Extent) -> RouteHandler
  ) -> [Resource.Declaration] {
    let lists: [(String, String, MembershipOperations.Extent)] = [
      ("memberOf", "groups of \(whose)", .direct),
      ("transitiveMemberOf", "groups of \(whose), with those that these are in", .transitive),
    ]
    let casts: [(String, String, Bool)] = [
      ("", "", false), ("/\(ProfileModel.group.qualifiedName)", ", cast to groups", true),
    ]
    return lists.flatMap { name, title, extent in
      casts.flatMap { cast, note, isCast -> [Resource.Declaration] in
        let path = "\(template)/\(name)\(cast)"
        return [
          .init(
            path, "The \(title)\(note)", of: ProfileModel.group, tag: "groups",
            [.get(permissions, "List the \(title)\(note)", .list, list(.init(extent: extent, isCast: isCast)))]),
          .init(
            path + "/$count", "The number of \(title)\(note)", of: ProfileModel.group, tag: "groups",
            [.get(permissions, "Count the \(title)\(note)", .count, count(extent))]),
        ]
      }
    }
  }

  /// The actions that answer about the groups that somebody is in.
  private static func membershipActions(
    of template: String, _ whose: String, _ type: StructuredType, _ permissions: RequiredPermissions,
    _ handler: (MembershipRoutes.Question) -> RouteHandler
  ) -> [Resource.Declaration] {
    MembershipRoutes.Question.allCases.map { question in
      .init(
        "\(template)/\(question.rawValue)", "\(question.title) of \(whose)", of: type, tag: "groups",
        [.action(question.rawValue, permissions, "\(question.summary) \(whose)", .ids, handler(question))])
    }
  }

  /// Groups themselves.
  static let groups: [Resource.Declaration] =
    [
      .init(
        "/groups", "All groups", of: ProfileModel.group, tag: "groups",
        [
          .get(.readGroups, "List groups", .list, .service { $0.groups.list }),
          .post(.manageGroups, "Create a group", .created, .service { $0.groups.create }),
        ]),
      .init(
        "/groups/$count", "The number of groups", of: ProfileModel.group, tag: "groups",
        [.get(.readGroups, "Count the groups", .count, .service { $0.groups.count })]),
      .init(
        "/groups/{group-id}", "A group", of: ProfileModel.group, tag: "groups",
        [
          .get(.readGroups, "Get a group", .entity, isConditional: true, .group { $0.groups.read }),
          .patch(.manageGroups, "Update a group", .updatedSilently, .group { $0.groups.update }),
          .delete(.deleteGroups, "Delete a group", .group { $0.groups.delete }),
        ]),
    ] + properties(of: "/groups/{group-id}", "a group", ProfileModel.group, tag: "groups", .readGroups)

  /// What is in a group, and its owners.
  static let members: [Resource.Declaration] =
    memberLists("members", "members of a group", .direct)
    + memberLists("transitiveMembers", "members of a group, with those of the groups in it", .transitive) + [
      .init(
        "/groups/{group-id}/members/$ref", "References to the members of a group", of: ProfileModel.user, tag: "groups",
        [
          .get(
            .readGroups, "List references to the members of a group", .references,
            .group { $0.memberships.listMemberReferences }),
          .post(.manageMembers, "Add a member to a group", .added, .group { $0.groups.addMember }),
          .delete(
            .manageMembers, "Remove the member that $id names from a group", isConditional: false,
            takesReferenceID: true, .group { $0.groups.removeNamedMember }),
        ]),
      .init(
        "/groups/{group-id}/members/{member-id}", "A member of a group", of: ProfileModel.user, tag: "groups",
        [
          .get(
            .readGroups, "Get a member of a group", .entity, types: usersAndGroups,
            .member { $0.memberships.readMember })
        ]),
      .init(
        "/groups/{group-id}/members/{member-id}/$ref", "The reference to a member of a group", of: ProfileModel.user,
        tag: "groups",
        [
          .delete(
            .manageMembers, "Remove a member from a group", isConditional: false,
            .member { $0.groups.removeMember })
        ]),
      .init(
        "/groups/{group-id}/owners", "The owners of a group", of: ProfileModel.user, tag: "groups",
        [.get(.readGroups, "List the owners of a group", .list, .group { $0.memberships.listOwners })]),
      .init(
        "/groups/{group-id}/owners/\(ProfileModel.user.qualifiedName)", "The owners of a group, cast to users",
        of: ProfileModel.user, tag: "groups",
        [
          .get(
            .readGroups, "List the owners of a group, cast to users", .list,
            .group { $0.memberships.listOwningUsers })
        ]),
      .init(
        "/groups/{group-id}/owners/$count", "The number of owners of a group", of: ProfileModel.user, tag: "groups",
        [.get(.readGroups, "Count the owners of a group", .count, .group { $0.memberships.countOwners })]),
      .init(
        "/groups/{group-id}/owners/$ref", "References to the owners of a group", of: ProfileModel.user, tag: "groups",
        [
          .get(
            .readGroups, "List references to the owners of a group", .references,
            .group { $0.memberships.listOwnerReferences }),
          .post(.manageGroups, "Add an owner to a group", .added, .group { $0.groups.addOwner }),
          .delete(
            .manageGroups, "Remove the owner that $id names from a group", isConditional: false,
            takesReferenceID: true, .group { $0.groups.removeNamedOwner }),
        ]),
      .init(
        "/groups/{group-id}/owners/{owner-id}/$ref", "The reference to an owner of a group", of: ProfileModel.user,
        tag: "groups",
        [
          .delete(
            .manageGroups, "Remove an owner from a group", isConditional: false, .member { $0.groups.removeOwner })
        ]),
    ]

  /// The lists of what is in a group, each also behind a cast to users or to groups.
  private static func memberLists(
    _ name: String, _ title: String, _ extent: MembershipOperations.Extent
  ) -> [Resource.Declaration] {
    let (user, group) = (ProfileModel.user, ProfileModel.group)
    let lists: [(String, String, StructuredType, MembershipOperations.Kind)] = [
      ("", "", user, .everything), ("/\(user.qualifiedName)", ", cast to users", user, .people),
      ("/\(group.qualifiedName)", ", cast to groups", group, .groups),
    ]
    return lists.flatMap { cast, note, type, kind -> [Resource.Declaration] in
      let path = "/groups/{group-id}/\(name)\(cast)"
      let list = MembershipRoutes.MemberList(extent: extent, kind: kind)
      return [
        .init(
          path, "The \(title)\(note)", of: type, tag: "groups",
          [
            .get(
              .readGroups, "List the \(title)\(note)", .list, types: kind == .everything ? usersAndGroups : [],
              .group { routes in
                { exchange, id, caller throws(GraphError) in
                  try routes.memberships.listMembers(exchange, id, list, caller)
                }
              })
          ]),
        .init(
          path + "/$count", "The number of \(title)\(note)", of: type, tag: "groups",
          [
            .get(
              .readGroups, "Count the \(title)\(note)", .count,
              .group { routes in
                { exchange, id, caller in routes.memberships.countMembers(exchange, id, list, caller) }
              })
          ]),
      ]
    }
  }

  private static let usersAndGroups = [ProfileModel.user, ProfileModel.group]

  // MARK: Directory objects

  /// People and groups alike, by their ids.
  static let directoryObjects: [Resource.Declaration] =
    [
      .init(
        "/directoryObjects/{object-id}", "A directory object", of: ProfileModel.user, tag: "directoryObjects",
        [
          .get(
            .readObjects, "Get a user or a group", .entity, types: usersAndGroups,
            .object { $0.directoryObjects.read })
        ]),
      .init(
        "/directoryObjects/{object-id}/\(ProfileModel.user.qualifiedName)", "A directory object, cast to a user",
        of: ProfileModel.user, tag: "directoryObjects",
        [.get(.readUser, "Get a user", .entity, .object { $0.directoryObjects.readUser })]),
      .init(
        "/directoryObjects/{object-id}/\(ProfileModel.group.qualifiedName)", "A directory object, cast to a group",
        of: ProfileModel.group, tag: "directoryObjects",
        [.get(.readGroups, "Get a group", .entity, .object { $0.directoryObjects.readGroup })]),
      .init(
        "/directoryObjects/getByIds", "Directory objects by their ids", of: ProfileModel.user, tag: "directoryObjects",
        [
          .action(
            "getByIds", .readObjects, "Get users and groups by their ids", .found,
            .service { $0.directoryObjects.getByIDs })
        ]),
      .init(
        "/directoryObjects/validateProperties", "The check of names for a group", of: ProfileModel.group,
        tag: "directoryObjects",
        [
          .action(
            "validateProperties", .readGroups, "Check names before a group is created", .checked,
            .service { $0.directoryObjects.validate })
        ]),
    ]
    + membershipActions(of: "/directoryObjects/{object-id}", "a directory object", ProfileModel.user, .readMemberships)
  {
    question in
    .object { routes in
      { exchange, id, caller throws(GraphError) in
        try routes.memberships.answer(question, exchange, .object(id), caller)
      }
    }
  }
}
