/// An entity type or complex type with everything it inherits (OData CSDL 4.01 sections 6 and 9).
public final class StructuredType: Sendable {
  public let name: String
  /// The name with namespace, such as `microsoft.graph.itemPhone`.
  public let qualifiedName: String
  /// The member of a JSON object that says this type: `"@odata.type":"#microsoft.graph.itemPhone"`.
  public let annotation: [UInt8]
  /// The name without namespace of the type that this one extends.
  public let baseName: String?
  public let isEntity: Bool
  public let isAbstract: Bool
  /// Whether values may hold members that are not declared.
  public let isOpen: Bool
  /// Whether answers leave out members that are not set.
  public let showsOnlySetMembers: Bool
  /// Whether the published service does not have the type.
  public let isExtension: Bool
  /// Whether queries compare the texts of its entities without regard to case and to how a character is composed
  /// (`String.folded`), in every operator, function, order and lambda; keys are compared exactly.
  public let ignoresCase: Bool
  /// Older names, accepted in `@odata.type`.
  public let aliases: [String]
  /// All properties, inherited ones first, each at its own index.
  public let properties: [Property]
  /// All navigation properties, inherited ones first, then in the order of their names.
  public let navigation: [NavigationProperty]
  public let documentation: String

  init(
    namespace: String, declaration: StructuredTypeDeclaration, base: StructuredType?, properties: [Property],
    navigation: [NavigationProperty]
  ) {
    name = declaration.name
    qualifiedName = "\(namespace).\(declaration.name)"
    annotation = Array("\"@odata.type\":\"#\(namespace).\(declaration.name)\"".utf8)
    baseName = declaration.base
    isEntity = declaration.isEntity
    isAbstract = declaration.isAbstract
    isOpen = declaration.isOpen
    showsOnlySetMembers = declaration.showsOnlySetMembers
    isExtension = declaration.isExtension
    ignoresCase = declaration.ignoresCase || base?.ignoresCase == true
    aliases = declaration.aliases.map { "\(namespace).\($0)" }
    documentation = declaration.documentation
    self.properties = properties
    self.navigation = navigation
  }

  /// The navigation properties that may be selected or expanded.
  var inlineNavigation: [NavigationProperty] { navigation.filter { !$0.standsAlone } }

  /// The property of exactly this name.
  public func property(named name: String) -> Property? { properties.first { $0.name == name } }

  /// The property of this name, else the one that differs in case alone: Graph compares names so.
  func property(inAnyCase name: String) -> Property? {
    property(named: name) ?? properties.first { $0.name.isSameName(as: name) }
  }

  /// The navigation properties that a path segment stands for, outermost first; empty when it names none.
  func navigation(of segment: String) -> [NavigationProperty] {
    if let own = navigation.first(where: { $0.isNamed(segment) }) { return [own] }
    for owner in navigation where !owner.isCollection {
      if let inner = owner.target.navigation.first(where: { $0.mayOmitOwner && $0.isNamed(segment) }) {
        return [owner, inner]
      }
    }
    return []
  }

  /// The position of the property that a member of a JSON object names. It is looked for from `likely` on, where it is
  /// at once when members come in the order of their declaration.
  func propertyIndex(of name: JSONReader.Text, likely: Int) -> Int? {
    for property in properties[min(likely, properties.count)...] where name.equals(property.nameBytes) {
      return property.index
    }
    for property in properties.prefix(likely) where name.equals(property.nameBytes) { return property.index }
    return nil
  }

  /// Whether an `@odata.type` names this type, in any case as Graph compares names; a leading `#` is optional (OData JSON
  /// 4.01 section 4.6.3).
  func isNamed(byAnnotation annotation: String) -> Bool {
    let name = annotation.utf8.first == UInt8(ascii: "#") ? String(annotation.dropFirst()) : annotation
    return qualifiedName.isSameName(as: name) || aliases.contains { $0.isSameName(as: name) }
  }
}
