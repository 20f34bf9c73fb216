/// A structural property of an entity or complex type (OData CSDL 4.01 section 7).
public final class Property: Sendable {
  /// What the values are.
  public enum ValueType: Sendable {
    case primitive(PrimitiveKind)
    case enumeration(EnumType)
    case complex(StructuredType)

    /// The name in metadata.
    public var qualifiedName: String {
      switch self {
      case .primitive(let kind): kind.qualifiedName
      case .enumeration(let type): type.qualifiedName
      case .complex(let type): type.qualifiedName
      }
    }
  }

  /// What sets a property apart from others of its type.
  public struct Traits: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The key of its entity: ignored in bodies, set by the server.
    public static let key = Traits(rawValue: 1 << 0)
    /// Ignored when a client sends it; an import sets it.
    public static let readOnly = Traits(rawValue: 1 << 1)
    /// Stamped by the server unless it is sent.
    public static let stamp = Traits(rawValue: 1 << 2)
    /// Left out of answers while it is not set, where others are answered as null.
    public static let omittedWhenNull = Traits(rawValue: 1 << 3)
    /// A collection that is also read from, and may be answered as, its only element.
    public static let singleOrCollection = Traits(rawValue: 1 << 4)
    /// Of an entity that stands for somebody: they may set it of themself. Others signify something to those who rely on the
    /// entity, so that it takes an administrator.
    public static let selfService = Traits(rawValue: 1 << 5)
  }

  public let name: String
  public let type: ValueType
  public let isCollection: Bool
  public let isNullable: Bool
  public let traits: Traits
  /// What null stands for in a body, where that is a value of its own.
  public let nullMeaning: Value?
  public let documentation: String
  /// Position among all properties of the type, inherited ones first.
  public let index: Int

  /// The name as bytes.
  let nameBytes: [UInt8]
  /// The name as it begins a member: quoted, with its colon.
  let memberPrefix: [UInt8]

  /// A collection that cannot be null is empty until it is set.
  var defaultsToEmpty: Bool { isCollection && !isNullable }

  init(_ declaration: PropertyDeclaration, type: ValueType, index: Int) {
    name = declaration.name
    self.type = type
    isCollection = declaration.isCollection
    isNullable = declaration.isNullable
    traits = declaration.traits
    nullMeaning = declaration.nullMeaning
    documentation = declaration.documentation
    self.index = index
    nameBytes = Array(declaration.name.utf8)
    memberPrefix = Array("\"\(declaration.name)\":".utf8)
  }
}

/// A navigation property (OData CSDL 4.01 section 8).
public final class NavigationProperty: Sendable {
  public let name: String
  /// Older names that are accepted in URLs.
  public let aliases: [String]
  public let target: StructuredType
  public let isCollection: Bool
  /// Whether paths may leave out the owner that this property hangs off, where the owner is itself a single-valued
  /// navigation property: `/me/things` then stands for `/me/profile/things`.
  public let mayOmitOwner: Bool
  /// Whether it is answered at its own address alone, never within its owner: neither selected nor expanded.
  public let standsAlone: Bool
  /// Whether its entities live here; otherwise they are references to entities of an entity set.
  public let containsTarget: Bool
  public let documentation: String

  init(_ reference: StructuredTypeDeclaration.Reference, target: StructuredType) {
    name = reference.name
    aliases = []
    self.target = target
    isCollection = true
    mayOmitOwner = false
    standsAlone = true
    containsTarget = false
    documentation = reference.documentation
  }

  init(_ containment: StructuredTypeDeclaration.Containment, target: StructuredType) {
    name = containment.name
    aliases = containment.aliases
    self.target = target
    isCollection = containment.isCollection
    mayOmitOwner = containment.mayOmitOwner
    standsAlone = containment.standsAlone
    containsTarget = true
    documentation = containment.documentation
  }

  /// Whether a path segment names this property, in any case.
  public func isNamed(_ segment: String) -> Bool {
    name.isSameName(as: segment) || aliases.contains { $0.isSameName(as: segment) }
  }
}
