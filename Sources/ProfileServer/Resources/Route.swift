import NIOHTTP1
import OData
import Profiles

/// A method of a resource: its permissions, query options, success responses, and handler.
final class Route: Sendable {
  /// The response to a successful request.
  enum Success: Equatable, Sendable {
    case entity, list, created, updated, deleted, count, property, rawValue
    /// An update; the response has no content unless the client prefers it.
    case updatedSilently
    /// A reference that was added.
    case added
    /// What an action returns: ids of `Collection(Edm.String)`, or entities of the directory.
    case ids, found
    /// An action that finds nothing to object to.
    case checked
    /// A reference, and a list of references.
    case reference, references
    /// The bytes of a photo.
    case image
    /// The bytes of a photo were stored; the response has an entity tag and no content.
    case imageStored
  }

  /// The HTTP method.
  let method: APIOperation.Method
  /// The permissions that a caller needs.
  let permissions: RequiredPermissions
  /// The action that the route performs; nil for a method of a resource.
  let action: Action?
  /// What the route does, for readers of the documents. `{collection}` is replaced by the name of the collection.
  let summary: String
  /// The response to a successful request.
  let success: Success
  /// The types of what the route answers, where those may be several; otherwise the type of the resource.
  let types: [StructuredType]
  /// The system query options that the route supports in addition to `$format`.
  let options: [SystemQueryOption]
  /// Whether documents list the route under `/me` too.
  let isUnderMe: Bool
  /// Whether the route evaluates preconditions (RFC 9110 section 13.1): `If-None-Match` of a read, `If-Match` of a
  /// write.
  let isConditional: Bool
  /// Whether an update with `Prefer: create-if-missing` creates what does not exist.
  let createsIfMissing: Bool
  /// Whether a creation can be sent again under an `Idempotency-Key` without being done again.
  let takesIdempotencyKey: Bool
  /// Whether `$id` names the reference to delete (OData 4.01 part 1, 11.4.6.2).
  let takesReferenceID: Bool
  /// The method that handles requests.
  let handler: RouteHandler

  private init(
    method: APIOperation.Method, permissions: RequiredPermissions, summary: String, success: Success,
    options: [SystemQueryOption], isUnderMe: Bool = true, isConditional: Bool = false, createsIfMissing: Bool = false,
    takesIdempotencyKey: Bool = false, takesReferenceID: Bool = false, action: Action? = nil,
    types: [StructuredType] = [], handler: RouteHandler
  ) {
    self.action = action
    self.types = types
    self.method = method
    self.permissions = permissions
    self.summary = summary
    self.success = success
    self.options = options
    self.isUnderMe = isUnderMe
    self.isConditional = isConditional
    self.createsIfMissing = createsIfMissing
    self.takesIdempotencyKey = takesIdempotencyKey
    self.takesReferenceID = takesReferenceID
    self.handler = handler
  }

  /// A read. By default entities support `$select`, counts `$filter` and `$search`, and lists every option except
  /// `$expand`.
  static func get(
    _ permissions: RequiredPermissions, _ summary: String, _ success: Success, options: [SystemQueryOption]? = nil,
    isConditional: Bool = false, types: [StructuredType] = [], _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .get, permissions: permissions, summary: summary, success: success,
      options: options ?? Self.options(of: success), isConditional: isConditional, types: types, handler: handler)
  }

  /// A creation. It supports `Idempotency-Key` unless said otherwise.
  static func post(
    _ permissions: RequiredPermissions, _ summary: String, _ success: Success, takesIdempotencyKey: Bool = true,
    _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .post, permissions: permissions, summary: summary, success: success, options: Self.options(of: success),
      takesIdempotencyKey: takesIdempotencyKey, handler: handler)
  }

  /// An action (OData 4.01 part 1, 11.5.5). It creates nothing that an `Idempotency-Key` could protect.
  static func action(
    _ name: String, _ permissions: RequiredPermissions, _ summary: String, _ success: Success, _ handler: RouteHandler
  ) -> Route {
    guard let action = ProfileModel.model.actions.first(where: { $0.name == name }) else {
      preconditionFailure("The model declares no action \(name).")
    }
    return Route(
      method: .post, permissions: permissions, summary: summary, success: success, options: Self.options(of: success),
      action: action, handler: handler)
  }

  /// An update.
  static func patch(
    _ permissions: RequiredPermissions, _ summary: String, _ success: Success, isUnderMe: Bool = true,
    isConditional: Bool = true, createsIfMissing: Bool = false, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .patch, permissions: permissions, summary: summary, success: success, options: Self.options(of: success),
      isUnderMe: isUnderMe, isConditional: isConditional, createsIfMissing: createsIfMissing, handler: handler)
  }

  /// A replacement of an entity by the bytes of an image, or an update that means the same.
  static func image(
    _ method: APIOperation.Method, _ permissions: RequiredPermissions, _ summary: String, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: method, permissions: permissions, summary: summary, success: .imageStored, options: [],
      isConditional: true, handler: handler)
  }

  /// The reference that takes the place of another one, or is added.
  static func put(
    _ permissions: RequiredPermissions, _ summary: String, _ handler: RouteHandler
  ) -> Route {
    Route(method: .put, permissions: permissions, summary: summary, success: .added, options: [], handler: handler)
  }

  /// A deletion.
  static func delete(
    _ permissions: RequiredPermissions, _ summary: String, isUnderMe: Bool = true, isConditional: Bool = true,
    takesReferenceID: Bool = false, _ handler: RouteHandler
  ) -> Route {
    Route(
      method: .delete, permissions: permissions, summary: summary, success: .deleted, options: [],
      isUnderMe: isUnderMe, isConditional: isConditional, takesReferenceID: takesReferenceID,
      handler: handler)
  }

  private static func options(of success: Success) -> [SystemQueryOption] {
    switch success {
    case .list: [.select, .filter, .orderby, .top, .skip, .count, .search]
    case .references: [.filter, .orderby, .top, .skip, .count, .search]
    case .entity, .created, .updated, .updatedSilently, .found: [.select]
    case .count: [.filter, .search]
    case .deleted, .added, .reference, .property, .rawValue, .ids, .checked, .image, .imageStored: []
    }
  }

  /// Whether the response is plain text, or the bytes of a photo, rather than JSON.
  var isPlainText: Bool { success == .count || success == .rawValue || success == .image }

  /// Whether the body is an image rather than JSON.
  var takesImage: Bool { success == .imageStored }
}

extension APIOperation.Method {
  /// The HTTP method.
  var httpMethod: HTTPMethod {
    switch self {
    case .get: .GET
    case .post: .POST
    case .put: .PUT
    case .patch: .PATCH
    case .delete: .DELETE
    }
  }
}
