/// A model as metadata documents describe it: what they show of it, and the annotations that they add.
public struct ModelDescription: Sendable {
  /// The model.
  public let model: EntityModel
  /// The name of the entity container (OData CSDL 4.01 section 13).
  public let containerName: String
  /// The vocabularies that documents reference; Core is the first.
  let vocabularies: [Vocabulary]
  /// The names of navigation properties that are not shown. Types that only they lead to are not shown either.
  let hiddenNavigation: Set<String>
  /// Annotations beyond those of the declarations, by the path of the element: `type`, `type/property`, or the empty
  /// string for the entity container.
  let annotations: [String: [Annotation]]

  /// The entity and complex types that are shown, in the order of their declaration.
  public let structuredTypes: [StructuredType]
  /// The enumeration types that are shown, in the order of their declaration.
  public let enumTypes: [EnumType]

  /// Describes a model. The terms of `annotations` belong to Core or to one of `vocabularies`.
  public init(
    of model: EntityModel, containerName: String, hidingNavigation hiddenNavigation: Set<String> = [],
    vocabularies: [Vocabulary] = [], annotations: [String: [Annotation]] = [:]
  ) {
    self.model = model
    self.containerName = containerName
    self.vocabularies = [.core] + vocabularies
    self.hiddenNavigation = hiddenNavigation
    self.annotations = annotations
    var reachable = ReachableTypes(model: model, hiddenNavigation: hiddenNavigation)
    for root in model.roots { reachable.visit(root.type) }
    structuredTypes = model.structuredTypes.filter { reachable.names.contains($0.name) }
    enumTypes = model.enumTypes.filter { reachable.names.contains($0.name) }
  }

  /// The properties that a type declares itself, without inherited ones.
  func ownProperties(of type: StructuredType) -> ArraySlice<Property> {
    type.properties.dropFirst(base(of: type)?.properties.count ?? 0)
  }

  /// The navigation properties that a type declares itself and that are shown.
  func ownNavigation(of type: StructuredType) -> [NavigationProperty] {
    type.navigation.dropFirst(base(of: type)?.navigation.count ?? 0).filter { !hiddenNavigation.contains($0.name) }
  }

  /// All annotations of a type.
  func annotations(of type: StructuredType) -> [Annotation] {
    Annotation.described(type.documentation) + (type.isExtension ? [.ofExtensions] : [])
      + (annotations[type.name] ?? [])
  }

  /// All annotations of a property of a type.
  func annotations(of property: Property, in type: StructuredType) -> [Annotation] {
    Annotation.declared(of: property) + (annotations["\(type.name)/\(property.name)"] ?? [])
  }

  /// All annotations of a navigation property of a type.
  func annotations(of navigation: NavigationProperty, in type: StructuredType) -> [Annotation] {
    Annotation.described(navigation.documentation) + (navigation.target.isExtension ? [.ofExtensions] : [])
      + (annotations["\(type.name)/\(navigation.name)"] ?? [])
  }

  private func base(of type: StructuredType) -> StructuredType? { type.baseName.flatMap(model.type(named:)) }
}

/// Collects the names of the types that are reachable from the roots.
private struct ReachableTypes {
  let model: EntityModel
  let hiddenNavigation: Set<String>
  var names: Set<String> = []

  init(model: EntityModel, hiddenNavigation: Set<String>) {
    self.model = model
    self.hiddenNavigation = hiddenNavigation
  }

  mutating func visit(_ type: StructuredType) {
    guard names.insert(type.name).inserted else { return }
    if let base = type.baseName.flatMap(model.type(named:)) { visit(base) }
    for property in type.properties {
      switch property.type {
      case .primitive: break
      case .enumeration(let enumeration): names.insert(enumeration.name)
      case .complex(let complex): visit(complex)
      }
    }
    for navigation in type.navigation where !hiddenNavigation.contains(navigation.name) { visit(navigation.target) }
  }
}
