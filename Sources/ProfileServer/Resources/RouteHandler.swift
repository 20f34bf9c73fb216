import OData
import Profiles

/// The method that handles a route, by the keys that it needs from the path.
enum RouteHandler: Sendable {
  /// Gets the method from the routes of an event loop. The method starts an operation and throws the errors that need
  /// no store.
  typealias Method<each Key> = @Sendable (RouteGroups) -> (Exchange, repeat each Key) throws(GraphError) -> Void

  /// For the service as a whole.
  case service(Method<Caller>)
  /// For a value of a setting of people.
  case setting(Method<ResourcePath.Key, Caller>)
  /// For a person.
  case person(Method<OwnerReference, Caller>)
  /// For a collection of a profile.
  case collection(Method<CollectionRequest>)
  /// For an item of a collection.
  case item(Method<ItemID, CollectionRequest>)
  /// For a group.
  case group(Method<GroupID, Caller>)
  /// For a member of a group.
  case member(Method<UserID, GroupID, Caller>)
  /// For a directory object, by its id.
  case object(Method<UserID, Caller>)
  /// For an entity that only its own routes know, by its key.
  case entity(Method<String, Caller>)
  /// For the photo of a person or a group in a size, whose side the path names.
  case photoSize(Method<PhotoSubject, Int, Caller>)
  /// For a property of any entity.
  case property

  /// Whether it is for items, whose reads and writes may find out themselves that the caller's account is disabled.
  var isOfItems: Bool {
    switch self {
    case .collection, .item: true
    case .service, .person, .group, .member, .object, .entity, .photoSize, .setting, .property: false
    }
  }

  /// Calls the method for a request of `requested`. Throws what the method throws.
  func perform(
    _ groups: RouteGroups, _ exchange: Exchange, _ requested: RequestedResource, _ caller: Caller
  ) throws(GraphError) {
    switch (self, requested.subject) {
    case (.service(let method), _): try method(groups)(exchange, caller)
    case (.setting(let method), .setting(let key)): try method(groups)(exchange, key, caller)
    case (.setting, _): throw .notImplemented
    case (.person(let method), .person(let owner)): try method(groups)(exchange, owner, caller)
    case (.collection(let method), .collection(let owner, let collection)):
      try method(groups)(exchange, CollectionRequest(owner: owner, collection: collection, caller: caller))
    case (.item(let method), .item(let owner, let collection, let id)):
      try method(groups)(exchange, id, CollectionRequest(owner: owner, collection: collection, caller: caller))
    case (.group(let method), .group(let id)): try method(groups)(exchange, id, caller)
    case (.member(let method), .member(let user, let group)): try method(groups)(exchange, user, group, caller)
    case (.object(let method), .directoryObject(let id)): try method(groups)(exchange, id, caller)
    case (.entity(let method), .entity(let key)): try method(groups)(exchange, key, caller)
    case (.photoSize(let method), .photoSize(let subject, let side)):
      try method(groups)(exchange, subject, side, caller)
    case (.property, _): try groups.properties.read(exchange, requested, caller)
    // `ResourceTable` declares no such pair; a test checks that.
    case (.person, _), (.collection, _), (.item, _), (.group, _), (.member, _), (.object, _), (.entity, _),
      (.photoSize, _):
      throw .notImplemented
    }
  }
}

/// The routes of all areas, for one event loop.
final class RouteGroups {
  let users: UserRoutes
  let managers: ManagerRoutes
  let people: PeopleRoutes
  let peopleSettings: PeopleSettingsRoutes
  let profiles: ProfileRoutes
  let items: ItemRoutes
  let groups: GroupRoutes
  let memberships: MembershipRoutes
  let directoryObjects: DirectoryObjectRoutes
  let auditLog: AuditLogRoutes
  let photos: PhotoRoutes
  let properties: PropertyRoutes
  let organizations: OrganizationRoutes

  /// Routes that run the operations of `session`.
  init(_ session: ProfileSession, _ requests: RequestReader, _ responses: ResponseFinisher) {
    users = UserRoutes(session: session, requests: requests, responses: responses)
    managers = ManagerRoutes(session: session, requests: requests, responses: responses)
    people = PeopleRoutes(session: session, requests: requests, responses: responses)
    peopleSettings = PeopleSettingsRoutes(session: session, requests: requests, responses: responses)
    profiles = ProfileRoutes(session: session, requests: requests, responses: responses)
    items = ItemRoutes(session: session, requests: requests, responses: responses)
    groups = GroupRoutes(session: session, requests: requests, responses: responses)
    memberships = MembershipRoutes(session: session, requests: requests, responses: responses)
    directoryObjects = DirectoryObjectRoutes(session: session, requests: requests, responses: responses)
    auditLog = AuditLogRoutes(session: session, requests: requests, responses: responses)
    photos = PhotoRoutes(session: session, requests: requests, responses: responses)
    properties = PropertyRoutes(session: session, requests: requests, responses: responses)
    organizations = OrganizationRoutes(session: session, requests: requests, responses: responses)
  }
}
