import OData
import Profiles

/// The code behind one route: the method that runs, by the keys that it needs of the path.
enum RouteHandler: Sendable {
  /// Picks the method that runs from the routes of a server. The method starts an operation; it throws what can be said
  /// without the store.
  typealias Method<each Key> = @Sendable (RouteGroups) -> (Exchange, repeat each Key) throws(GraphError) -> Void

  /// Of the service as a whole.
  case service(Method<Caller>)
  case person(Method<OwnerReference, Caller>)
  /// Of a collection of a profile.
  case collection(Method<CollectionRequest>)
  /// Of an item of a collection.
  case item(Method<ItemID, CollectionRequest>)
  /// Of a group of people.
  case group(Method<GroupID, Caller>)
  /// Of one member of a group.
  case member(Method<UserID, GroupID, Caller>)
  /// Of a property of an entity, whichever entity that is.
  case property

  /// Starts the operation of a request for `requested`.
  func perform(
    _ groups: RouteGroups, _ exchange: Exchange, _ requested: RequestedResource, _ caller: Caller
  ) throws(GraphError) {
    switch (self, requested.subject) {
    case (.service(let method), _): try method(groups)(exchange, caller)
    case (.person(let method), .person(let owner)): try method(groups)(exchange, owner, caller)
    case (.collection(let method), .collection(let owner, let collection)):
      try method(groups)(exchange, CollectionRequest(owner: owner, collection: collection, caller: caller))
    case (.item(let method), .item(let owner, let collection, let id)):
      try method(groups)(exchange, id, CollectionRequest(owner: owner, collection: collection, caller: caller))
    case (.group(let method), .group(let id)): try method(groups)(exchange, id, caller)
    case (.member(let method), .member(let user, let group)): try method(groups)(exchange, user, group, caller)
    case (.property, _): try groups.properties.read(exchange, requested, caller)
    // The table declares no such pair, which a test shows.
    case (.person, _), (.collection, _), (.item, _), (.group, _), (.member, _): throw .notImplemented
    }
  }

  /// Whether the handler fits what a path names.
  func fits(_ subject: RequestedResource.Subject) -> Bool {
    switch (self, subject) {
    case (.service, .service), (.person, .person), (.collection, .collection), (.item, .item), (.group, .group),
      (.member, .member), (.property, .person), (.property, .item), (.property, .group):
      true
    case (.service, _), (.person, _), (.collection, _), (.item, _), (.group, _), (.member, _), (.property, _): false
    }
  }
}

/// The routes of a server by area, as one event loop runs them.
final class RouteGroups {
  let users: UserRoutes
  let profiles: ProfileRoutes
  let items: ItemRoutes
  let groups: GroupRoutes
  let auditLog: AuditLogRoutes
  let properties: PropertyRoutes

  init(_ session: ProfileSession, _ requests: RequestReader, _ responses: ResponseFinisher) {
    users = UserRoutes(session: session, requests: requests, responses: responses)
    profiles = ProfileRoutes(session: session, requests: requests, responses: responses)
    items = ItemRoutes(session: session, requests: requests, responses: responses)
    groups = GroupRoutes(session: session, requests: requests, responses: responses)
    auditLog = AuditLogRoutes(session: session, requests: requests, responses: responses)
    properties = PropertyRoutes(session: session, responses: responses)
  }
}
