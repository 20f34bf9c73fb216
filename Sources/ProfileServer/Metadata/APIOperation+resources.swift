import OData
import Profiles

/// The operations of the OpenAPI document, derived from the table of resources.
extension APIOperation {
  /// The operations of every resource, for every service version, address of a user, and collection of the model.
  static func all(of model: EntityModel) -> [APIOperation] {
    var operations = documents + batches
    guard let profile = model.type(named: "profile") else { return operations }
    for resource in ResourceTable.documented where !resource.template.isOfCollection {
      let type = model.type(named: resource.type.name) ?? resource.type
      operations += resource.operations(of: type)
    }
    for collection in profile.navigation where collection.isCollection && collection.isExpandable {
      for resource in ResourceTable.documented where resource.template.isOfCollection {
        operations += resource.operations(of: collection.target, in: collection)
      }
    }
    return operations
  }

  /// The operations of the documents that describe the service, which need no token.
  private static var documents: [APIOperation] {
    let versions: [ResourcePath.ServiceVersion] = [.beta, .v1]
    return versions.flatMap { version -> [APIOperation] in
      let name = version.rawValue
      return [
        document(
          "/\(name)/", id: "\(name).service", "The service document", [OpenAPIDocument.mediaType],
          refusing: [(406, [.notAcceptable])]),
        document(
          "/\(name)/$metadata", id: "\(name).metadata", "The entity data model as CSDL XML or JSON",
          [CSDLXML.mediaType, CSDLJSON.mediaType]),
      ]
    } + [document("/openapi.json", id: "openapi", "This document", [OpenAPIDocument.mediaType])]
  }

  /// The operations of `$batch`.
  private static var batches: [APIOperation] {
    let versions: [ResourcePath.ServiceVersion] = [.beta, .v1]
    let refusals: [(Int, [GraphErrorCode])] = [
      (400, [.badRequest]), (401, [.invalidAuthenticationToken]), (406, [.notAcceptable]),
    ]
    return versions.map { version in
      APIOperation(
        .post, "/\(version.rawValue)/$batch", id: "\(version.rawValue).batch", tag: "batch", "Perform several requests",
        documentation: "Each request needs the permission that it would need alone.", parameters: [], body: .batch,
        successes: [.init(200, .batch)],
        refusals: (refusals + Route.refusalsOfEveryRequest).sorted { $0.0 < $1.0 }.map {
          .init($0.0, $0.1.map(\.rawValue))
        },
        needsToken: true)
    }
  }

  private static func document(
    _ path: String, id: String, _ summary: String, _ mediaTypes: [String],
    refusing further: [(Int, [GraphErrorCode])] = []
  ) -> APIOperation {
    let refusals = ([(400, [.badRequest])] + further + Route.refusalsOfEveryRequest).map { status, codes in
      APIOperation.Refusal(status, codes.map(\.rawValue))
    }
    return APIOperation(
      .get, path, id: id, tag: "metadata", summary, documentation: "", parameters: [], body: nil,
      successes: [.init(200, .document(mediaTypes), headers: ["ETag"]), .init(304, .nothing, headers: ["ETag"])],
      refusals: refusals, needsToken: false)
  }
}

extension Resource {
  /// The operations of the resource at each of its addresses, for entities of `type`.
  fileprivate func operations(
    of type: StructuredType, in collection: NavigationProperty? = nil
  ) -> [APIOperation] {
    routes.flatMap { route in
      addresses(of: route, in: collection).map { operation(route, at: $0, of: type, in: collection) }
    }
  }

  private func addresses(of route: Route, in collection: NavigationProperty?) -> [String] {
    let own = template.belowMe.flatMap { route.isUnderMe ? $0 : nil }
    var addresses = template.versions.flatMap { version in
      (own.map { ["/\(version.rawValue)\($0)"] } ?? []) + ["/\(version.rawValue)\(template.text)"]
    }
    guard let collection else { return addresses }
    if let own, let second = collection.secondAddress {
      addresses.append(
        "/\(ResourcePath.ServiceVersion.beta.rawValue)" + own.replacing("/me/profile/{collection}", with: second))
    }
    return addresses.map { $0.replacing("{collection}", with: collection.name) }
  }

  private func operation(
    _ route: Route, at path: String, of type: StructuredType, in collection: NavigationProperty?
  ) -> APIOperation {
    APIOperation(
      route.method, path, id: Self.id(of: path, route.method), tag: collection?.name ?? tag,
      route.summary.replacing("{collection}", with: collection?.name ?? ""),
      documentation: route.documentation(at: path), parameters: parameters(of: route, at: path, type),
      body: route.body(of: type), successes: route.successes(of: type), refusals: route.refusals(of: template),
      needsToken: true)
  }

