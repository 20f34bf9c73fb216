import NIOHTTP1
import OData
import Profiles

/// A resource of the profile service, as far as requests are told apart. Declared types make no difference here.
enum GraphResource {
  case users
  case userCount
  case user(OwnerReference)
  case profile(OwnerReference)
  case collection(OwnerReference, NavigationProperty)
  case count(OwnerReference, NavigationProperty)
  case item(OwnerReference, NavigationProperty, ItemID)
  /// A property of a person or an item, by the path to it.
  indirect case property(GraphResource, [Property], PropertyForm)
  case list(DirectoryList)
  case listCount(DirectoryList)
  case group(GroupID)
  /// References to the members of a group, to which one can be added.
  case memberReferences(GroupID)
  /// The reference to one member.
  case memberReference(GroupID, UserID)
  /// Whoever has this id in the directory. References name people so; nothing is read there.
  case directoryObject(UserID)
  case batch
  /// Something that the model has and this version does not offer.
  case other

  /// What of a property is asked for.
  enum PropertyForm {
    /// Its value as JSON.
    case value
    /// Its value as plain text (`$value`).
    case raw
    /// How many values a collection has (`$count`).
    case count
  }

  /// What stands for the path in logs and metrics.
  var route: RouteTemplate {
    switch self {
    case .users: .users
    case .userCount: .userCount
    case .user: .user
    case .profile: .profile
    case .collection: .collection
    case .count: .count
    case .item: .item
    case .property: .property
    case .list(let list): list.route
    case .listCount(let list): list.countRoute
    case .group: .group
    case .memberReferences, .memberReference: .memberReference
    case .batch: .batch
    case .directoryObject, .other: .unknown
    }
  }

  /// The type that query options are read against.
  var type: StructuredType {
    switch self {
    case .users, .userCount, .user, .memberReferences, .memberReference, .directoryObject, .batch, .other:
      ProfileModel.user
    case .list(let list), .listCount(let list): list.type
    case .group: ProfileModel.group
    case .profile: ProfileModel.profile
    case .collection(_, let collection), .count(_, let collection), .item(_, let collection, _): collection.target
    case .property(let resource, _, _): resource.type
    }
  }

  /// The query options that a method is offered. Writes take what shapes their answer.
  func offer(to method: HTTPMethod) -> QueryOptions.Supported {
    switch method {
    case .GET, .HEAD: offerToReads
    case .POST, .PATCH: offerToReads.intersection([.select, .format])
    case .DELETE: isOfReferences ? .id : []
    default: []
    }
  }

  private var isOfReferences: Bool { if case .memberReferences = self { true } else { false } }

  private var offerToReads: QueryOptions.Supported {
    switch self {
    case .users, .collection, .list: .list
    case .user, .item, .group: [.select, .format]
    case .profile: [.select, .expand, .format]
    case .userCount, .count, .listCount: [.filter, .search]
    case .property(_, _, .value): .format
    case .property(_, _, .raw), .property(_, _, .count), .memberReferences, .memberReference, .directoryObject, .batch,
      .other:
      []
    }
  }

  /// Whether a method creates something, so that sending it again under an `Idempotency-Key` makes a difference.
  func takesIdempotencyKey(_ method: HTTPMethod) -> Bool {
    guard method == .POST else { return false }
    return switch self {
    case .users, .collection, .list(.groups), .memberReferences: true
    case .userCount, .directoryObject, .user, .profile, .count, .item, .property, .list, .listCount, .group,
      .memberReference, .batch,
      .other:
      false
    }
  }

  /// Whether it is answered as plain text.
  var isPlainText: Bool {
    switch self {
    case .userCount, .count, .listCount, .property(_, _, .raw), .property(_, _, .count): true
    case .users, .collection, .user, .item, .profile, .property(_, _, .value), .list, .group, .memberReferences,
      .memberReference, .directoryObject, .batch, .other:
      false
    }
  }

  /// Whether the directory answers, whose errors have codes of their own.
  var isDirectory: Bool {
    switch self {
    case .users, .userCount, .user, .group, .memberReferences, .memberReference, .directoryObject: true
    case .list(let list), .listCount(let list): list.isDirectory
    case .property(let resource, _, _): resource.isDirectory
    case .profile, .collection, .count, .item, .batch, .other: false
    }
  }
}

extension GraphResource {
  /// Finds out which resource a request is for.
  init(_ request: GraphRequest) throws(GraphError) { try self.init(path: request.path) }

