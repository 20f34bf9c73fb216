/// A structural property of an entity or complex type (OData CSDL 4.01 section 7).
public final class Property: Sendable {
  /// The type of one value; a collection has many.
  public enum ValueType: Sendable {
    /// A primitive type.
    case primitive(PrimitiveKind)
    /// An enumeration type of the model.
    case enumeration(EnumType)
    /// A complex type of the model.
    case complex(StructuredType)

    /// The qualified name, such as `Edm.String` or `microsoft.graph.phoneType`.
    public var qualifiedName: String {
      switch self {
      case .primitive(let kind): kind.qualifiedName
      case .enumeration(let type): type.qualifiedName
      case .complex(let type): type.qualifiedName
      }
    }
  }

  /// How the server treats a property, beyond its type.
  public struct Traits: OptionSet, Sendable {
    /// One bit for each trait.
    public let rawValue: Int
    /// Traits from their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The key of the entity. The server sets it; request bodies may hold it, and it is ignored there.
    public static let key = Traits(rawValue: 1 << 0)
    /// Set by an import only; ignored in request bodies (OData 4.01 Part 1 section 11.4.3).
    public static let readOnly = Traits(rawValue: 1 << 1)
    /// Filled in by the server, such as a modification time, unless a body sets it.
    public static let stamp = Traits(rawValue: 1 << 2)
    /// Left out of stored JSON and of responses while it is null, or empty where it cannot be null; other properties
    /// are written as `null` or `[]`.
    public static let omittedWhenNull = Traits(rawValue: 1 << 3)
    /// A collection that bodies may also give as its only element, and that responses may show so.
    public static let singleOrCollection = Traits(rawValue: 1 << 4)
    /// A property of a person that this person may set without being an administrator. The others identify the person
    /// to somebody else, so changing one takes an administrator.
    public static let selfService = Traits(rawValue: 1 << 5)
    /// Not stored: made of other data when `$select` asks for it of one entity. Queries cannot compare or sort by it.
    public static let computed = Traits(rawValue: 1 << 6)
    /// Accepted when an entity is created, and kept nowhere.
    public static let discarded = Traits(rawValue: 1 << 7)
    /// A property of a person that the permission on basic properties shows.
    public static let basic = Traits(rawValue: 1 << 8)
    /// A property of a person by which they are reached, which a tenant's policy can withhold.
    public static let contact = Traits(rawValue: 1 << 9)
    /// A property of a person that `/v1.0` answers without `$select`.
    public static let answeredByDefault = Traits(rawValue: 1 << 10)
  }

  /// The name, in the case that JSON uses.
  public let name: String
  /// The type of the value, or of each element of a collection.
  public let type: ValueType
  /// Whether the value is a collection.
  public let isCollection: Bool
  /// Whether the value may be null (OData CSDL 4.01 section 7.2.1).
  public let isNullable: Bool
  /// How the server treats the property.
  public let traits: Traits
  /// The value that null in a request body stands for; nil where null means null.
  public let nullMeaning: Value?
  /// Why request bodies cannot set the property, as what follows its name; nil where they can. A `discarded` property
  /// can be set by a creation all the same.
  public let refusal: String?
  /// The description that metadata shows; empty when there is none.
  public let documentation: String
  /// The index among all properties of the type, inherited ones first, from 0. Values and patches are indexed by it.
  public let index: Int

  /// The name in UTF-8.
  let nameBytes: [UInt8]
  /// The name as the beginning of a JSON member: in quotes, with its colon.
  let memberPrefix: [UInt8]

  /// Whether bodies hold the property as they hold nearly all: it is not refused, computed or discarded.
  let isPlain: Bool

  /// Whether no request body sets the property.
  var isReadOnly: Bool { traits.contains(.readOnly) || (refusal != nil && !traits.contains(.discarded)) }

  /// Whether queries can compare and sort by the property.
  var isComparable: Bool { traits.isDisjoint(with: [.computed, .discarded]) }

  /// Whether the unset value is an empty collection: a collection that cannot be null.
  var defaultsToEmpty: Bool { isCollection && !isNullable }

  init(_ declaration: PropertyDeclaration, type: ValueType, index: Int) {
    name = declaration.name
    self.type = type
    isCollection = declaration.isCollection
    isNullable = declaration.isNullable
    traits = declaration.traits
    nullMeaning = declaration.nullMeaning
    refusal = declaration.refusal
    isPlain = declaration.refusal == nil && declaration.traits.isDisjoint(with: [.computed, .discarded])
    documentation = declaration.documentation
    self.index = index
    nameBytes = Array(declaration.name.utf8)
    memberPrefix = Array("\"\(declaration.name)\":".utf8)
  }
}

/// A navigation property (OData CSDL 4.01 section 8).
public final class NavigationProperty: Sendable {
  /// The name, as metadata shows it.
  public let name: String
  /// Older names, accepted in URLs.
  public let aliases: [String]
  /// The type of the related entities.
  public let target: StructuredType
  /// Whether it relates to many entities; otherwise to one.
  public let isCollection: Bool
  /// Whether paths may leave out the entity that owns this property, where a single-valued navigation property leads to
  /// that owner: `/me/things` then stands for `/me/profile/things`.
  public let isOwnerOptionalInPaths: Bool
  /// Whether it can be selected and expanded; otherwise responses show it at its own URL only.
  public let isExpandable: Bool
  /// Whether it contains its entities (OData CSDL 4.01 section 8.4); otherwise they belong to an entity set.
  public let containsTarget: Bool
  /// The description that metadata shows; empty when there is none.
  public let documentation: String

  init(_ reference: StructuredTypeDeclaration.Reference, target: StructuredType) {
    name = reference.name
    aliases = []
    self.target = target
    isCollection = reference.isCollection
    isOwnerOptionalInPaths = false
    isExpandable = reference.isExpandable
    containsTarget = reference.containsTarget
    documentation = reference.documentation
  }

  init(_ containment: StructuredTypeDeclaration.Containment, target: StructuredType) {
    name = containment.name
    aliases = containment.aliases
    self.target = target
    isCollection = containment.isCollection
    isOwnerOptionalInPaths = containment.isOwnerOptionalInPaths
    isExpandable = containment.isExpandable
    containsTarget = true
    documentation = containment.documentation
  }

  /// Whether a path segment names this property or one of its aliases. ASCII case is ignored.
  public func isNamed(_ segment: String) -> Bool {
    name.isSameName(as: segment) || aliases.contains { $0.isSameName(as: segment) }
  }
}
