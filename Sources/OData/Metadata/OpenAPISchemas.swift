/// The JSON Schemas of a model's types, as OpenAPI 3.1 uses them (JSON Schema 2020-12; OpenAPI 3.1, Schema Object).
struct OpenAPISchemas {
  let description: ModelDescription

  /// A schema for each type that is not abstract, by the type's qualified name.
  var members: [(name: String, value: DocumentNode)] {
    let enums = description.enumTypes.map { (name: $0.qualifiedName, value: schema(of: $0)) }
    let types = description.structuredTypes.filter { !$0.isAbstract }
    return enums + types.map { (name: $0.qualifiedName, value: schema(of: $0)) }
  }

  /// A reference to the schema of a type, by the type's qualified name (OpenAPI 3.1, Reference Object).
  static func reference(to name: String) -> DocumentNode { ["$ref": .string("#/components/schemas/\(name)")] }

  // MARK: Enumerations

  private func schema(of type: EnumType) -> DocumentNode {
    let numbers = type.members.map { "`\($0.name)` \($0.value)" }.joined(separator: ", ")
    let names = type.members.map(\.name)
    guard type.isFlags else {
      return [
        "type": "string", "enum": .array(names.map { .string($0) }),
        "description": .string("\(type.documentation) Numbers: \(numbers)."),
      ]
    }
    let choice = "(\(names.joined(separator: "|")))"
    return [
      "type": "string", "pattern": .string("^\(choice)(,\(choice))*$"),
      "description": .string("\(type.documentation) Members are joined by commas. Numbers: \(numbers)."),
    ]
  }

  // MARK: Structured types

  /// The schema of a type, with its inherited members repeated: only a flat schema can refuse members that do not
  /// exist.
  private func schema(of type: StructuredType) -> DocumentNode {
    var members = type.isEntity ? Self.controlInformation : []
    members += type.properties.map { ($0.name, schema(of: $0, in: type)) }
    let inline = type.navigation.filter { $0.isExpandable && ($0.isCollection || !$0.containsTarget) }
    members += inline.filter { !description.hiddenNavigation.contains($0.name) }.map {
      ($0.name, schema(of: $0, in: type))
    }
    let object: DocumentNode = [
      "type": "object", "description": .string(type.documentation), "properties": .object(members),
      "patternProperties": ["@": .object([])], "additionalProperties": .bool(type.isOpen),
    ]
    return type.isExtension ? object.adding([("x-extension", true)]) : object
  }

  /// The control information that responses hold for an entity (OData JSON 4.01 section 4.5).
  private static let controlInformation: [(name: String, value: DocumentNode)] = [
    ("@odata.context", ["type": "string", "readOnly": true]), ("@odata.type", ["type": "string"]),
    ("@odata.etag", ["type": "string"]),
  ]

  private func schema(of property: Property, in type: StructuredType) -> DocumentNode {
    let value = schema(of: property.type)
    var schema: DocumentNode
    if property.isCollection {
      schema = ["type": Self.type("array", isNullable: property.isNullable), "items": value]
      if property.traits.contains(.singleOrCollection) { schema = ["oneOf": [schema, value]] }
    } else {
      schema = property.isNullable ? Self.nullable(value) : value
    }
    var further: [(name: String, value: DocumentNode)] = []
    if property.isReadOnly || property.traits.contains(.key) { further.append(("readOnly", true)) }
    if !property.documentation.isEmpty { further.append(("description", .string(property.documentation))) }
    return schema.adding(further)
  }

  /// The schema of a collection, or of a single entity, that its owner is shown with.
  private func schema(of navigation: NavigationProperty, in type: StructuredType) -> DocumentNode {
    guard navigation.isCollection else {
      return [
        "anyOf": [Self.reference(to: type.inlineTarget(of: navigation).qualifiedName), ["type": "null"]],
        "readOnly": true, "description": .string(navigation.documentation),
      ]
    }
    return [
      "type": "array", "items": Self.reference(to: navigation.target.qualifiedName), "readOnly": true,
      "description": .string(navigation.documentation),
    ]
  }

  private func schema(of type: Property.ValueType) -> DocumentNode {
    switch type {
    case .primitive(let kind): schema(of: kind)
    case .enumeration(let type): Self.reference(to: type.qualifiedName)
    case .complex(let type): Self.reference(to: type.qualifiedName)
    }
  }

  private func schema(of kind: PrimitiveKind) -> DocumentNode {
    switch kind {
    case .boolean: ["type": "boolean"]
    case .int32: ["type": "integer", "format": "int32", "minimum": .int(-1 << 31), "maximum": .int((1 << 31) - 1)]
    case .int64: ["type": "integer", "format": "int64"]
    case .double: ["type": "number", "format": "double"]
    case .string: ["type": "string"]
    case .date: ["type": "string", "format": "date"]
    case .dateTimeOffset: ["type": "string", "format": "date-time"]
    }
  }

  private static func nullable(_ schema: DocumentNode) -> DocumentNode {
    guard case .object(let members) = schema, let first = members.first, first.name == "type",
      case .string(let type) = first.value
    else { return ["anyOf": [schema, ["type": "null"]]] }
    return .object([("type", Self.type(type, isNullable: true))] + members.dropFirst())
  }

  private static func type(_ name: String, isNullable: Bool) -> DocumentNode {
    isNullable ? [.string(name), "null"] : .string(name)
  }
}
