import NIOHTTP1
import OData
import Profiles

/// One method of a resource: who may call it, what it takes, what it answers, and the code that runs.
struct Route: Sendable {
  /// What a route answers on success.
  enum Success: Equatable, Sendable {
    case entity, list, created, updated, deleted, count, property, rawValue
    /// An update that is answered without a body unless the client asks for one.
    case updatedSilently
    /// A reference that was added.
    case added
  }

  let method: APIOperation.Method
  let permissions: Access
  /// What the route does, for people; `{collection}` stands for the name of the collection.
  let summary: String
  let success: Success
  /// The system query options that the route takes beside `$format`.
  let options: [SystemQueryOption]
  /// Whether documents list the route under `/me` as well.
  let isUnderMe: Bool
  /// Whether the route evaluates preconditions (RFC 9110 section 13.1): a read `If-None-Match`, a write `If-Match`.
  let isConditional: Bool
  /// Whether an update with `Prefer: create-if-missing` creates what does not exist.
  let createsIfMissing: Bool
  /// Whether `$id` names the entity whose reference is meant (OData 4.01 part 1, 11.4.6.2).
  let takesReferenceID: Bool
  let handler: RouteHandler

  /// A read. Entities take `$select`, lists every option, counts `$filter` and `$search`, unless `options` says otherwise.
  static func get(
    _ permissions: Access, _ summary: String, _ success: Success, options: [SystemQueryOption]? = nil,
    isConditional: Bool = false, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .get, permissions: permissions, summary: summary, success: success,
      options: options ?? Self.options(of: success), isUnderMe: true, isConditional: isConditional,
      createsIfMissing: false, takesReferenceID: false, handler: handler)
  }

  /// A creation. It takes an `Idempotency-Key`.
  static func post(
    _ permissions: Access, _ summary: String, _ success: Success, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .post, permissions: permissions, summary: summary, success: success, options: Self.options(of: success),
      isUnderMe: true, isConditional: false, createsIfMissing: false, takesReferenceID: false, handler: handler)
  }

  /// An update.
  static func patch(
    _ permissions: Access, _ summary: String, _ success: Success, isUnderMe: Bool = true,
    createsIfMissing: Bool = false, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .patch, permissions: permissions, summary: summary, success: success, options: Self.options(of: success),
      isUnderMe: isUnderMe, isConditional: true, createsIfMissing: createsIfMissing, takesReferenceID: false,
      handler: handler)
  }

  /// A deletion.
  static func delete(
    _ permissions: Access, _ summary: String, isUnderMe: Bool = true, isConditional: Bool = true,
    takesReferenceID: Bool = false, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .delete, permissions: permissions, summary: summary, success: .deleted, options: [],
      isUnderMe: isUnderMe, isConditional: isConditional, createsIfMissing: false, takesReferenceID: takesReferenceID,
      handler: handler)
  }

  private static func options(of success: Success) -> [SystemQueryOption] {
    switch success {
    case .list: [.select, .filter, .orderby, .top, .skip, .count, .search]
    case .entity, .created, .updated, .updatedSilently: [.select]
    case .count: [.filter, .search]
    case .deleted, .added, .property, .rawValue: []
    }
  }

  /// Whether the success is plain text in UTF-8 rather than JSON.
  var isPlainText: Bool { success == .count || success == .rawValue }
}

extension APIOperation.Method {
  /// The method on the wire.
  var httpMethod: HTTPMethod {
    switch self {
    case .get: .GET
    case .post: .POST
    case .patch: .PATCH
    case .delete: .DELETE
    }
  }
}
