/// An entity data model whose names are resolved (OData CSDL 4.01 section 3). Immutable. A class, because each request
/// passes it on, and its parts would be counted one by one.
public final class EntityModel: Sendable {
  /// Why declarations do not form a model. Each case carries the name of the type at fault, without namespace.
  public enum DeclarationError: Error, Equatable, Sendable {
    /// A base type, a property, a navigation property or a root names a type that is not declared.
    case unknownType(String)
    /// Two declarations have the same name.
    case duplicateType(String)
    /// The type is its own base, or contains itself.
    case circularType(String)
    /// The type has more than 128 properties, inherited ones included.
    case tooManyProperties(String)
  }

  /// An entity set or a singleton, which resource paths begin with (OData CSDL 4.01 sections 13.2 and 13.3). A class,
  /// because the path of each request holds one.
  public final class Root: Sendable {
    /// The name, as metadata shows it.
    public let name: String
    /// Further names that URLs may use.
    public let aliases: [String]
    /// The type of the singleton, or of each entity of the set.
    public let type: StructuredType
    /// Whether this is an entity set, which a key may follow in a path; otherwise it is a singleton.
    public let isEntitySet: Bool
    /// Whether the service document lists it (OData CSDL 4.01 section 13.2, `IncludeInServiceDocument`).
    public let isListed: Bool

    /// The actions and functions of the set that the published service has and this one does not.
    let unoffered: [String]
    /// Their first letters, in lower case.
    let unofferedInitials: [UInt8]

    init(_ declaration: RootDeclaration, type: StructuredType) {
      name = declaration.name
      aliases = declaration.aliases
      self.type = type
      isEntitySet = declaration.isCollection
      isListed = declaration.isListed
      unoffered = declaration.unoffered
      unofferedInitials = Set(declaration.unoffered.compactMap { $0.utf8.first.map { $0 | 0x20 } }).sorted()
    }

    /// Whether a path segment names this root. ASCII case is ignored.
    public func isNamed(_ segment: String) -> Bool {
      name.isSameName(as: segment) || aliases.contains { $0.isSameName(as: segment) }
    }
  }

  /// The namespace of every declared type, such as `microsoft.graph`.
  public let namespace: String
  /// Its alias in paths: the last part of the namespace, such as `graph`, which the SDKs qualify casts with.
  let alias: String
  /// Enumeration types, in the order of their declaration.
  public let enumTypes: [EnumType]
  /// Entity and complex types, in the order of their declaration.
  public let structuredTypes: [StructuredType]
  /// Entity sets and singletons, in the order of their declaration.
  public let roots: [Root]
  /// Actions that are bound to entities, in the order of their declaration.
  public let actions: [Action]
  /// The first letters, in lower case, of what may follow a set in a path and is no key: a qualified name, or an action.
  let nameInitials: [UInt8]
  /// Entity sets and singletons that the published service has and this one does not.
  let unofferedRoots: [String]

  /// Resolves declarations into a model.
  ///
  /// - Throws: `DeclarationError` when a name is declared twice or not at all, a type depends on itself, or a type has
  ///   more than 128 properties.
  public init(
    namespace: String, enums: [EnumTypeDeclaration], types: [StructuredTypeDeclaration], roots: [RootDeclaration],
    unofferedRoots: [String] = [], actions: [Action] = []
  ) throws(DeclarationError) {
    var builder = Builder(namespace: namespace, types: types)
    try builder.resolve(enums: enums)
    self.namespace = namespace
    self.actions = actions
    let alias = namespace.split(separator: ".").last.map(String.init) ?? namespace
    self.alias = alias
    nameInitials = ([namespace, alias] + actions.filter(\.isBoundToSet).map(\.name)).compactMap {
      $0.utf8.first.map { $0 | 0x20 }
    }
    self.unofferedRoots = unofferedRoots
    enumTypes = enums.compactMap { builder.enums[$0.name] }
    var resolved: [StructuredType] = []
    for type in types { resolved.append(try builder.structured(type.name)) }
    structuredTypes = resolved
    var resolvedRoots: [Root] = []
    for root in roots {
      resolvedRoots.append(Root(root, type: try builder.structured(root.type)))
    }
    self.roots = resolvedRoots
  }

  /// The navigation property bindings of a root: for each navigation property without containment, its name and the
  /// name of the entity set that its entities belong to (OData CSDL 4.01 section 13.4).
  func bindings(of root: Root) -> [(path: String, target: String)] {
    root.type.navigation.filter { !$0.containsTarget }.compactMap { navigation in
      roots.first { $0.isEntitySet && $0.type === navigation.target }.map { (navigation.name, $0.name) }
    }
  }

  /// The entity or complex type with this name, without namespace; nil when there is none. Case matters.
  public func type(named name: String) -> StructuredType? { structuredTypes.first { $0.name == name } }
}

/// Resolves names to types: a type's base, property types and navigation targets before the type itself.
private struct Builder {
  /// `EntityReader` tracks the members of one object in the bits of two words.
  static let propertiesMax = 128

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
    // The declarations lie with their targets, so their order says nothing about the owner: sort by name instead.
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