  /// The operation id: the segments of the path and the method, joined by dots.
  private static func id(of path: String, _ method: APIOperation.Method) -> String {
    let names = path.split(separator: "/").map { $0.filter { $0 != "{" && $0 != "}" && $0 != "$" } }
    return (names + [method.rawValue]).joined(separator: ".")
  }

  private func parameters(
    of route: Route, at path: String, _ type: StructuredType
  ) -> [APIOperation.Parameter] {
    var parameters: [APIOperation.Parameter] = []
    for key in template.keys where path.contains("{\(key.rawValue)}") {
      parameters.append(.init(key.rawValue, in: .path, key.documentation))
    }
    if path.contains("{property}") {
      parameters.append(.init("property", in: .path, values: route.propertyNames(of: type), "The name of a property."))
    }
    parameters += route.options.map { option in
      .init(
        option.name, in: .query, values: values(of: option, type), isList: option.isList, kind: option.kind,
        option.documentation)
    }
    if route.takesReferenceID {
      parameters.append(.init("$id", in: .query, "The address of what the reference names, as in '@odata.id'."))
    }
    if route.isConditional, route.method == .get {
      parameters.append(
        .init("If-None-Match", in: .header, "Nothing is answered while the entity tag is still one of these."))
    }
    if route.takesIdempotencyKey {
      parameters.append(
        .init("Idempotency-Key", in: .header, "A creation that is sent again under its key is not done again."))
    }
    if route.isConditional, route.method != .get {
      parameters.append(.init("If-Match", in: .header, "The write happens only if the entity tag is still this one."))
    }
    if route.hasBody, route.success != .added, !route.takesImage, route.action == nil {
      parameters.append(
        .init(
          "Prefer", in: .header,
          values: ["return=minimal", "return=representation"] + (route.createsIfMissing ? ["create-if-missing"] : []),
          "Whether a success answers the entity\(route.createsIfMissing ? ", or whether one that is missing is created" : "")."
        ))
    }
    return parameters
  }

  private func values(of option: SystemQueryOption, _ type: StructuredType) -> [String] {
    let collections = type.navigation.filter { $0.isCollection && $0.isExpandable }.map(\.name)
    switch option {
    case .select: return type.properties.map(\.name) + collections
    case .expand:
      return collections + type.navigation.filter { $0.isExpandable && !$0.containsTarget }.map(\.name)
    case .filter, .orderby, .top, .skip, .count, .search: return []
    }
  }
}

extension Route {
  fileprivate func body(of type: StructuredType) -> APIOperation.Body? {
    guard hasBody else { return nil }
    if let action { return .parameters(action) }
    guard !takesImage else { return .image(["image/jpeg", "image/png", "application/octet-stream"]) }
    return success == .added ? .reference : .entity(type)
  }

  /// The permissions of the route, as text. Under `/me` only those for one's own data apply.
  fileprivate func documentation(at path: String) -> String {
    let isMe = path.split(separator: "/").dropFirst().first == "me"
    let (ownPermissions, others) = (permissions.sufficient(.own), permissions.sufficient(.others))
    let own = "One of these delegated permissions: \(Self.names(ownPermissions))."
    guard !isMe else { return own }
    let application = "As an application, one of: \(Self.names(permissions.sufficient(.application)))."
    guard ownPermissions != others else { return "\(own) \(application)" }
    guard !others.isEmpty else { return "\(own) For nobody else. \(application)" }
    return "\(own) For another person one of: \(Self.names(others)). \(application)"
  }

  private static func names(_ permissions: [Permission]) -> String {
    permissions.map { "`\($0.rawValue)`" }.joined(separator: ", ")
  }

  /// The properties that the route can read. A raw value has a primitive or enumeration type, and a count a collection.
  fileprivate func propertyNames(of type: StructuredType) -> [String] {
    type.properties.filter { property in
      guard success == .rawValue else { return success != .count || property.isCollection }
      if case .complex = property.type { return false }
      return !property.isCollection
    }.map(\.name)
  }
}

extension NavigationProperty {
  /// The second address of the collection below `/beta`, such as `/me/responsibilities`; nil for most collections.
  var secondAddress: String? { isOwnerOptionalInPaths ? "/me/\(name)" : nil }
}
