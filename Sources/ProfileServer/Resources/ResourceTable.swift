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
    users + managers + profiles + items + auditLog + memberships + groups

  // MARK: People

  private static let users: [Resource.Declaration] =
    [
      .init(
        "/users", "All users", of: ProfileModel.user, tag: "users",
        [
          .get(
            .listUsers, "List users", .list,
            options: [.select, .expand, .filter, .orderby, .top, .skip, .count, .search],
            .service { $0.users.list }),
          .post(.manageUsers, "Create a user", .created, .service { $0.users.create }),
        ]),
      .init(
        "/users/$count", "The number of users", of: ProfileModel.user, tag: "users",
        [.get(.listUsers, "Count the users", .count, .service { $0.users.count })]),
      .init(
        "/users/{user-id}", "A user", of: ProfileModel.user, tag: "users",
        [
          .get(
            .readUser, "Get a user", .entity, options: [.select, .expand], isConditional: true,
            .person { $0.users.read }),
          .patch(
            .writeUser, "Update a user", .updatedSilently,
            .person { $0.users.update }),
          .delete(
            .manageUsers, "Delete a user with the profile", isUnderMe: false,
            .person { $0.users.delete }),
        ]),
      // For references only.
      .init("/directoryObjects/{object-id}", "A directory object", of: ProfileModel.user, tag: "users", []),
    ] + properties(of: "/users/{user-id}", "a user", ProfileModel.user, tag: "users", .readUser)

  private static let managers: [Resource.Declaration] = [
    .init(
      "/users/{user-id}/manager", "The manager of a user", of: ProfileModel.user, tag: "users",
      [.get(.readUser, "Get the manager of a user", .entity, .person { $0.managers.read })]),
    .init(
      "/users/{user-id}/manager/$ref", "The reference to the manager of a user", of: ProfileModel.user, tag: "users",
      [
        .put(.administerUser, "Set the manager of a user", .person { $0.managers.set }),
        .delete(
          .administerUser, "Remove the manager of a user", isConditional: false, .person { $0.managers.remove }),
      ]),
    .init(
      "/users/{user-id}/directReports", "The people whose manager a user is", of: ProfileModel.user, tag: "users",
      [.get(.readUser, "List the direct reports of a user", .list, .person { $0.managers.listReports })]),
    .init(
      "/users/{user-id}/directReports/$count", "The number of people whose manager a user is", of: ProfileModel.user,
      tag: "users",
      [.get(.readUser, "Count the direct reports of a user", .count, .person { $0.managers.countReports })]),
    .init(
      "/users/{user-id}/transitiveReports/$count", "The number of people below a user", of: ProfileModel.user,
      tag: "users",
      [
        .get(
          .readUser, "Count the direct and indirect reports of a user", .count, options: [],
          .person { $0.managers.countTransitiveReports })
      ]),
  ]

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

  private static let memberships: [Resource.Declaration] = [
    .init(
      "/users/{user-id}/memberOf", "The groups of a user", of: ProfileModel.group, tag: "groups",
      [
        .get(
          .readMemberships, "List the groups of a user", .list, .person { $0.groups.listMemberships })
      ]),
    .init(
      "/users/{user-id}/memberOf/$count", "The number of groups of a user", of: ProfileModel.group, tag: "groups",
      [
        .get(
          .readMemberships, "Count the groups of a user", .count, .person { $0.groups.countMemberships })
      ]),
  ]

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
          .delete(.manageGroups, "Delete a group", .group { $0.groups.delete }),
        ]),
      .init(
        "/groups/{group-id}/members", "The members of a group", of: ProfileModel.user, tag: "groups",
        [
          .get(.readGroups, "List the members of a group", .list, .group { $0.groups.listMembers })
        ]),
      .init(
        "/groups/{group-id}/members/$count", "The number of members of a group", of: ProfileModel.user, tag: "groups",
        [.get(.readGroups, "Count the members of a group", .count, .group { $0.groups.countMembers })]),
      .init(
        "/groups/{group-id}/members/$ref", "References to the members of a group", of: ProfileModel.user, tag: "groups",
        [
          .post(
            .manageGroups, "Add a member to a group", .added, .group { $0.groups.addMember }),
          .delete(
            .manageGroups, "Remove the member that $id names from a group", isConditional: false,
            takesReferenceID: true, .group { $0.groups.removeNamedMember }),
        ]),
      .init(
        "/groups/{group-id}/members/{member-id}/$ref", "The reference to a member of a group", of: ProfileModel.user,
        tag: "groups",
        [
          .delete(
            .manageGroups, "Remove a member from a group", isConditional: false,
            .member { $0.groups.removeMember })
        ]),
    ] + properties(of: "/groups/{group-id}", "a group", ProfileModel.group, tag: "groups", .readGroups)
}
