import OData
import Profiles

/// The responses of a route in the OpenAPI document.
extension Route {
  /// Whether the route reads a body.
  var hasBody: Bool { method == .post || method == .put || method == .patch }

  /// The responses to successful requests, for entities of `type`.
  func successes(of type: StructuredType) -> [APIOperation.Success] {
    switch success {
    case .entity:
      [.init(200, types.isEmpty ? .entity(type) : .either(types), headers: ["ETag"])]
        + (isConditional ? [.init(304, .nothing, headers: ["ETag"])] : [])
    case .list: [.init(200, types.isEmpty ? .list(type) : .mixed(types))]
    case .created:
      [
        .init(201, .entity(type), headers: ["ETag", "Location", "Preference-Applied"]),
        .init(204, .nothing, headers: ["ETag", "Location", "OData-EntityId", "Preference-Applied"]),
      ]
    case .updated, .updatedSilently:
      [
        .init(200, .entity(type), headers: ["ETag", "Preference-Applied"]),
        .init(204, .nothing, headers: ["ETag", "Preference-Applied"]),
      ] + (createsIfMissing ? [.init(201, .entity(type), headers: ["ETag", "Location", "Preference-Applied"])] : [])
    case .deleted, .added, .checked: [.init(204, .nothing)]
    case .ids: [.init(200, .texts)]
    case .found: [.init(200, .mixed([ProfileModel.user, ProfileModel.group]))]
    case .reference: [.init(200, .reference)]
    case .references: [.init(200, .references)]
    case .count: [.init(200, .count)]
    case .property: [.init(200, .property), .init(204, .nothing)]
    case .rawValue: [.init(200, .rawValue), .init(204, .nothing)]
    case .image: [.init(200, .image, headers: ["ETag"]), .init(304, .nothing, headers: ["ETag"])]
    case .imageStored: [.init(200, .nothing, headers: ["ETag"])]
    }
  }

  /// The error responses, by status.
  func refusals(of template: PathTemplate) -> [APIOperation.Refusal] {
    var codes: [(Int, [GraphErrorCode])] = [
      (400, badRequest), (401, [.invalidAuthenticationToken]), (403, denied),
      (404, [.resourceNotFound] + missing(template)),
    ]
    if hasBody, action == nil {
      codes.append((409, [.quotaLimitReached] + (takesIdempotencyKey ? [.idempotencyKeyReused] : [])))
    }
    if isConditional { codes.append((412, [.resourceModified])) }
    if method != .delete, ![.count, .rawValue, .added, .checked, .image, .imageStored].contains(success) {
      codes.append((406, [.notAcceptable]))
    }
    if success == .checked { codes.append((422, [.invalidLengthValue])) }
    if options.contains(.filter) { codes.append((501, [.notImplemented])) }
    // Long queries of one caller wait for one another.
    if options.contains(where: { Self.evaluated.contains($0) }) { codes.append((429, [.tooManyRequests])) }
    return (codes + Self.refusalsOfEveryRequest).sorted { $0.0 < $1.0 }.map { .init($0.0, $0.1.map(\.rawValue)) }
  }

  /// The codes for what is missing beside the person or group.
  private func missing(_ template: PathTemplate) -> [GraphErrorCode] {
    if template.keys.contains(.item) { return [.unknownError] }
    return template.segments.contains(.name("photo")) || template.keys.contains(.photoSize) ? [.imageNotFound] : []
  }

  /// The options that are evaluated for each entity.
  private static let evaluated: [SystemQueryOption] = [.filter, .search, .orderby, .expand]

  private var badRequest: [GraphErrorCode] {
    [.badRequest] + (permissions.isDirectory && method != .get ? [.requestBadRequest] : [])
      + (hasBody ? [.requestBodyRead, .unknownError] : [])
      + (isConditional ? [.malformedEntityTag] : []) + (mayHaveTooManyResults ? [.resultSizeLimitExceeded] : [])
  }

  /// Whether memberships may be more than an answer holds.
  private var mayHaveTooManyResults: Bool {
    guard permissions == .readMemberships || permissions == .readGroups else { return false }
    return success == .ids || success == .list || success == .count
  }

  private var denied: [GraphErrorCode] {
    [permissions.isDirectory ? .directoryDenied : .insufficientPermissions]
      + (permissions.mayRequireRole ? [.deniedForRole] : [])
  }

  /// The errors of the connection and the store, which any request may get.
  static let refusalsOfEveryRequest: [(Int, [GraphErrorCode])] = [
    (408, [.requestTimeout]), (413, [.requestEntityTooLarge]), (414, [.requestURITooLong]),
    (415, [.unsupportedMediaType]), (417, [.expectationFailed]), (431, [.requestHeaderFieldsTooLarge]),
    (500, [.generalException]), (503, [.serviceNotAvailable]),
  ]
}
