import OData
import Profiles

/// Resources that are told apart when operations are declared. Declared types make no difference here.
enum ResourceKind: String, CaseIterable, Sendable {
  case users, userCount, user, profile, collection, count, item, property, rawValue, valueCount
  case changes, changeCount, memberships, membershipCount
  case groups, groupCount, group, members, memberCount, memberReferences, memberReference

  /// What the resource is, for people.
  var title: String {
    switch self {
    case .users: "All users"
    case .userCount: "The number of users"
    case .user: "A user"
    case .profile: "The profile of a user"
    case .collection: "A collection of a profile"
    case .count: "The number of items of a collection"
    case .item: "An item of a collection"
    case .property: "A property of an item"
    case .rawValue: "The plain value of a property"
    case .valueCount: "The number of values of a property"
    case .changes: "The audit log of a profile (extension)"
    case .changeCount: "The number of rows of the audit log"
    case .memberships: "The groups of a user"
    case .membershipCount: "The number of groups of a user"
    case .groups: "All groups"
    case .groupCount: "The number of groups"
    case .group: "A group"
    case .members: "The members of a group"
    case .memberCount: "The number of members of a group"
    case .memberReferences: "References to the members of a group"
    case .memberReference: "The reference to a member of a group"
    }
  }

  /// What stands behind the address of a user, a collection's name being `{collection}`.
  var suffix: String {
    switch self {
    case .users, .userCount, .user, .groups, .groupCount, .group, .members, .memberCount, .memberReferences,
      .memberReference:
      ""
    case .changes: "/profile/changes"
    case .changeCount: "/profile/changes/$count"
    case .memberships: "/memberOf"
    case .membershipCount: "/memberOf/$count"
    case .profile: "/profile"
    case .collection: "/profile/{collection}"
    case .count: "/profile/{collection}/$count"
    case .item: "/profile/{collection}/{item-id}"
    case .property: "/profile/{collection}/{item-id}/{property}"
    case .rawValue: "/profile/{collection}/{item-id}/{property}/$value"
    case .valueCount: "/profile/{collection}/{item-id}/{property}/$count"
    }
  }

  /// Where the resource is found from the root of a version of the service.
  var template: String {
    switch self {
    case .users: "/users"
    case .userCount: "/users/$count"
    case .user, .profile, .collection, .count, .item, .property, .rawValue, .valueCount, .changes, .changeCount,
      .memberships, .membershipCount:
      "/users/{user-id}" + suffix
    case .groups: "/groups"
    case .groupCount: "/groups/$count"
    case .group: "/groups/{group-id}"
    case .members: "/groups/{group-id}/members"
    case .memberCount: "/groups/{group-id}/members/$count"
    case .memberReferences: "/groups/{group-id}/members/$ref"
    case .memberReference: "/groups/{group-id}/members/{member-id}/$ref"
    }
  }

  /// Whether there is one for each collection of the model.
  var isOfCollection: Bool {
    switch self {
    case .collection, .count, .item, .property, .rawValue, .valueCount: true
    case .users, .userCount, .user, .profile, .changes, .changeCount, .memberships, .membershipCount, .groups,
      .groupCount, .group, .members, .memberCount, .memberReferences, .memberReference:
      false
    }
  }

  /// The versions of the service that have the resource: a profile is offered under `/beta` only.
  var versions: [ResourcePath.ServiceVersion] {
    switch self {
    case .profile, .collection, .count, .item, .property, .rawValue, .valueCount, .changes, .changeCount: [.beta]
    case .users, .userCount, .user, .memberships, .membershipCount, .groups, .groupCount, .group, .members,
      .memberCount, .memberReferences, .memberReference:
      [.beta, .v1]
    }
  }

  /// The type of what is found there, where it is the same for every collection.
  var type: StructuredType {
    switch self {
    case .users, .userCount, .user, .members, .memberCount, .memberReferences, .memberReference: ProfileModel.user
    case .memberships, .membershipCount, .groups, .groupCount, .group: ProfileModel.group
    case .changes, .changeCount: ProfileModel.change
    case .profile: ProfileModel.profile
    case .collection, .count, .item, .property, .rawValue, .valueCount: ProfileModel.itemFacet
    }
  }

  /// What groups the resource in documents, where it is the same for every collection.
  var tag: String {
    switch self {
    case .users, .userCount, .user: "users"
    case .memberships, .membershipCount, .groups, .groupCount, .group, .members, .memberCount, .memberReferences,
      .memberReference:
      "groups"
    case .changes, .changeCount: "changes"
    case .profile, .collection, .count, .item, .property, .rawValue, .valueCount: "profile"
    }
  }
}

/// The system query options that documents speak of, offered or not.
enum SystemQueryOption: String, CaseIterable, Sendable {
  case select, expand, filter, orderby, top, skip, count, search

  /// The name with its dollar sign.
  var name: String { "$" + rawValue }

  /// What the option does, for people.
  var documentation: String {
    switch self {
    case .select: "The properties to answer, separated by commas."
    case .expand: "The collections to answer inside, separated by commas."
    case .filter: "A condition that must be met, as OData writes it."
    case .orderby: "What to sort by, each with asc or desc, separated by commas."
    case .top: "The size of a page; a link leads to the next one while more remains."
    case .skip: "How many items to leave out at the beginning."
    case .count: "Whether to answer how many there are in all pages."
    case .search: "Words and phrases to look for in all texts."
    }
  }

  /// What its values are.
  var kind: APIOperation.Kind {
    switch self {
    case .select, .expand, .filter, .orderby, .search: .text
    case .top, .skip: .wholeNumber
    case .count: .truth
    }
  }

  /// Whether its value is a list of names.
  var isList: Bool { self == .select || self == .expand }
}

extension [SystemQueryOption] {
  /// What lists offer.
  static let list: [SystemQueryOption] = [.select, .filter, .orderby, .top, .skip, .count, .search]
}
