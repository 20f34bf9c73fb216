/// The description of a service in OpenAPI 3.1: the types of a model, and the operations on them.
public struct OpenAPIDocument: Sendable {
  /// The title, the version and the description of the API (OpenAPI 3.1, Info Object).
  public struct Head: Sendable {
    let title: String
    let version: String
    let documentation: String

    /// Document metadata; `version` is that of the API.
    public init(title: String, version: String, documentation: String) {
      self.title = title
      self.version = version
      self.documentation = documentation
    }
  }

  /// The media type of the document.
  public static let mediaType = "application/json"

  let head: Head
  let description: ModelDescription
  let operations: [APIOperation]

  /// The document of a model and its operations.
  public init(_ head: Head, of description: ModelDescription, operations: [APIOperation]) {
    self.head = head
    self.description = description
    self.operations = operations
  }

  /// The document (OpenAPI 3.1, OpenAPI Object).
  public var document: DocumentNode {
    [
      "openapi": "3.1.0",
      "info": [
        "title": .string(head.title), "version": .string(head.version), "description": .string(head.documentation),
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "security": [["bearer": []]],
      "tags": .array(tags.map { ["name": .string($0)] }),
      "paths": .object(paths),
      "components": components,
    ]
  }

  private var tags: [String] {
    var seen: Set<String> = []
    return operations.map(\.tag).filter { seen.insert($0).inserted }
  }

  private var paths: [(name: String, value: DocumentNode)] {
    let refusals = RefusalNames(operations)
    var order: [String] = []
    var items: [String: [(name: String, value: DocumentNode)]] = [:]
    for operation in operations {
      if items[operation.path] == nil { order.append(operation.path) }
      items[operation.path, default: []].append((operation.method.rawValue, node(of: operation, refusals)))
    }
    return order.map { (name: $0, value: .object(items[$0] ?? [])) }
  }

  private func node(of operation: APIOperation, _ refusals: RefusalNames) -> DocumentNode {
    var members: [(name: String, value: DocumentNode)] = [
      ("operationId", .string(operation.id)), ("tags", [.string(operation.tag)]),
      ("summary", .string(operation.summary)),
    ]
    if !operation.documentation.isEmpty { members.append(("description", .string(operation.documentation))) }
    if !operation.needsToken { members.append(("security", [])) }
    if !operation.parameters.isEmpty { members.append(("parameters", .array(operation.parameters.map(node)))) }
    if let body = operation.body {
      let content = Self.content(of: body)
      members.append(("requestBody", ["required": true, "content": content]))
    }
    let successes = operation.successes.map { (name: String($0.status), value: node(of: $0)) }
    let others = operation.refusals.map { refusal -> (name: String, value: DocumentNode) in
      (String(refusal.status), ["$ref": .string("#/components/responses/\(refusals.name(of: refusal))")])
    }
    members.append(("responses", .object(successes + others)))
    return .object(members)
  }

  private func node(of parameter: APIOperation.Parameter) -> DocumentNode {
    var schema = Self.schema(of: parameter.kind)
    if !parameter.values.isEmpty { schema = schema.adding([("enum", .array(parameter.values.map { .string($0) }))]) }
    var members: [(name: String, value: DocumentNode)] = [
      ("name", .string(parameter.name)), ("in", .string(parameter.location.rawValue)),
      ("description", .string(parameter.documentation)),
    ]
    if parameter.location == .path { members.append(("required", true)) }
    if parameter.isList {
      schema = ["type": "array", "minItems": 1, "uniqueItems": true, "items": schema]
      members.append(("style", "form"))
      members.append(("explode", false))
    }
    return .object(members + [("schema", schema)])
  }

  private static func schema(of kind: APIOperation.Kind) -> DocumentNode {
    switch kind {
    case .text: ["type": "string"]
    case .wholeNumber: ["type": "integer", "minimum": 0]
    case .truth: ["type": "boolean"]
    }
  }

  private static func content(of body: APIOperation.Body) -> DocumentNode {
    switch body {
    case .entity(let type): content("application/json", OpenAPISchemas.reference(to: type.qualifiedName))
    case .batch: content("application/json", batchRequest)
    case .reference:
      content(
        "application/json",
        ["type": "object", "required": ["@odata.id"], "properties": ["@odata.id": ["type": "string"]]])
    case .parameters(let action):
      content(
        "application/json",
        ["type": "object", "properties": .object(action.parameters.map { ($0.name, schema(of: $0.value)) })])
    case .image(let mediaTypes): .object(mediaTypes.map { (name: $0, value: binary) })
    }
  }

  /// A parameter of an action, which may be null.
  private static func schema(of value: Action.Value) -> DocumentNode {
    let type = value.typeName == PrimitiveKind.boolean.qualifiedName ? "boolean" : "string"
    return value.isCollection
      ? ["type": ["array", "null"], "items": ["type": .string(type)]] : ["type": [.string(type), "null"]]
  }
  /// A Media Type Object for bytes, which needs no schema (OpenAPI 3.1, "Considerations for File Uploads").
  private static let binary: DocumentNode = .object([])

  // MARK: Batches

  private static let batchRequest: DocumentNode = [
    "type": "object", "required": ["requests"],
    "properties": [
      "requests": [
        "type": "array", "minItems": 1, "maxItems": .int(Int64(Limits.batchRequestsDefault)),
        "items": [
          "type": "object", "required": ["id", "method", "url"],
          "properties": [
            "id": ["type": "string", "minLength": 1],
            "method": ["type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]], "url": ["type": "string"],
            "headers": ["type": "object", "additionalProperties": ["type": "string"]], "body": .object([]),
            "dependsOn": ["type": "array", "items": ["type": "string"]], "atomicityGroup": ["type": "string"],
          ],
        ],
      ]
    ],
  ]

  private static let batchResponse: DocumentNode = [
    "type": "object", "required": ["responses"],
    "properties": [
      "responses": [
        "type": "array",
        "items": [
          "type": "object", "required": ["id", "status"],
          "properties": [
            "id": ["type": "string"], "status": ["type": "integer"],
            "headers": ["type": "object", "additionalProperties": ["type": "string"]], "body": .object([]),
            "atomicityGroup": ["type": "string"],
          ],
        ],
      ]
    ],
  ]

  // MARK: Responses

  private func node(of success: APIOperation.Success) -> DocumentNode {
    let names = ["request-id", "client-request-id"] + success.headers
    let headers = names.map { name -> (name: String, value: DocumentNode) in
      (name, ["$ref": .string("#/components/headers/\(name)")])
    }
    let members: [(name: String, value: DocumentNode)] = [
      ("description", .string(Self.description(of: success.content))), ("headers", .object(headers)),
    ]
    return .object(members + content(of: success.content))
  }

  private static func description(of content: APIOperation.Content) -> String {
    switch content {
    case .nothing: "Done; there is no body."
    case .entity(let type): "One `\(type.qualifiedName)`."
    case .list(let type): "A list of `\(type.qualifiedName)`."
    case .either(let types): "One \(types.map { "`\($0.qualifiedName)`" }.joined(separator: " or "))."
    case .mixed(let types): "A list of \(types.map { "`\($0.qualifiedName)`" }.joined(separator: " and "))."
    case .texts: "A list of texts."
    case .reference: "A reference."
    case .references: "A list of references."
    case .count: "The number of items that the caller may see."
    case .property: "The property in an object of its own."
    case .rawValue: "The value as plain text."
    case .image: "The bytes of the image."
    case .document: "The document."
    case .batch: "The answers to the requests of the batch, in their order."
    }
  }

  private func content(of content: APIOperation.Content) -> [(name: String, value: DocumentNode)] {
    let anything: DocumentNode = .object([])
    let body: DocumentNode
    switch content {
    case .nothing: return []
    case .entity(let type):
      body = Self.content("application/json", OpenAPISchemas.reference(to: type.qualifiedName))
    case .list(let type):
      body = Self.content("application/json", Self.list(of: OpenAPISchemas.reference(to: type.qualifiedName)))
    case .either(let types): body = Self.content("application/json", Self.schema(ofAny: types))
    case .mixed(let types): body = Self.content("application/json", Self.list(of: Self.schema(ofAny: types)))
    case .texts: body = Self.content("application/json", Self.list(of: ["type": "string"]))
    case .reference: body = Self.content("application/json", Self.referenceSchema)
    case .references: body = Self.content("application/json", Self.list(of: Self.referenceSchema))
    case .count: body = Self.content("text/plain", ["type": "integer", "minimum": 0])
    case .property: body = Self.content("application/json", Self.property)
    case .rawValue: body = Self.content("text/plain", ["type": "string"])
    case .image: body = .object([(name: "image/jpeg", value: Self.binary)])
    case .batch: body = Self.content("application/json", Self.batchResponse)
    case .document(let mediaTypes):
      body = .object(mediaTypes.map { (name: $0, value: ["schema": anything]) })
    }
    return [("content", body)]
  }

  private static let referenceSchema: DocumentNode = [
    "type": "object", "required": ["@odata.id"], "properties": ["@odata.id": ["type": "string"]],
  ]

  private static func schema(ofAny types: [StructuredType]) -> DocumentNode {
    ["anyOf": .array(types.map { OpenAPISchemas.reference(to: $0.qualifiedName) })]
  }

  private static func list(of element: DocumentNode) -> DocumentNode {
    let value: DocumentNode = ["type": "array", "items": element]
    return [
      "type": "object", "required": ["value"],
      "properties": [
        "@odata.context": ["type": "string"], "@odata.nextLink": ["type": "string"],
        "@odata.count": ["type": "integer"], "value": value,
      ],
      "patternProperties": ["@": .object([])], "additionalProperties": false,
    ]
  }

  /// The response of a property. A primitive value or a collection is in `value`; the members of a complex value are in
  /// the object itself (OData JSON 4.01 section 11).
  private static let property: DocumentNode = [
    "type": "object", "properties": ["@odata.context": ["type": "string"], "value": .object([])],
  ]

  private static func content(_ mediaType: String, _ schema: DocumentNode) -> DocumentNode {
    let media: DocumentNode = ["schema": schema]
    return .object([(name: mediaType, value: media)])
  }

  // MARK: Components

  private var components: DocumentNode {
    let schemas = OpenAPISchemas(description: description).members + [("error", Self.errorSchema)]
    return [
      "schemas": .object(schemas), "responses": .object(RefusalNames(operations).responses),
      "headers": .object(Self.headers),
      "securitySchemes": [
        "bearer": [
          "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
          "description": "An access token of the built-in authority or of a trusted issuer.",
        ]
      ],
    ]
  }

  private static let headers: [(name: String, value: DocumentNode)] = [
    header("ETag", "The entity tag of what was read or written, for If-Match."),
    header("Location", "The address of the entity that was made."),
    header("OData-EntityId", "The address of the entity, where there is no body to hold it."),
    header("Preference-Applied", "The preference of the request that was followed."),
    header("request-id", "The id by which the operator finds the request."),
    header("client-request-id", "What the client sent under this name, else the same as request-id."),
    header("Retry-After", "Seconds to wait before the next try."),
    header("WWW-Authenticate", "Where a token can be had (RFC 6750 section 3)."),
  ]

  private static func header(_ name: String, _ documentation: String) -> (name: String, value: DocumentNode) {
    (name, ["description": .string(documentation), "schema": ["type": "string"]])
  }

  /// The error response (OData JSON 4.01 section 21.1), with Graph's spelling `innerError`.
  private static let errorSchema: DocumentNode = [
    "type": "object", "required": ["error"],
    "properties": [
      "error": [
        "type": "object", "required": ["code", "message"],
        "properties": [
          "code": ["type": "string"], "message": ["type": "string"], "target": ["type": "string"],
          "innerError": [
            "type": "object",
            "properties": [
              "date": ["type": "string"], "request-id": ["type": "string"], "client-request-id": ["type": "string"],
            ],
          ],
        ],
      ]
    ],
  ]
}

/// Names for the refusals that operations share: the status, and a letter where a status has several sets of codes.
private struct RefusalNames {
  private var known: [Int: [APIOperation.Refusal]] = [:]

  init(_ operations: [APIOperation]) {
    for refusal in operations.flatMap(\.refusals) where !(known[refusal.status] ?? []).contains(refusal) {
      known[refusal.status, default: []].append(refusal)
    }
  }

  func name(of refusal: APIOperation.Refusal) -> String {
    guard let same = known[refusal.status], same.count > 1, let index = same.firstIndex(of: refusal) else {
      return "refused-\(refusal.status)"
    }
    return "refused-\(refusal.status)-\(index + 1)"
  }

  var responses: [(name: String, value: DocumentNode)] {
    known.keys.sorted().flatMap { known[$0] ?? [] }.map { (name: name(of: $0), value: Self.response($0)) }
  }

  private static func response(_ refusal: APIOperation.Refusal) -> DocumentNode {
    let codes = refusal.codes.map { "`\($0)`" }.joined(separator: ", ")
    var names = ["request-id", "client-request-id"]
    if refusal.status == 401 { names.append("WWW-Authenticate") }
    if refusal.status == 503 { names.append("Retry-After") }
    let headers = names.map { name -> (name: String, value: DocumentNode) in
      (name, ["$ref": .string("#/components/headers/\(name)")])
    }
    return [
      "description": .string("Refused with \(codes)."), "headers": .object(headers),
      "content": ["application/json": ["schema": OpenAPISchemas.reference(to: "error")]],
    ]
  }
}
