import OData
import Profiles

/// The code behind one route, with the keys that it needs of the path.
struct RouteHandler: Sendable {
  /// Starts the operation of a request. It throws what can be said without the store.
  typealias Perform = @Sendable (RouteGroups, Exchange, RequestedResource, Caller) throws(GraphError) -> Void

  let perform: Perform

  private init(_ perform: @escaping Perform) { self.perform = perform }

  /// Of the service as a whole.
  static func service(
    _ body: @escaping @Sendable (RouteGroups, Exchange, Caller) throws(GraphError) -> Void
  ) -> RouteHandler {
    RouteHandler { groups, exchange, _, caller throws(GraphError) in try body(groups, exchange, caller) }
  }

  /// Of a person.
  static func person(
    _ body: @escaping @Sendable (RouteGroups, Exchange, OwnerReference, Caller) throws(GraphError) -> Void
  ) -> RouteHandler {
    RouteHandler { groups, exchange, requested, caller throws(GraphError) in
      guard case .person(let owner) = requested.subject else { throw .notImplemented }
      try body(groups, exchange, owner, caller)
    }
  }

  /// Of a collection of a profile.
  static func collection(
    _ body: @escaping @Sendable (RouteGroups, Exchange, CollectionRequest) throws(GraphError) -> Void
  ) -> RouteHandler {
    RouteHandler { groups, exchange, requested, caller throws(GraphError) in
      guard case .collection(let owner, let collection) = requested.subject else { throw .notImplemented }
      try body(groups, exchange, CollectionRequest(owner: owner, collection: collection, caller: caller))
    }
  }

  /// Of an item of a collection.
  static func item(
    _ body: @escaping @Sendable (RouteGroups, Exchange, ItemID, CollectionRequest) throws(GraphError) -> Void
  ) -> RouteHandler {
    RouteHandler { groups, exchange, requested, caller throws(GraphError) in
      guard case .item(let owner, let collection, let id) = requested.subject else { throw .notImplemented }
      try body(groups, exchange, id, CollectionRequest(owner: owner, collection: collection, caller: caller))
    }
  }

  /// Of a group of people.
  static func group(
    _ body: @escaping @Sendable (RouteGroups, Exchange, GroupID, Caller) throws(GraphError) -> Void
  ) -> RouteHandler {
    RouteHandler { groups, exchange, requested, caller throws(GraphError) in
      guard case .group(let id) = requested.subject else { throw .notImplemented }
      try body(groups, exchange, id, caller)
    }
  }

  /// Of one member of a group.
  static func member(
    _ body: @escaping @Sendable (RouteGroups, Exchange, UserID, GroupID, Caller) throws(GraphError) -> Void
  ) -> RouteHandler {
    RouteHandler { groups, exchange, requested, caller throws(GraphError) in
      guard case .member(let user, let group) = requested.subject else { throw .notImplemented }
      try body(groups, exchange, user, group, caller)
    }
  }

  /// Of a property of an entity, whichever entity that is.
  static let property = RouteHandler { groups, exchange, requested, caller throws(GraphError) in
    try groups.properties.read(exchange, requested, caller)
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
