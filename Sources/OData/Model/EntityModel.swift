/// A complete entity data model, made once from declarations and immutable from then on.
public struct EntityModel: Sendable {
  /// What is wrong with a set of declarations.
  public enum DeclarationError: Error, Equatable, Sendable {
    case unknownType(String)
    case duplicateType(String)
    case circularType(String)
    case tooManyProperties(String)
  }

  /// A root of resource paths.
  public struct Root: Sendable {
    public let name: String
    public let aliases: [String]
    public let type: StructuredType
    /// Whether a key follows.
    public let isEntitySet: Bool
    /// Whether the service document names it (OData CSDL 4.01 section 13.2).
    public let isListed: Bool

    /// Whether a path segment names this root, in any case.
    public func isNamed(_ segment: String) -> Bool {
      name.isSameName(as: segment) || aliases.contains { $0.isSameName(as: segment) }
    }
  }

  /// Namespace of every declared type.
  public let namespace: String
  /// In the order of their declaration.
  public let enumTypes: [EnumType]
  /// Entity and complex types, in the order of their declaration.
  public let structuredTypes: [StructuredType]
  public let roots: [Root]

  /// Resolves declarations into a model; throws what is wrong with them.
  public init(
    namespace: String, enums: [EnumTypeDeclaration], types: [StructuredTypeDeclaration], roots: [RootDeclaration]
  ) throws(DeclarationError) {
    var builder = Builder(namespace: namespace, types: types)
    try builder.resolve(enums: enums)
    self.namespace = namespace
    enumTypes = enums.compactMap { builder.enums[$0.name] }
    var resolved: [StructuredType] = []
    for type in types { resolved.append(try builder.structured(type.name)) }
    structuredTypes = resolved
    var resolvedRoots: [Root] = []
    for root in roots {
      resolvedRoots.append(
        Root(
          name: root.name, aliases: root.aliases, type: try builder.structured(root.type),
          isEntitySet: root.isCollection, isListed: root.isListed))
    }
    self.roots = resolvedRoots
  }

  /// The navigation properties of a root that lead to entities of an entity set, with the name of that set (OData CSDL
  /// 4.01 section 13.4).
  func bindings(of root: Root) -> [(path: String, target: String)] {
    root.type.navigation.filter { !$0.containsTarget }.compactMap { navigation in
      roots.first { $0.isEntitySet && $0.type === navigation.target }.map { (navigation.name, $0.name) }
    }
  }

  /// The entity or complex type of this name, without namespace.
  public func type(named name: String) -> StructuredType? { structuredTypes.first { $0.name == name } }
}

/// Resolves names to types, bases and targets first.
private struct Builder {
  /// Members of one object are tracked in one word.
  static let propertiesMax = 64

  let namespace: String
  let declarations: [StructuredTypeDeclaration]
  var enums: [String: EnumType] = [:]
  private var structuredTypes: [String: StructuredType] = [:]
  private var open: Set<String> = []

  init(namespace: String, types: [StructuredTypeDeclaration]) {
    self.namespace = namespace
    declarations = types
  }

  mutating func resolve(enums declared: [EnumTypeDeclaration]) throws(EntityModel.DeclarationError) {
    for declaration in declared {
      guard enums[declaration.name] == nil else { throw .duplicateType(declaration.name) }
      enums[declaration.name] = EnumType(namespace: namespace, declaration: declaration)
    }
    for declaration in declarations {
      let count = declarations.count { $0.name == declaration.name }
      guard count == 1, enums[declaration.name] == nil else { throw .duplicateType(declaration.name) }
    }
  }

  mutating func structured(_ name: String) throws(EntityModel.DeclarationError) -> StructuredType {
    if let type = structuredTypes[name] { return type }
    guard let declaration = declarations.first(where: { $0.name == name }) else { throw .unknownType(name) }
    guard open.insert(name).inserted else { throw .circularType(name) }
    defer { open.remove(name) }
    var base: StructuredType?
    if let baseName = declaration.base { base = try structured(baseName) }
    let type = StructuredType(
      namespace: namespace, declaration: declaration, base: base,
      properties: try properties(of: declaration, after: base?.properties ?? []),
      navigation: try navigation(of: declaration, after: base?.navigation ?? []))
    structuredTypes[name] = type
    return type
  }

  private mutating func properties(
    of declaration: StructuredTypeDeclaration, after inherited: [Property]
  ) throws(EntityModel.DeclarationError) -> [Property] {
    var properties = inherited
    for property in declaration.properties {
      properties.append(Property(property, type: try valueType(property.type), index: properties.count))
    }
    guard properties.count <= Self.propertiesMax else { throw .tooManyProperties(declaration.name) }
    return properties
  }

  private mutating func navigation(
    of declaration: StructuredTypeDeclaration, after inherited: [NavigationProperty]
  ) throws(EntityModel.DeclarationError) -> [NavigationProperty] {
    var own: [NavigationProperty] = []
    for contained in declarations {
      guard let containment = contained.containment, containment.owner == declaration.name else { continue }
      own.append(NavigationProperty(containment, target: try structured(contained.name)))
    }
    for reference in declaration.references {
      own.append(NavigationProperty(reference, target: try structured(reference.target)))
    }
    // Each stands in the declaration of its target, so only their names give an order that means something.
    return inherited + own.sorted { $0.name < $1.name }
  }

  private mutating func valueType(
    _ name: PropertyDeclaration.TypeName
  ) throws(EntityModel.DeclarationError) -> Property.ValueType {
    switch name {
    case .primitive(let kind): return .primitive(kind)
    case .named(let name):
      if let type = enums[name] { return .enumeration(type) }
      return .complex(try structured(name))
    }
  }
}
