import OData
import Profiles

/// The templates of all resources as a prefix tree, which resolves paths.
struct ResourceTree: Sendable {
  private struct Node: Sendable {
    var resource: Resource?
    /// The child nodes, as indices of `nodes`.
    var names: [(name: String, node: Int)] = []
    var systems: [(name: String, node: Int)] = []
    var collection: Int?
    var key: (key: PathTemplate.Key, node: Int)?
    var property: Int?
  }

  private var nodes = [Node()]
  /// The nodes of entity sets, by the type of their entities.
  private var roots: [(type: StructuredType, node: Int)] = []

  /// The tree of `resources`. Templates of a profile's collections are added without `/profile` too, for the
  /// collections whose path may omit it.
  init(_ resources: [Resource]) {
    for resource in resources {
      insert(resource, at: resource.template.segments)
      if resource.template.isOfCollection {
        insert(resource, at: resource.template.segments.filter { $0 != .name("profile") })
      }
    }
    roots = nodes[0].names.compactMap { name, node in
      ProfileModel.model.roots.first { $0.name == name }.map { ($0.type, node) }
    }
  }

  private mutating func insert(_ resource: Resource, at segments: [PathTemplate.Segment]) {
    var place = 0
    for segment in segments { place = child(of: place, at: segment) }
    nodes[place].resource = resource
  }

  private mutating func child(of node: Int, at segment: PathTemplate.Segment) -> Int {
    if let child = existingChild(of: node, at: segment) { return child }
    let child = nodes.count
    nodes.append(Node())
    switch segment {
    case .name(let name): nodes[node].names.append((name, child))
    case .system(let name): nodes[node].systems.append((name, child))
    case .key(let key): nodes[node].key = (key, child)
    case .collection: nodes[node].collection = child
    case .property: nodes[node].property = child
    }
    return child
  }

  private func existingChild(of node: Int, at segment: PathTemplate.Segment) -> Int? {
    switch segment {
    case .name(let name): nodes[node].names.first { $0.name == name }?.node
    case .system(let name): nodes[node].systems.first { $0.name == name }?.node
    case .key: nodes[node].key?.node
    case .collection: nodes[node].collection
    case .property: nodes[node].property
    }
  }

  // MARK: Resolution

  /// The resource of a path, or one that is not offered when no template matches. Throws `GraphError.malformedID` for a
  /// key that no entity can have, `profileNeedsBeta` for a profile under `/v1.0`, and `notACollection` for `$count`
  /// after a single value.
  func resource(at path: ResourcePath) throws(GraphError) -> RequestedResource {
    var resolution = PathResolution(path)
    guard let root = roots.first(where: { $0.type === path.root.type })?.node else { return resolution.notOffered }
    var node = root
    if path.key != nil || !path.root.isEntitySet {
      guard let child = try keyed(root, path.key, &resolution) else { return resolution.notOffered }
      node = child
    }
    for step in path.steps {
      guard let child = try next(node, step, &resolution) else { return resolution.notOffered }
      node = child
    }
    guard let resource = nodes[node].resource else { return resolution.notOffered }
    return RequestedResource(path.version, resource, resolution.subject, resolution.properties)
  }

  private func next(_ node: Int, _ step: ResourcePath.Step, _ resolution: inout PathResolution) throws(GraphError)
    -> Int?
  {
    switch step {
    case .navigation(let navigation):
      if navigation.target === ProfileModel.profile, resolution.version != .beta { throw .profileNeedsBeta }
      if let named = nodes[node].names.first(where: { $0.name == navigation.name }) { return named.node }
      guard navigation.isCollection, navigation.containsTarget, let collection = nodes[node].collection else {
        return nil
      }
      return resolution.enter(navigation) ? collection : nil
    case .key(let key): return try keyed(node, key, &resolution)
    case .property(let property):
      resolution.properties.append(property)
      // A path of several properties has the same node as a single one.
      return resolution.properties.count > 1 ? node : nodes[node].property
    case .cast(let type): return nodes[node].names.first { $0.name == type.qualifiedName }?.node
    case .action(let action): return nodes[node].names.first { $0.name == action.name }?.node
    case .system(let name):
      guard let system = nodes[node].systems.first(where: { $0.name == name }) else { return nil }
      if name == "$count", let property = resolution.properties.last, !property.isCollection { throw .notACollection }
      return system.node
    }
  }

  /// The node after a key. `key` is nil for `/me`.
  private func keyed(_ node: Int, _ key: ResourcePath.Key?, _ resolution: inout PathResolution) throws(GraphError)
    -> Int?
  {
    guard let place = nodes[node].key else { return nil }
    switch (place.key, resolution.subject) {
    case (.user, .service): resolution.subject = .person(try OwnerReference(key))
    case (.group, .service): resolution.subject = .group(try Self.id(key, GroupID.init(_:)))
    case (.object, .service): resolution.subject = .directoryObject(try Self.id(key, UserID.init(_:)))
    case (.organization, .service), (.domain, .service):
      resolution.subject = .entity(try Self.id(key) { $0 })
    case (.member, .group(let group)), (.owner, .group(let group)):
      resolution.subject = .member(try Self.id(key, UserID.init(_:)), group)
    case (.item, .collection(let owner, let collection)):
      resolution.subject = .item(owner, collection, try Self.id(key, ItemID.init(_:)))
    case (.photoSize, .person(let owner)): resolution.subject = .photoSize(.person(owner), try Self.side(key))
    case (.photoSize, .group(let group)): resolution.subject = .photoSize(.group(group), try Self.side(key))
    case (.user, _), (.group, _), (.object, _), (.member, _), (.owner, _), (.item, _), (.organization, _),
      (.domain, _), (.photoSize, _):
      return nil
    }
    return place.node
  }

