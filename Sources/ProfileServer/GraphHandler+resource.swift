import NIOHTTP1
import OData
import Profiles

/// A resource of the profile service, as far as requests are told apart. Declared types make no difference here.
enum GraphResource {
  case people
  case user(OwnerReference)
  case profile(OwnerReference)
  case collection(OwnerReference, NavigationProperty)
  case item(OwnerReference, NavigationProperty, ItemID)
  /// Something that the model has and this version does not offer.
  case other

  /// What stands for the path in logs and metrics.
  var route: RouteTemplate {
    switch self {
    case .people: .users
    case .user: .user
    case .profile: .profile
    case .collection: .collection
    case .item: .item
    case .other: .unknown
    }
  }
}

extension GraphHandler {
  /// Finds out which resource a path names.
  static func resource(_ request: GraphRequest) throws(GraphError) -> GraphResource {
    let path: ResourcePath
    do throws(PathError) {
      path = try ResourcePath(request.path, model: ProfileModel.model)
    } catch {
      throw GraphError(error)
    }
    guard path.root.isEntitySet == false || path.key != nil else { return .people }
    let owner = try owner(of: path)
    var steps = path.steps[...]
    guard let first = steps.popFirst() else { return .user(owner) }
    guard case .navigation(let profile) = first, !profile.isCollection else { return .other }
    guard path.version == .beta else { throw .profileNeedsBeta }
    guard let second = steps.popFirst() else { return .profile(owner) }
    guard case .navigation(let collection) = second, collection.isCollection else { return .other }
    guard let third = steps.popFirst() else { return .collection(owner, collection) }
    guard case .key(let key) = third, steps.isEmpty else { return .other }
    guard let id = ItemID(key.value), key.name == nil || key.name == "id" else { throw .malformedID }
    return .item(owner, collection, id)
  }

  /// The placeholder by which an official client's builder for `/me` reaches a server that does not rewrite it.
  private static let meToken = "me-token-to-replace"

  private static func owner(of path: ResourcePath) throws(GraphError) -> OwnerReference {
    guard let key = path.key, key.value != meToken else { return .me }
    switch key.name {
    case nil, "id":
      if key.name == nil, key.value.contains("@") { return try principalName(key.value) }
      guard let id = UserID(key.value) else { throw .malformedID }
      return .id(id)
    case "userPrincipalName":
      return try principalName(key.value)
    case let name?:
      throw GraphError(PathError.unknownKey(name))
    }
  }

  private static func principalName(_ name: String) throws(GraphError) -> OwnerReference {
    guard (1...Limits.userPrincipalNameBytesMax).contains(name.utf8.count) else { throw .malformedID }
    return .principalName(name)
  }
}
