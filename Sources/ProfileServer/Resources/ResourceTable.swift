import OData
import Profiles

/// The table of all resources. A new resource is a row here and a method in the routes of its area.
enum ResourceTable {
  /// All resources, in the order of the documents.
  static let resources = declarations.enumerated().map { Resource($1, index: $0) }

  /// The resources by path.
  static let tree = ResourceTree(resources)

  /// The resources that documents describe: those with a route.
  static var documented: [Resource] { resources.filter { !$0.routes.isEmpty } }

  /// All labels by which requests are counted, in the order of their indices.
  static let labels =
    RouteLabel.fixed
    + declarations.enumerated().map { index, row in
      RouteLabel(row.template.label, index: RouteLabel.fixed.count + index)
    }

  private static let declarations: [Resource.Declaration] =
    users + profiles + items + auditLog + memberships + groups
    + members + membershipsOfGroups + directoryObjects

  // MARK: People

  private static let users: [Resource.Declaration] =
    [
      .init(
        "/users", "All users", of: ProfileModel.user, tag: "users",
        [
          .get(.listUsers, "List users", .list, .service { $0.users.list }),
          .post(.manageUsers, "Create a user", .created, .service { $0.users.create }),
        ]),
      .init(
        "/users/$count", "The number of users", of: ProfileModel.user, tag: "users",
        [.get(.listUsers, "Count the users", .count, .service { $0.users.count })]),
      .init(
        "/users/{user-id}", "A user", of: ProfileModel.user, tag: "users",
        [
          .get(.readUser, "Get a user", .entity, isConditional: true, .person { $0.users.read }),
          .patch(
            .writeUser, "Update a user", .updatedSilently,
            .person { $0.users.update }),
          .delete(
            .deleteUsers, "Delete a user with the profile", isUnderMe: false,
            .person { $0.users.delete }),
        ]),
    ] + properties(of: "/users/{user-id}", "a user", ProfileModel.user, tag: "users", .readUser)

  // MARK: Profiles

  private static let profiles: [Resource.Declaration] = [
    .init(
      "/users/{user-id}/profile", "The profile of a user", of: ProfileModel.profile, tag: "profile",
      [
        .get(
          .readProfile, "Get the profile with its collections", .entity, options: [.select, .expand],
          .person { $0.profiles.read }),
        .patch(.writeProfile, "Update the profile", .updated, .person { $0.profiles.update }),
        .delete(
          .writeProfile, "Delete all items of the profile", .person { $0.profiles.delete }),
      ]),
    .init(
      "/users/{user-id}/profile/{collection}", "A collection of a profile", of: ProfileModel.itemFacet, tag: "profile",
      [
        .get(.readProfile, "List the items of {collection}", .list, .collection { $0.items.list }),
        .post(.writeProfile, "Create an item in {collection}", .created, .collection { $0.items.create }),
      ]),
    .init(
      "/users/{user-id}/profile/{collection}/$count", "The number of items of a collection",
      of: ProfileModel.itemFacet, tag: "profile",
      [.get(.readProfile, "Count the items of {collection}", .count, .collection { $0.items.count })]),
  ]

  private static let items: [Resource.Declaration] =
    [
      .init(
        "/users/{user-id}/profile/{collection}/{item-id}", "An item of a collection", of: ProfileModel.itemFacet,
        tag: "profile",
        [
          .get(
            .readProfile, "Get an item of {collection}", .entity, isConditional: true,
            .item { $0.items.read }),
          .patch(
            .writeProfile, "Update an item of {collection}", .updated, createsIfMissing: true,
            .item { $0.items.update }),
          .delete(.writeProfile, "Delete an item of {collection}", .item { $0.items.delete }),
        ])
    ]
    + properties(
      of: "/users/{user-id}/profile/{collection}/{item-id}", "an item", ProfileModel.itemFacet, tag: "profile",
      .readProfile)

  /// The properties of an entity as resources (OData URL Conventions 4.01 sections 4.6 to 4.8).
  private static func properties(
    of template: String, _ entity: String, _ type: StructuredType, tag: String, _ permissions: RequiredPermissions
  ) -> [Resource.Declaration] {
    let whose = template.contains("{collection}") ? "\(entity) of {collection}" : entity
    return [
      .init(
        template + "/{property}", "A property of \(entity)", of: type, tag: tag,
        [.get(permissions, "Get a property of \(whose)", .property, .property)]),
      .init(
        template + "/{property}/$value", "The plain value of a property of \(entity)", of: type, tag: tag,
        [.get(permissions, "Get the plain value of a property of \(whose)", .rawValue, .property)]),
      .init(
        template + "/{property}/$count", "The number of values of a property of \(entity)", of: type, tag: tag,
        [.get(permissions, "Count the values of a property of \(whose)", .count, options: [], .property)]),
    ]
  }

  private static let auditLog: [Resource.Declaration] = [
    .init(
      "/users/{user-id}/profile/changes", "The audit log of a profile (extension)", of: ProfileModel.change,
      tag: "changes",
      [
        .get(
          .readAuditLog, "List who changed what (an extension)", .list, .person { $0.auditLog.list })
      ]),
    .init(
      "/users/{user-id}/profile/changes/$count", "The number of entries of the audit log", of: ProfileModel.change,
      tag: "changes",
      [
        .get(
          .readAuditLog, "Count the entries of the audit log (an extension)", .count,
          .person { $0.auditLog.count })
      ]),
  ]

  // MARK: Groups

  private static let memberships: [Resource.Declaration] =
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

  private static let membershipsOfGroups: [Resource.Declaration] =
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

  private static let groups: [Resource.Declaration] =
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

  private static let members: [Resource.Declaration] =
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
        [.get(.readGroups, "Get a member of a group", .entity, .member { $0.memberships.readMember })]),
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
              .readGroups, "List the \(title)\(note)", .list,
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

  // MARK: Directory objects

  private static let directoryObjects: [Resource.Declaration] =
    [
      .init(
        "/directoryObjects/{object-id}", "A directory object", of: ProfileModel.user, tag: "directoryObjects",
        [.get(.readObjects, "Get a user or a group", .entity, .object { $0.directoryObjects.read })]),
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
