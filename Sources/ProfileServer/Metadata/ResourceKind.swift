import OData
import Profiles

/// Resources that are told apart when operations are declared. Declared types make no difference here.
enum ResourceKind: String, CaseIterable, Sendable {
  case users, userCount, user, profile, collection, count, item, property, rawValue

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
    }
  }

  /// What stands behind the address of a user, a collection's name being `{collection}`.
  var suffix: String {
    switch self {
    case .users, .userCount, .user: ""
    case .profile: "/profile"
    case .collection: "/profile/{collection}"
    case .count: "/profile/{collection}/$count"
    case .item: "/profile/{collection}/{item-id}"
    case .property: "/profile/{collection}/{item-id}/{property}"
    case .rawValue: "/profile/{collection}/{item-id}/{property}/$value"
    }
  }

  /// Where the resource is found from the root of a version of the service.
  var template: String {
    switch self {
    case .users: "/users"
    case .userCount: "/users/$count"
    case .user, .profile, .collection, .count, .item, .property, .rawValue: "/users/{user-id}" + suffix
    }
  }

  /// Whether there is one for each collection of the model.
  var isOfCollection: Bool {
    switch self {
    case .users, .userCount, .user, .profile: false
    case .collection, .count, .item, .property, .rawValue: true
    }
  }

  /// The versions of the service that have the resource: a profile is offered under `/beta` only.
  var versions: [ResourcePath.ServiceVersion] {
    switch self {
    case .users, .userCount, .user: [.beta, .v1]
    case .profile, .collection, .count, .item, .property, .rawValue: [.beta]
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

/// Which permissions an operation asks for: one of each list is enough.
enum PermissionRule: CaseIterable, Sendable {
  case readProfile, writeProfile, readUser, listUsers, writeUser, manageUsers

  /// Of a person's token for what is their own, least first.
  var own: [Permission] {
    switch self {
    case .readProfile: [.userRead, .userReadWrite, .userReadAll, .userReadWriteAll]
    case .writeProfile, .writeUser: [.userReadWrite, .userReadWriteAll]
    case .readUser: [.userRead, .userReadWrite, .userReadBasicAll, .userReadAll, .userReadWriteAll]
    case .listUsers: others
    case .manageUsers: others
    }
  }

  /// Of a person's token for what is somebody else's, least first.
  var others: [Permission] {
    switch self {
    case .readProfile: [.userReadAll, .userReadWriteAll]
    case .writeProfile, .writeUser, .manageUsers: [.userReadWriteAll]
    case .readUser, .listUsers: [.userReadBasicAll, .userReadAll, .userReadWriteAll]
    }
  }

  /// Of an application's own token, least first; it has nothing that is its own.
  var application: [Permission] { others }

  /// Whether a refusal is that of the directory, not of the profile.
  var isDirectory: Bool {
    switch self {
    case .readProfile, .writeProfile: false
    case .readUser, .listUsers, .writeUser, .manageUsers: true
    }
  }

  /// Whether others are written for, which a tenant may leave to its administrators.
  var isWrite: Bool {
    switch self {
    case .writeProfile, .writeUser, .manageUsers: true
    case .readProfile, .readUser, .listUsers: false
    }
  }
}