  /// Finds out which resource a path names.
  init(path bytes: [UInt8]) throws(GraphError) {
    let path: ResourcePath
    do throws(PathError) {
      path = try ResourcePath(bytes, model: ProfileModel.model)
    } catch {
      throw GraphError(error)
    }
    var steps = path.steps[...]
    if path.root.type === ProfileModel.directoryObject {
      self = try Self.directoryObject(path)
      return
    }
    if path.root.isEntitySet, path.key == nil {
      self = try Self.entitySet(path.root.type === ProfileModel.group ? .list(.groups) : .users, steps)
      return
    }
    if path.root.type === ProfileModel.group {
      self = try Self.group(path, steps)
      return
    }
    let owner = try Self.owner(of: path)
    guard case .navigation(let navigation) = steps.first else {
      self = try Self.property(of: .user(owner), steps)
      return
    }
    guard navigation.containsTarget else {
      self = Self.list(.memberships(owner), steps.dropFirst())
      return
    }
    guard path.version == .beta else { throw .profileNeedsBeta }
    steps.removeFirst()
    guard !navigation.isCollection else {
      self = try Self.collection(navigation, of: owner, steps)
      return
    }
    guard case .navigation(let collection) = steps.first else {
      self = steps.isEmpty ? .profile(owner) : try Self.property(of: .profile(owner), steps)
      return
    }
    guard collection.target !== ProfileModel.change else {
      self = Self.list(.changes(owner), steps.dropFirst())
      return
    }
    self = try Self.collection(collection, of: owner, steps.dropFirst())
  }

  private static func directoryObject(_ path: ResourcePath) throws(GraphError) -> GraphResource {
    guard let key = path.key, path.steps.isEmpty else { return .other }
    guard let id = UserID(key.value), key.name == nil || key.name == "id" else { throw .malformedID }
    return .directoryObject(id)
  }

  private static func entitySet(
    _ whole: GraphResource, _ steps: ArraySlice<ResourcePath.Step>
  ) throws(GraphError) -> GraphResource {
    guard let first = steps.first else { return whole }
    guard case .system("$count") = first, steps.count == 1 else { return .other }
    if case .list(let list) = whole { return .listCount(list) }
    return .userCount
  }

  /// A list or its number; nothing else is found there.
  private static func list(_ list: DirectoryList, _ steps: ArraySlice<ResourcePath.Step>) -> GraphResource {
    guard let first = steps.first else { return .list(list) }
    guard case .system("$count") = first, steps.count == 1 else { return .other }
    return .listCount(list)
  }

  private static func group(
    _ path: ResourcePath, _ steps: ArraySlice<ResourcePath.Step>
  ) throws(GraphError) -> GraphResource {
    guard let key = path.key, let id = GroupID(key.value), key.name == nil || key.name == "id" else {
      throw .malformedID
    }
    guard case .navigation = steps.first else { return try property(of: .group(id), steps) }
    let rest = Array(steps.dropFirst())
    switch (rest.first, rest.dropFirst().first, rest.count) {
    case (.system("$ref"), nil, 1): return .memberReferences(id)
    case (.key(let key), .system("$ref"), 2):
      guard let member = UserID(key.value), key.name == nil || key.name == "id" else { throw .malformedID }
      return .memberReference(id, member)
    default: return list(.members(id), rest[...])
    }
  }

  private static func collection(
    _ collection: NavigationProperty, of owner: OwnerReference, _ steps: ArraySlice<ResourcePath.Step>
  ) throws(GraphError) -> GraphResource {
    switch steps.first {
    case nil: return .collection(owner, collection)
    case .system("$count") where steps.count == 1: return .count(owner, collection)
    case .key(let key):
      guard let id = ItemID(key.value), key.name == nil || key.name == "id" else { throw .malformedID }
      return try property(of: .item(owner, collection, id), steps.dropFirst())
    case .navigation, .property, .system: return .other
    }
  }

  /// The resource itself when nothing follows, else what follows within it.
  private static func property(
    of resource: GraphResource, _ steps: ArraySlice<ResourcePath.Step>
  ) throws(GraphError) -> GraphResource {
    var properties: [Property] = []
    var form = PropertyForm.value
    for (offset, step) in steps.enumerated() {
      let isLast = offset == steps.count - 1
      switch step {
      case .property(let property): properties.append(property)
      case .system("$value") where isLast && !properties.isEmpty: form = .raw
      case .system("$count") where isLast && !properties.isEmpty:
        guard properties.last?.isCollection == true else { throw .notACollection }
        form = .count
      case .system, .navigation, .key: return .other
      }
    }
    return properties.isEmpty ? resource : .property(resource, properties, form)
  }

  /// The placeholder by which an official client's builder for `/me` reaches a server that does not rewrite it.
  private static let meToken = "me-token-to-replace"

  private static func owner(of path: ResourcePath) throws(GraphError) -> OwnerReference {
    guard let key = path.key, key.value != meToken else { return .me }
    switch key.name {
    case nil, "id":
      if key.name == nil, key.value.contains(byte: UInt8(ascii: "@")) { return .nameOrID(try principalName(key.value)) }
      if let id = UserID(key.value) { return .id(id) }
      guard key.name == nil else { throw .malformedID }
      // Names may be longer than ids.
      return .principalName(try principalName(key.value))
    case "userPrincipalName":
      return .principalName(try principalName(key.value))
    case let name?:
      throw GraphError(PathError.unknownKey(name))
    }
  }

  /// What may be somebody's principal name, also if it was stored when names were judged otherwise.
  private static func principalName(_ name: String) throws(GraphError) -> String {
    guard (1...Limits.userPrincipalNameBytesMax).contains(name.utf8.count) else { throw .malformedID }
    return name
  }
}
