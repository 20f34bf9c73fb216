/// An enumeration type as data. Order and numbers are part of the contract.
public struct EnumTypeDeclaration: Sendable {
  let name: String
  let isFlags: Bool
  let members: [(String, Int64)]
  let documentation: String

  /// Declares `name` with its members and their numbers.
  public init(_ name: String, isFlags: Bool = false, _ documentation: String, _ members: KeyValuePairs<String, Int64>) {
    self.name = name
    self.isFlags = isFlags
    self.documentation = documentation
    self.members = members.map { ($0.key, $0.value) }
  }
}

/// A property as data.
public struct PropertyDeclaration: Sendable {
  enum TypeName: Sendable {
    case primitive(PrimitiveKind)
    case named(String)
  }

  let name: String
  let type: TypeName
  var isCollection = false
  var isNullable = true
  var traits: Property.Traits = []
  var nullMeaning: Value?
  let documentation: String

  /// A property of a primitive type.
  public static func primitive(_ kind: PrimitiveKind, _ name: String, _ documentation: String) -> Self {
    Self(name: name, type: .primitive(kind), documentation: documentation)
  }

  /// A property of Edm.String.
  public static func string(_ name: String, _ documentation: String) -> Self {
    primitive(.string, name, documentation)
  }

  /// A property of an enumeration or complex type of the same model.
  public static func named(_ type: String, _ name: String, _ documentation: String) -> Self {
    Self(name: name, type: .named(type), documentation: documentation)
  }

  /// The same as a collection.
  public var collection: Self { with { $0.isCollection = true } }
  /// The same, never null.
  public var nonNullable: Self { with { $0.isNullable = false } }
  /// The same with further traits.
  public func traits(_ traits: Property.Traits) -> Self { with { $0.traits.formUnion(traits) } }
  /// The same, where null in a body stands for this value.
  public func nullMeans(_ value: Value) -> Self { with { $0.nullMeaning = value } }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}

/// An entity or complex type as data. One declaration is all that a type needs.
public struct StructuredTypeDeclaration: Sendable {
  /// Where the entities of a type live: a collection that another entity type contains.
  public struct Containment: Sendable {
    let owner: String
    let name: String
    let aliases: [String]
    let isCollection: Bool
    let mayOmitOwner: Bool
    let standsAlone: Bool
    let documentation: String

    /// The navigation property `name` of the entity type `owner`. `mayOmitOwner` and `standsAlone` as in
    /// `NavigationProperty`.
    public init(
      in owner: String, as name: String, aliases: [String] = [], isCollection: Bool = true, mayOmitOwner: Bool = false,
      standsAlone: Bool = false, _ documentation: String
    ) {
      self.owner = owner
      self.name = name
      self.aliases = aliases
      self.isCollection = isCollection
      self.mayOmitOwner = mayOmitOwner
      self.standsAlone = standsAlone
      self.documentation = documentation
    }
  }

  /// A collection of entities that live elsewhere.
  public struct Reference: Sendable {
    let name: String
    let target: String
    let documentation: String

    /// The navigation property `name` to entities of the type `target`.
    public init(_ name: String, to target: String, _ documentation: String) {
      self.name = name
      self.target = target
      self.documentation = documentation
    }
  }

  let name: String
  let base: String?
  let isEntity: Bool
  let isAbstract: Bool
  let isOpen: Bool
  let showsOnlySetMembers: Bool
  let isExtension: Bool
  let ignoresCase: Bool
  let aliases: [String]
  let containment: Containment?
  let references: [Reference]
  let properties: [PropertyDeclaration]
  let documentation: String

  /// Declares an entity type. An extension is one that the published service does not have. `ignoresCase` as in
  /// `StructuredType`, also for the types that extend this one.
  public static func entity(
    _ name: String, base: String?, isAbstract: Bool = false, isExtension: Bool = false, ignoresCase: Bool = false,
    aliases: [String] = [],
    contained containment: Containment? = nil, references: [Reference] = [], _ documentation: String,
    _ properties: [PropertyDeclaration]
  ) -> Self {
    Self(
      name: name, base: base, isEntity: true, isAbstract: isAbstract, isOpen: false, showsOnlySetMembers: false,
      isExtension: isExtension, ignoresCase: ignoresCase, aliases: aliases, containment: containment,
      references: references,
      properties: properties, documentation: documentation)
  }

  /// Declares a complex type.
  public static func complex(
    _ name: String, isOpen: Bool = false, showsOnlySetMembers: Bool = false, aliases: [String] = [],
    _ documentation: String, _ properties: [PropertyDeclaration]
  ) -> Self {
    Self(
      name: name, base: nil, isEntity: false, isAbstract: false, isOpen: isOpen,
      showsOnlySetMembers: showsOnlySetMembers, isExtension: false, ignoresCase: false, aliases: aliases,
      containment: nil, references: [], properties: properties, documentation: documentation)
  }
}

/// A root of resource paths: an entity set or a singleton (OData CSDL 4.01 section 13).
public struct RootDeclaration: Sendable {
  let name: String
  let aliases: [String]
  let type: String
  let isCollection: Bool
  let isListed: Bool

  /// The entity set `name`, also reachable by its aliases. One that is not listed is left out of the service document.
  public static func entitySet(
    _ name: String, aliases: [String] = [], of type: String, isListed: Bool = true
  ) -> Self {
    Self(name: name, aliases: aliases, type: type, isCollection: true, isListed: isListed)
  }

  /// The singleton `name`.
  public static func singleton(_ name: String, of type: String) -> Self {
    Self(name: name, aliases: [], type: type, isCollection: false, isListed: true)
  }
}
