import OData
import Profiles

/// What the service does, declared once: the OpenAPI document and `docs/coverage.md` are made from this table.
enum OperationTable {
  /// One method of one kind of resource.
  struct Row: Sendable {
    let kind: ResourceKind
    let method: APIOperation.Method
    let permissions: Access
    /// What it does; `{collection}` stands for the name of the collection.
    let summary: String
    var options: [SystemQueryOption] = []
    /// Whether a person's own resource is also found under `/me`.
    var isUnderMe = true
    let success: Success
    /// Whether `If-Match` is looked at.
    var takesIfMatch = false
  }

  /// What a row answers when all is well.
  enum Success: Equatable, Sendable {
    case entity, list, created, updated, deleted, count, property, rawValue
    /// An update that answers no body unless one is asked for.
    case updatedSilently
    /// A reference that is added.
    case added
  }

  /// Every operation of the service.
  static let rows: [Row] = [
    Row(
      kind: .users, method: .get, permissions: .listUsers, summary: "List users", options: .list, isUnderMe: false,
      success: .list),
    Row(
      kind: .users, method: .post, permissions: .manageUsers, summary: "Create a user", options: [.select],
      isUnderMe: false,
      success: .created),
    Row(
      kind: .userCount, method: .get, permissions: .listUsers, summary: "Count the users", options: [.filter, .search],
      isUnderMe: false, success: .count),
    Row(kind: .user, method: .get, permissions: .readUser, summary: "Get a user", options: [.select], success: .entity),
    Row(
      kind: .user, method: .patch, permissions: .writeUser, summary: "Update a user", options: [.select],
      isUnderMe: false,
      success: .updatedSilently, takesIfMatch: true),
    Row(
      kind: .user, method: .delete, permissions: .manageUsers, summary: "Delete a user with the profile",
      isUnderMe: false, success: .deleted, takesIfMatch: true),
    Row(
      kind: .profile, method: .get, permissions: .readProfile, summary: "Get the profile with its collections",
      options: [.select, .expand], success: .entity),
    Row(
      kind: .profile, method: .patch, permissions: .writeProfile, summary: "Update the profile", options: [.select],
      success: .updated,
      takesIfMatch: true),
    Row(
      kind: .profile, method: .delete, permissions: .writeProfile, summary: "Delete all items of the profile",
      success: .deleted, takesIfMatch: true),
    Row(
      kind: .collection, method: .get, permissions: .readProfile, summary: "List the items of {collection}",
      options: .list, success: .list),
    Row(
      kind: .collection, method: .post, permissions: .writeProfile, summary: "Create an item in {collection}",
      options: [.select],
      success: .created),
    Row(
      kind: .count, method: .get, permissions: .readProfile, summary: "Count the items of {collection}",
      options: [.filter, .search],
      success: .count),
    Row(
      kind: .item, method: .get, permissions: .readProfile, summary: "Get an item of {collection}",
      options: [.select],
      success: .entity),
    Row(
      kind: .item, method: .patch, permissions: .writeProfile, summary: "Update an item of {collection}",
      options: [.select],
      success: .updated, takesIfMatch: true),
    Row(
      kind: .item, method: .delete, permissions: .writeProfile, summary: "Delete an item of {collection}",
      success: .deleted, takesIfMatch: true),
    Row(
      kind: .property, method: .get, permissions: .readProfile, summary: "Get a property of an item of {collection}",
      success: .property),
    Row(
      kind: .rawValue, method: .get, permissions: .readProfile,
      summary: "Get the plain value of a property of an item of {collection}", success: .rawValue),
    Row(
      kind: .valueCount, method: .get, permissions: .readProfile,
      summary: "Count the values of a property of an item of {collection}", success: .count),
    Row(
      kind: .changes, method: .get, permissions: .readAuditLog,
      summary: "List who changed what (an extension)", options: .list, success: .list),
    Row(
      kind: .changeCount, method: .get, permissions: .readAuditLog,
      summary: "Count the rows of the audit log (an extension)",
      options: [.filter, .search], success: .count),
    Row(
      kind: .memberships, method: .get, permissions: .readMemberships, summary: "List the groups of a user",
      options: .list, success: .list),
    Row(
      kind: .membershipCount, method: .get, permissions: .readMemberships, summary: "Count the groups of a user",
      options: [.filter, .search], success: .count),
    Row(
      kind: .groups, method: .get, permissions: .readGroups, summary: "List groups", options: .list, isUnderMe: false,
      success: .list),
    Row(
      kind: .groups, method: .post, permissions: .manageGroups, summary: "Create a group", options: [.select],
      isUnderMe: false, success: .created),
    Row(
      kind: .groupCount, method: .get, permissions: .readGroups, summary: "Count the groups",
      options: [.filter, .search], isUnderMe: false, success: .count),
    Row(
      kind: .group, method: .get, permissions: .readGroups, summary: "Get a group", options: [.select],
      isUnderMe: false, success: .entity),
    Row(
      kind: .group, method: .patch, permissions: .manageGroups, summary: "Update a group", options: [.select],
      isUnderMe: false, success: .updatedSilently, takesIfMatch: true),
    Row(
      kind: .group, method: .delete, permissions: .manageGroups, summary: "Delete a group", isUnderMe: false,
      success: .deleted, takesIfMatch: true),
    Row(
      kind: .members, method: .get, permissions: .readGroups, summary: "List the members of a group", options: .list,
      isUnderMe: false, success: .list),
    Row(
      kind: .memberCount, method: .get, permissions: .readGroups, summary: "Count the members of a group",
      options: [.filter, .search], isUnderMe: false, success: .count),
    Row(
      kind: .memberReferences, method: .post, permissions: .manageGroups, summary: "Add a member to a group",
      isUnderMe: false, success: .added),
    Row(
      kind: .memberReferences, method: .delete, permissions: .manageGroups,
      summary: "Take the member that $id names out of a group", isUnderMe: false, success: .deleted),
    Row(
      kind: .memberReference, method: .delete, permissions: .manageGroups, summary: "Take a member out of a group",
      isUnderMe: false, success: .deleted),
  ]

