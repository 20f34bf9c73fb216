/// The declaration of an enumeration type (OData CSDL 4.01 section 10). The order and the numbers of its members are
/// part of the contract with clients.
public struct EnumTypeDeclaration: Sendable {
  let name: String
  let isFlags: Bool
  let members: [(String, Int64)]
  let documentation: String

  /// Declares the enumeration `name`, without namespace. `isFlags` says that members may be combined; `members` gives
  /// each name its number.
  public init(_ name: String, isFlags: Bool = false, _ documentation: String, _ members: KeyValuePairs<String, Int64>) {
    self.name = name
    self.isFlags = isFlags
    self.documentation = documentation
    self.members = members.map { ($0.key, $0.value) }
  }
}

/// The declaration of a structural property (OData CSDL 4.01 section 7). It is single-valued and nullable until a
/// modifier says otherwise.
public struct PropertyDeclaration: Sendable {
  /// The type of the values: a primitive one, or an enumeration or complex type of the same model, by its name without
  /// namespace.
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
  var refusal: String?
  let documentation: String

  /// Declares a property of a primitive type.
  public static func primitive(_ kind: PrimitiveKind, _ name: String, _ documentation: String) -> Self {
    Self(name: name, type: .primitive(kind), documentation: documentation)
  }

  /// Declares a property of Edm.String.
  public static func string(_ name: String, _ documentation: String) -> Self {
    primitive(.string, name, documentation)
  }

  /// Declares a property of an enumeration or complex type of the same model, named without namespace.
  public static func named(_ type: String, _ name: String, _ documentation: String) -> Self {
    Self(name: name, type: .named(type), documentation: documentation)
  }

  /// The property as a collection of its type.
  public var collection: Self { with { $0.isCollection = true } }
  /// The property with `Nullable` false: its value is never null (OData CSDL 4.01 section 7.2.1).
  public var nonNullable: Self { with { $0.isNullable = false } }
  /// The property with these traits added to its own.
  public func traits(_ traits: Property.Traits) -> Self { with { $0.traits.formUnion(traits) } }
  /// The property with a value that null in a request body stands for.
  public func nullMeans(_ value: Value) -> Self { with { $0.nullMeaning = value } }

  /// The property as one that request bodies cannot set. `reason` follows its name in the message.
  public func refused(_ reason: String) -> Self { with { $0.refusal = reason } }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}

/// The declaration of an entity type or a complex type (OData CSDL 4.01 sections 6 and 9). Adding a type takes one of
/// these and nothing else.
public struct StructuredTypeDeclaration: Sendable {
  /// The containment navigation property that leads to the entities of a type (OData CSDL 4.01 section 8.4).
  public struct Containment: Sendable {
    let owner: String
    let name: String
    let aliases: [String]
    let isCollection: Bool
    let isOwnerOptionalInPaths: Bool
    let isExpandable: Bool
    let documentation: String

    /// Declares the navigation property `name` of the entity type `owner`; `aliases` are older names for it in URLs.
    /// `isOwnerOptionalInPaths` and `isExpandable` mean what they mean on `NavigationProperty`.
    public init(
      in owner: String, as name: String, aliases: [String] = [], isCollection: Bool = true,
      isOwnerOptionalInPaths: Bool = false,
      isExpandable: Bool = true, _ documentation: String
    ) {
      self.owner = owner
      self.name = name
      self.aliases = aliases
      self.isCollection = isCollection
      self.isOwnerOptionalInPaths = isOwnerOptionalInPaths
      self.isExpandable = isExpandable
      self.documentation = documentation
    }
  }

  /// A navigation property that its owner declares. Without containment its entities belong to an entity set.
  public struct Reference: Sendable {
    let name: String
    let target: String
    let isCollection: Bool
    let containsTarget: Bool
    let documentation: String

    /// Declares the navigation property `name` to entities of the type `target`, named without namespace.
    /// `containsTarget` means what it means on `NavigationProperty`.
    public init(
      _ name: String, to target: String, isCollection: Bool = true, containsTarget: Bool = false,
      _ documentation: String
    ) {
      self.name = name
      self.target = target
      self.isCollection = isCollection
      self.containsTarget = containsTarget
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
  let unoffered: [String]
  let properties: [PropertyDeclaration]
  let documentation: String

  /// Declares an entity type. `isExtension` marks a type that the published service does not have. `ignoresCase` means
  /// what it means on `StructuredType`, and derived types inherit it. `unoffered` names what the published service has
  /// below the type and this one does not: properties, navigation properties, actions and functions.
  public static func entity(
    _ name: String, base: String?, isAbstract: Bool = false, isExtension: Bool = false, ignoresCase: Bool = false,
    aliases: [String] = [],
    contained containment: Containment? = nil, references: [Reference] = [], unoffered: [String] = [],
    _ documentation: String, _ properties: [PropertyDeclaration]
  ) -> Self {
    Self(
      name: name, base: base, isEntity: true, isAbstract: isAbstract, isOpen: false, showsOnlySetMembers: false,
      isExtension: isExtension, ignoresCase: ignoresCase, aliases: aliases, containment: containment,
      references: references, unoffered: unoffered,
      properties: properties, documentation: documentation)
  }

  /// Declares a complex type. `isOpen` allows undeclared members; `showsOnlySetMembers` leaves unset members out of
  /// responses.
  public static func complex(
    _ name: String, isOpen: Bool = false, showsOnlySetMembers: Bool = false, aliases: [String] = [],
    _ documentation: String, _ properties: [PropertyDeclaration]
  ) -> Self {
    Self(
      name: name, base: nil, isEntity: false, isAbstract: false, isOpen: isOpen,
      showsOnlySetMembers: showsOnlySetMembers, isExtension: false, ignoresCase: false, aliases: aliases,
      containment: nil, references: [], unoffered: [], properties: properties, documentation: documentation)
  }
}

/// The declaration of a child of the entity container that paths begin with: an entity set or a singleton (OData CSDL
/// 4.01 sections 13.2 and 13.3).
public struct RootDeclaration: Sendable {
  let name: String
  let aliases: [String]
  let type: String
  let isCollection: Bool
  let isListed: Bool
  let unoffered: [String]

  /// Declares the entity set `name`, which its aliases also address. `isListed` is false for a set that the service
  /// document leaves out. `unoffered` names the actions and functions of the set that the published service has and
  /// this one does not.
  public static func entitySet(
    _ name: String, aliases: [String] = [], of type: String, isListed: Bool = true, unoffered: [String] = []
  ) -> Self {
    Self(name: name, aliases: aliases, type: type, isCollection: true, isListed: isListed, unoffered: unoffered)
  }

  /// Declares the singleton `name`.
  public static func singleton(_ name: String, of type: String) -> Self {
    Self(name: name, aliases: [], type: type, isCollection: false, isListed: true, unoffered: [])
  }
}
