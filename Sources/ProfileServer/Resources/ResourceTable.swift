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
    users + managers + people + profiles + items + auditLog + memberships + groups
    + members + membershipsOfGroups + directoryObjects + organizations + photos + peopleSettings

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
            .deleteUsers, "Delete a user with the profile", isUnderMe: false,
            .person { $0.users.delete }),
        ]),
    ] + properties(of: "/users/{user-id}", "a user", ProfileModel.user, tag: "users", .readUser)

  private static let people: [Resource.Declaration] = [
    .init(
      "/users/{user-id}/people", "The people near a user", of: ProfileModel.person, tag: "people",
      [.get(.readPeople, "List the people near a user, nearest first", .list, .person { $0.people.list })]),
    .init(
      "/users/{user-id}/people/$count", "The number of people near a user", of: ProfileModel.person, tag: "people",
      [.get(.readPeople, "Count the people near a user", .count, .person { $0.people.count })]),
  ]

  private static let managers: [Resource.Declaration] = [
    .init(
      "/users/{user-id}/manager", "The manager of a user", of: ProfileModel.user, tag: "users",
      [.get(.readUser, "Get the manager of a user", .entity, .person { $0.managers.read })]),
    .init(
      "/users/{user-id}/manager/$ref", "The reference to the manager of a user", of: ProfileModel.user, tag: "users",
      [
        .get(
          .readUser, "Get the reference to the manager of a user", .reference, .person { $0.managers.readReference }),
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
  static func properties(
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

  // MARK: The organisation

  private static let organizations: [Resource.Declaration] = [
    .init(
      "/organization", "The organisation", of: ProfileModel.organization, tag: "organization",
      [
        .get(
          .readOrganization, "List the organisation of the tenant", .list, options: [.select],
          .service { $0.organizations.list })
      ]),
    .init(
      "/organization/{organization-id}", "An organisation", of: ProfileModel.organization, tag: "organization",
      [.get(.readOrganization, "Get the organisation of the tenant", .entity, .entity { $0.organizations.read })]),
    .init(
      "/domains", "The domains", of: ProfileModel.domain, tag: "organization",
      [
        .get(
          .readDomains, "List the domains of the tenant", .list, options: [.select],
          .service { $0.organizations.listDomains })
      ]),
    .init(
      "/domains/{domain-id}", "A domain", of: ProfileModel.domain, tag: "organization",
      [.get(.readDomains, "Get a domain of the tenant", .entity, .entity { $0.organizations.readDomain })]),
  ]

  // MARK: Photos

  private static let photos: [Resource.Declaration] =
    photos(
      of: "/users/{user-id}", "a user", tag: "users", .readPhoto, .writePhoto, { .photo(ofPerson: $0) },
      [
        .patch(
          .writePhoto, "Change who may see the photo of a user (an extension)", .updated, .person { $0.photos.update })
      ])
    + photos(
      of: "/groups/{group-id}", "a group", tag: "groups", .readGroupPhoto, .manageGroupPhoto, { .photo(ofGroup: $0) })

  /// The photo of a person or a group, and the photo in each of its sizes.
  private static func photos(
    of template: String, _ owner: String, tag: String, _ read: RequiredPermissions, _ write: RequiredPermissions,
    _ handler: (@escaping RouteHandler.PhotoMethod) -> RouteHandler, _ updates: [Route] = []
  ) -> [Resource.Declaration] {
    let metadata = "Get the metadata of the photo of \(owner)"
    let bytes = "Get the photo of \(owner)"
    let set = "Set the photo of \(owner) to a JPEG or PNG file"
    return [
      .init(
        template + "/photo", "The photo of \(owner)", of: ProfileModel.photo, tag: tag,
        [.get(read, metadata, .entity, isConditional: true, handler { $0.read })] + updates
          + [.delete(write, "Delete the photo of \(owner)", handler { $0.delete })]),
      .init(
        template + "/photo/$value", "The bytes of the photo of \(owner)", of: ProfileModel.photo, tag: tag,
        [
          .get(read, bytes, .image, isConditional: true, handler { $0.content }),
          .image(.put, write, set, handler { $0.put }), .image(.patch, write, set, handler { $0.put }),
          .delete(write, "Delete the photo of \(owner)", handler { $0.delete }),
        ]),
      .init(
        template + "/photos", "The sizes of the photo of \(owner)", of: ProfileModel.photo, tag: tag,
        [.get(read, "List the sizes of the photo of \(owner)", .list, options: [.select], handler { $0.list })]),
      .init(
        template + "/photos/{photo-size}", "A size of the photo of \(owner)", of: ProfileModel.photo, tag: tag,
        [.get(read, "\(metadata) in a size", .entity, isConditional: true, .photoSize { $0.photos.readSize })]),
      .init(
        template + "/photos/{photo-size}/$value", "The bytes of a size of the photo of \(owner)",
        of: ProfileModel.photo,
        tag: tag,
        [.get(read, "\(bytes) in a size", .image, isConditional: true, .photoSize { $0.photos.contentOfSize })]),
    ]
  }
}