  /// The address that a collection has beside the one under the profile, behind `/beta`; nil for most.
  static func secondAddress(of collection: NavigationProperty) -> String? {
    collection.isOwnerOptionalInPaths ? "/me/\(collection.name)" : nil
  }

  /// The row of a method of a kind, or nil when it is not offered.
  static func row(_ kind: ResourceKind, _ method: APIOperation.Method) -> Row? {
    rows.first { $0.kind == kind && $0.method == method }
  }

  /// Every query option that a kind of resource offers.
  static func options(of kind: ResourceKind) -> [SystemQueryOption] {
    SystemQueryOption.allCases.filter { option in rows.contains { $0.kind == kind && $0.options.contains(option) } }
  }
}

// MARK: Answers

extension OperationTable.Row {
  /// Whether the operation reads a body.
  var hasBody: Bool { method == .post || method == .patch }

  /// Whether a read is answered with 304 when the client has what is there.
  var isConditional: Bool { method == .get && (kind == .user || kind == .item || kind == .group) }

  /// Whether sending a creation again under its key is not done again.
  var takesIdempotencyKey: Bool { method == .post }

  /// Whether an update may create what is not there.
  var mayCreate: Bool { method == .patch && kind == .item }

  /// What is answered when all is well, for entities of this type.
  func successes(of type: StructuredType) -> [APIOperation.Success] {
    switch success {
    case .entity:
      [.init(200, .entity(type), headers: ["ETag"])] + (isConditional ? [.init(304, .nothing, headers: ["ETag"])] : [])
    case .list: [.init(200, .list(type))]
    case .created:
      [
        .init(201, .entity(type), headers: ["ETag", "Location", "Preference-Applied"]),
        .init(204, .nothing, headers: ["ETag", "Location", "OData-EntityId", "Preference-Applied"]),
      ]
    case .updated, .updatedSilently:
      [
        .init(200, .entity(type), headers: ["ETag", "Preference-Applied"]),
        .init(204, .nothing, headers: ["ETag", "Preference-Applied"]),
      ] + (mayCreate ? [.init(201, .entity(type), headers: ["ETag", "Location", "Preference-Applied"])] : [])
    case .deleted, .added: [.init(204, .nothing)]
    case .count: [.init(200, .count)]
    case .property: [.init(200, .property), .init(204, .nothing)]
    case .rawValue: [.init(200, .rawValue), .init(204, .nothing)]
    }
  }

  /// What it may be refused with, by status.
  var refusals: [APIOperation.Refusal] {
    var codes: [(Int, [GraphErrorCode])] = [
      (400, badRequest), (401, [.invalidAuthenticationToken]), (403, denied), (404, missing),
    ]
    if hasBody { codes.append((409, [.quotaLimitReached] + (takesIdempotencyKey ? [.idempotencyKeyReused] : []))) }
    if takesIfMatch || isConditional { codes.append((412, [.resourceModified])) }
    if method != .delete, ![.count, .rawValue, .added].contains(success) { codes.append((406, [.notAcceptable])) }
    if options.contains(.filter) { codes.append((501, [.notImplemented])) }
    // Long queries wait for one another.
    if options.contains(where: { Self.evaluated.contains($0) }) { codes.append((429, [.tooManyRequests])) }
    return (codes + Self.ofEveryRequest).sorted { $0.0 < $1.0 }.map { .init($0.0, $0.1.map(\.rawValue)) }
  }

  /// Options for which entities are looked into.
  private static let evaluated: [SystemQueryOption] = [.filter, .search, .orderby, .expand]

  private var badRequest: [GraphErrorCode] {
    [.badRequest] + (permissions.isDirectory && method != .get ? [.requestBadRequest] : [])
      + (hasBody ? [.requestBodyRead, .unknownError] : [])
      + (takesIfMatch || isConditional ? [.malformedEntityTag] : [])
  }

  private var denied: [GraphErrorCode] {
    [permissions.isDirectory ? .directoryDenied : .insufficientPermissions]
      + (permissions.isForSome ? [.deniedForRole] : [])
  }

  private var missing: [GraphErrorCode] {
    switch kind {
    case .users, .userCount, .user, .profile, .collection, .count, .changes, .changeCount, .memberships,
      .membershipCount, .groups, .groupCount, .group, .members, .memberCount, .memberReferences, .memberReference:
      [.resourceNotFound]
    case .item, .property, .rawValue, .valueCount: [.resourceNotFound, .unknownError]
    }
  }

  /// What the connection and the store may refuse, whatever was asked for.
  static let ofEveryRequest: [(Int, [GraphErrorCode])] = [
    (408, [.requestTimeout]), (413, [.requestEntityTooLarge]), (414, [.requestURITooLong]),
    (415, [.unsupportedMediaType]), (417, [.expectationFailed]), (431, [.requestHeaderFieldsTooLarge]),
    (500, [.generalException]), (503, [.serviceNotAvailable]),
  ]
}
