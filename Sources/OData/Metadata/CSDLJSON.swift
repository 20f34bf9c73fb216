/// Writes the metadata document as JSON (OData CSDL JSON 4.01), for a service of OData 4.0.
public enum CSDLJSON {
  /// The media type of the document (OData CSDL JSON 4.01 section 2.1).
  public static let mediaType = "application/json"

  /// The metadata document of a model (OData CSDL JSON 4.01 section 4).
  public static func document(_ description: ModelDescription) -> DocumentNode {
    var members: [(name: String, value: DocumentNode)] = [
      ("$Version", "4.0"),
      ("$EntityContainer", .string("\(description.model.namespace).\(description.containerName)")),
      ("$Reference", .object(description.vocabularies.map(reference))),
    ]
    members.append((description.model.namespace, schema(description)))
    return .object(members)
  }

  private static func reference(_ vocabulary: Vocabulary) -> (name: String, value: DocumentNode) {
    let include: DocumentNode = ["$Namespace": .string(vocabulary.namespace), "$Alias": .string(vocabulary.alias)]
    return (vocabulary.location + ".json", ["$Include": [include]])
  }

  private static func schema(_ description: ModelDescription) -> DocumentNode {
    let enums = description.enumTypes.map { (name: $0.name, value: enumType($0)) }
    let types = description.structuredTypes.map { (name: $0.name, value: structuredType($0, description)) }
    var names: [String] = []
    for action in description.model.actions where !names.contains(action.name) { names.append(action.name) }
    let actions = names.map { name in
      let overloads = description.model.actions.filter { $0.name == name }
      return (name: name, value: DocumentNode.array(overloads.map { action($0, description) }))
    }
    return .object(enums + types + actions + [(description.containerName, container(description))])
  }

  /// An action (OData CSDL JSON 4.01 section 12.1).
  private static func action(_ action: Action, _ description: ModelDescription) -> DocumentNode {
    let bound = "\(description.model.namespace).\(action.boundType)"
    let binding =
      [("$Name", DocumentNode.string(Action.bindingParameter))] + type(bound, isCollection: action.isBoundToSet)
    let parameters = action.parameters.map { name, value in
      DocumentNode.object(
        [("$Name", .string(name))] + type(value.typeName, isCollection: value.isCollection)
          + (value.isCollection ? [] : [("$Nullable", true)]))
    }
    var members: [(name: String, value: DocumentNode)] = [
      ("$Kind", "Action"), ("$IsBound", true), ("$Parameter", .array([.object(binding)] + parameters)),
    ]
    if let returns = action.returns {
      members.append(("$ReturnType", .object(type(returns.typeName, isCollection: returns.isCollection))))
    }
    return .object(members)
  }

  private static func type(_ name: String, isCollection: Bool) -> [(name: String, value: DocumentNode)] {
    (isCollection ? [("$Collection", true)] : [])
      + (name == PrimitiveKind.string.qualifiedName ? [] : [("$Type", .string(name))])
  }

  private static func enumType(_ type: EnumType) -> DocumentNode {
    var members: [(name: String, value: DocumentNode)] = [("$Kind", "EnumType")]
    if type.isFlags { members.append(("$IsFlags", true)) }
    members += type.members.map { ($0.name, .int($0.value)) }
    return .object(members + annotated(Annotation.described(type.documentation)))
  }

  private static func structuredType(_ type: StructuredType, _ description: ModelDescription) -> DocumentNode {
    var members: [(name: String, value: DocumentNode)] = [("$Kind", type.isEntity ? "EntityType" : "ComplexType")]
    if let base = type.baseName { members.append(("$BaseType", .string("\(description.model.namespace).\(base)"))) }
    if type.isAbstract { members.append(("$Abstract", true)) }
    if type.isOpen { members.append(("$OpenType", true)) }
    let own = description.ownProperties(of: type)
    let keys = own.filter { $0.traits.contains(.key) }.map { DocumentNode.string($0.name) }
    if !keys.isEmpty { members.append(("$Key", .array(keys))) }
    members += own.map { ($0.name, property($0, description.annotations(of: $0, in: type))) }
    members += description.ownNavigation(of: type).map {
      ($0.name, navigation($0, description.annotations(of: $0, in: type)))
    }
    return .object(members + annotated(description.annotations(of: type)))
  }

  /// The defaults differ from XML: a property without `$Type` is Edm.String, one without `$Nullable` is not nullable
  /// (OData CSDL JSON 4.01 sections 7.1 and 7.2.1).
  private static func property(_ property: Property, _ annotations: [Annotation]) -> DocumentNode {
    var members: [(name: String, value: DocumentNode)] = []
    let type = property.type.qualifiedName
    if type != PrimitiveKind.string.qualifiedName { members.append(("$Type", .string(type))) }
    if property.isCollection { members.append(("$Collection", true)) }
    if property.allowsNullValues { members.append(("$Nullable", true)) }
    if let precision = property.precision { members.append(("$Precision", .int(Int64(precision)))) }
    return .object(members + annotated(annotations))
  }

  private static func navigation(_ navigation: NavigationProperty, _ annotations: [Annotation]) -> DocumentNode {
    var members: [(name: String, value: DocumentNode)] = [
      ("$Kind", "NavigationProperty"), ("$Type", .string(navigation.target.qualifiedName)),
    ]
    members.append(navigation.isCollection ? ("$Collection", true) : ("$Nullable", true))
    if navigation.containsTarget { members.append(("$ContainsTarget", true)) }
    return .object(members + annotated(annotations))
  }

  private static func container(_ description: ModelDescription) -> DocumentNode {
    let roots = description.model.roots.map { root -> (name: String, value: DocumentNode) in
      var members: [(name: String, value: DocumentNode)] = root.isEntitySet ? [("$Collection", true)] : []
      members.append(("$Type", .string(root.type.qualifiedName)))
      if !root.isListed { members.append(("$IncludeInServiceDocument", false)) }
      let bindings = description.model.bindings(of: root).map { (name: $0.path, value: DocumentNode.string($0.target)) }
      if !bindings.isEmpty { members.append(("$NavigationPropertyBinding", .object(bindings))) }
      return (root.name, .object(members))
    }
    let kind: DocumentNode = ["$Kind": "EntityContainer"]
    return kind.adding(roots + annotated(description.annotations[""] ?? []))
  }

  private static func annotated(_ annotations: [Annotation]) -> [(name: String, value: DocumentNode)] {
    annotations.map { ("@\($0.term)", expression($0.value)) }
  }

  private static func expression(_ value: Annotation.Value) -> DocumentNode {
    switch value {
    case .bool(let value): .bool(value)
    case .string(let value): .string(value)
    case .member(_, let name): .string(name)
    case .propertyPath(let path): .string(path)
    case .collection(let elements): .array(elements.map(expression))
    case .record(let properties): .object(properties.map { ($0.property, expression($0.value)) })
    }
  }
}
