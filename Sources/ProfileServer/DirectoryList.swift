import OData
import Profiles

/// A list that is read alike whatever it holds.
enum DirectoryList {
  case groups
  case members(GroupID)
  case memberships(OwnerReference)
  case changes(OwnerReference)

  /// What stands for the path in logs and metrics.
  var route: RouteTemplate {
    switch self {
    case .groups: .groups
    case .members: .members
    case .memberships: .memberships
    case .changes: .changes
    }
  }

  /// The same for the number of elements.
  var countRoute: RouteTemplate {
    switch self {
    case .groups: .groupCount
    case .members: .memberCount
    case .memberships: .membershipCount
    case .changes: .changeCount
    }
  }

  /// The type of the elements.
  var type: StructuredType {
    switch self {
    case .groups, .memberships: ProfileModel.group
    case .members: ProfileModel.user
    case .changes: ProfileModel.change
    }
  }

  /// The type of the entity set that the elements are found in: members and memberships may be of several types, each of
  /// which says its own.
  var setType: StructuredType {
    switch self {
    case .groups: ProfileModel.group
    case .members, .memberships: ProfileModel.directoryObject
    case .changes: ProfileModel.change
    }
  }

  /// Whether the directory answers, whose errors have codes of their own.
  var isDirectory: Bool {
    switch self {
    case .groups, .members, .memberships: true
    case .changes: false
    }
  }
}