  /// The side of a size such as `48x48`. Any square may be asked for; it is answered in the next smaller size that there is.
  private static func side(_ key: ResourcePath.Key?) throws(GraphError) -> Int {
    guard let key, key.name == nil || key.name == "id" else { throw .malformedID }
    let sides = key.value.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0] == sides[1], (1...Limits.photoSideDigitsMax).contains(sides[0].utf8.count),
      sides[0].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let side = Int(sides[0])
    else { throw .malformedPhotoSize }
    return side
  }

  private static func id<ID>(_ key: ResourcePath.Key?, _ make: (String) -> ID?) throws(GraphError) -> ID {
    guard let key, key.name == nil || key.name == "id", let id = make(key.value) else { throw .malformedID }
    return id
  }
}

/// The state of resolving a path.
private struct PathResolution {
  let version: ResourcePath.ServiceVersion
  var subject = RequestedResource.Subject.service
  var properties: [Property] = []

  init(_ path: ResourcePath) { version = path.version }

  /// Moves from the person to a collection; returns false when the path names no person.
  mutating func enter(_ collection: NavigationProperty) -> Bool {
    guard case .person(let owner) = subject else { return false }
    subject = .collection(owner, collection)
    return true
  }

  var notOffered: RequestedResource { RequestedResource(version, nil, .service, []) }
}

extension OwnerReference {
  /// The id in the URLs of official SDKs' request builder for `/me`, for clients that do not replace it themselves.
  private static let meToken = "me-token-to-replace"

  /// The person of a key of `/users`; nil stands for `/me`. Throws `GraphError.malformedID` when the key is neither an
  /// id nor a principal name, and the error of an unknown alternate key.
  fileprivate init(_ key: ResourcePath.Key?) throws(GraphError) {
    guard let key, key.value != Self.meToken else {
      self = .me
      return
    }
    switch key.name {
    case nil where key.value.contains(byte: UInt8(ascii: "@")):
      self = .nameOrID(try Self.principalName(key.value))
    case nil, "id":
      if let id = UserID(key.value) {
        self = .id(id)
      } else {
        guard key.name == nil else { throw .malformedID }
        // A principal name may be longer than an id.
        self = .principalName(try Self.principalName(key.value))
      }
    case "userPrincipalName": self = .principalName(try Self.principalName(key.value))
    case let name?: throw GraphError(PathError.unknownKey(name))
    }
  }

  /// A text that may be a principal name. Only the length is checked, because older rules may have allowed other names.
  private static func principalName(_ name: String) throws(GraphError) -> String {
    guard (1...Limits.userPrincipalNameBytesMax).contains(name.utf8.count) else { throw .malformedID }
    return name
  }
}

/// The resource that the path of a request names, with the keys and properties in the path.
struct RequestedResource {
  /// The entity that the path names, with its keys.
  enum Subject {
    /// The service as a whole.
    case service
    case person(OwnerReference)
    case collection(OwnerReference, NavigationProperty)
    case item(OwnerReference, NavigationProperty, ItemID)
    case group(GroupID)
    case member(UserID, GroupID)
    /// The photo of a person or a group in a size, by the length of its side in pixels.
    case photoSize(PhotoSubject, Int)
    /// A directory object by its id, the form that references use.
    case directoryObject(UserID)
    /// An entity that only its own routes know, by its key.
    case entity(String)
  }

  /// The service version.
  let version: ResourcePath.ServiceVersion
  /// nil for a path of the model that the service does not offer.
  let resource: Resource?
  /// The entity that the path names.
  let subject: Subject
  /// The path to a property of the subject; empty for the subject itself.
  let properties: [Property]

  /// Parses a path and finds its resource. Throws the error of a path that the model does not have, and
  /// `GraphError.malformedID` for a key that no entity can have.
  init(path bytes: [UInt8]) throws(GraphError) {
    let path: ResourcePath
    do throws(PathError) {
      path = try ResourcePath(bytes, model: ProfileModel.model)
    } catch {
      throw GraphError(error)
    }
    self = try ResourceTable.tree.resource(at: path)
  }

  /// A requested resource from its parts.
  init(
    _ version: ResourcePath.ServiceVersion, _ resource: Resource?, _ subject: Subject, _ properties: [Property]
  ) {
    self.version = version
    self.resource = resource
    self.subject = subject
    self.properties = properties
  }

  /// Whether the path names the owner of a collection or of an item without a name that would have to be looked up.
  var namesOwnerByID: Bool {
    switch subject {
    case .collection(let owner, _), .item(let owner, _, _):
      switch owner {
      case .me, .id: true
      case .nameOrID, .principalName: false
      }
    case .service, .person, .group, .member, .directoryObject, .entity, .photoSize: false
    }
  }

  /// The type against which query options are parsed.
  var type: StructuredType {
    switch subject {
    case .collection(_, let collection), .item(_, let collection, _): collection.target
    case .service, .person, .group, .member, .directoryObject, .photoSize, .entity:
      resource?.type ?? ProfileModel.user
    }
  }
}
