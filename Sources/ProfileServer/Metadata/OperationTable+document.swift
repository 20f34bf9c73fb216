import OData
import Profiles

extension OperationTable {
  /// The table for every version, every way to a user, and every collection of the model.
  static func operations(of model: EntityModel) -> [APIOperation] {
    var operations = documents + batches
    guard let profile = model.type(named: "profile") else { return operations }
    for row in rows {
      guard !row.kind.isOfCollection else { continue }
      for address in addresses(of: row) {
        let type = model.type(named: row.kind.type.name) ?? row.kind.type
        operations.append(row.operation(at: address, of: type))
      }
    }
    for collection in profile.navigation where collection.isCollection && collection.isExpandable {
      for row in rows where row.kind.isOfCollection {
        for address in addresses(of: row, in: collection) {
          operations.append(row.operation(at: address, of: collection.target, in: collection))
        }
      }
    }
    return operations
  }

  private static func addresses(of row: Row) -> [String] {
    row.kind.versions.flatMap { version in
      (row.isUnderMe ? ["/me" + row.kind.suffix] : []).map { "/\(version.rawValue)\($0)" }
        + ["/\(version.rawValue)\(row.kind.template)"]
    }
  }

  private static func addresses(of row: Row, in collection: NavigationProperty) -> [String] {
    var addresses = addresses(of: row)
    if let second = secondAddress(of: collection) {
      let suffix = row.kind.suffix.replacing("/profile/{collection}", with: "")
      addresses.append("/\(ResourcePath.ServiceVersion.beta.rawValue)\(second)\(suffix)")
    }
    return addresses.map { $0.replacing("{collection}", with: collection.name) }
  }

  /// Documents that describe the service; none needs a token.
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

  /// Several requests at once; each has a permission of its own.
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
        refusals: (refusals + Row.ofEveryRequest).sorted { $0.0 < $1.0 }.map { .init($0.0, $0.1.map(\.rawValue)) },
        needsToken: true)
    }
  }

  private static func document(
    _ path: String, id: String, _ summary: String, _ mediaTypes: [String],
    refusing further: [(Int, [GraphErrorCode])] = []
  ) -> APIOperation {
    let refusals = ([(400, [.badRequest])] + further + Row.ofEveryRequest).map { status, codes in
      APIOperation.Refusal(status, codes.map(\.rawValue))
    }
    return APIOperation(
      .get, path, id: id, tag: "metadata", summary, documentation: "", parameters: [], body: nil,
      successes: [.init(200, .document(mediaTypes), headers: ["ETag"]), .init(304, .nothing, headers: ["ETag"])],
      refusals: refusals, needsToken: false)
  }
}

extension OperationTable.Row {
  fileprivate func operation(
    at path: String, of type: StructuredType, in collection: NavigationProperty? = nil
  ) -> APIOperation {
    APIOperation(
      method, path, id: Self.id(of: path, method), tag: collection?.name ?? kind.tag,
      summary.replacing("{collection}", with: collection?.name ?? ""), documentation: documentation(at: path),
      parameters: parameters(at: path, of: type), body: body(of: type), successes: successes(of: type),
      refusals: refusals, needsToken: true)
  }

  private func body(of type: StructuredType) -> APIOperation.Body? {
    guard hasBody else { return nil }
    return success == .added ? .reference : .entity(type)
  }

  /// The names of the path, joined by dots, with the method behind them.
  private static func id(of path: String, _ method: APIOperation.Method) -> String {
    let names = path.split(separator: "/").map { $0.filter { $0 != "{" && $0 != "}" && $0 != "$" } }
    return (names + [method.rawValue]).joined(separator: ".")
  }

  /// Under `/me` only a person's own permissions matter.
  private func documentation(at path: String) -> String {
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

  private func parameters(at path: String, of type: StructuredType) -> [APIOperation.Parameter] {
    var parameters: [APIOperation.Parameter] = []
    if path.contains("{user-id}") {
      parameters.append(.init("user-id", in: .path, "The id or the user principal name of a person."))
    }
    if path.contains("{group-id}") { parameters.append(.init("group-id", in: .path, "The id of a group.")) }
    if path.contains("{member-id}") { parameters.append(.init("member-id", in: .path, "The id of a member.")) }
    if path.contains("{item-id}") { parameters.append(.init("item-id", in: .path, "The id of an item.")) }
    if path.contains("{property}") {
      parameters.append(.init("property", in: .path, values: propertyNames(of: type), "The name of a property."))
    }
    parameters += options.map { option in
      .init(
        option.name, in: .query, values: values(of: option, type), isList: option.isList, kind: option.kind,
        option.documentation)
    }
    if kind == .memberReferences, method == .delete {
      parameters.append(.init("$id", in: .query, "The address of the member, as in '@odata.id'."))
    }
    if isConditional {
      parameters.append(
        .init("If-None-Match", in: .header, "Nothing is answered while the entity tag is still one of these."))
    }
    if takesIdempotencyKey {
      parameters.append(
        .init("Idempotency-Key", in: .header, "A creation that is sent again under its key is not done again."))
    }
    if takesIfMatch {
      parameters.append(.init("If-Match", in: .header, "The write happens only if the entity tag is still this one."))
    }
    if hasBody, success != .added {
      parameters.append(
        .init(
          "Prefer", in: .header,
          values: ["return=minimal", "return=representation"] + (mayCreate ? ["create-if-missing"] : []),
          "Whether a success answers the entity\(mayCreate ? ", or whether one that is missing is created" : "")."))
    }
    return parameters
  }

  /// Plain values are those of one primitive or of an enumeration.
  private func propertyNames(of type: StructuredType) -> [String] {
    type.properties.filter { property in
      guard kind == .rawValue else { return kind != .valueCount || property.isCollection }
      if case .complex = property.type { return false }
      return !property.isCollection
    }.map(\.name)
  }

  private func values(of option: SystemQueryOption, _ type: StructuredType) -> [String] {
    let collections = type.navigation.filter { $0.isCollection && $0.isExpandable }.map(\.name)
    switch option {
    case .select: return type.properties.map(\.name) + collections
    case .expand: return collections
    case .filter, .orderby, .top, .skip, .count, .search: return []
    }
  }
}
