/// An action that is bound to the entities of a type, or to a set of them (OData CSDL 4.01 section 12.1). A class, so
/// that a step of a path stays small.
public final class Action: Sendable {
  /// A value that goes into an action or comes out of it.
  public struct Value: Sendable {
    /// The qualified name of the type, such as `Edm.String`.
    let typeName: String
    /// Whether there are many.
    let isCollection: Bool
    /// Whether they are entities.
    var isOfEntities = false

    /// A value of a primitive type.
    public static func primitive(_ kind: PrimitiveKind) -> Self {
      Self(typeName: kind.qualifiedName, isCollection: false)
    }
    /// Many values of a primitive type.
    public static func collection(_ kind: PrimitiveKind) -> Self {
      Self(typeName: kind.qualifiedName, isCollection: true)
    }
    /// Many entities of a type, by its qualified name.
    public static func entities(_ typeName: String) -> Self {
      Self(typeName: typeName, isCollection: true, isOfEntities: true)
    }
  }

  /// The name of the parameter that the action is bound to.
  static let bindingParameter = "bindingParameter"

  /// The name, without namespace.
  public let name: String
  /// The name of the type that the action is bound to, without namespace. It is bound to derived types too.
  public let boundType: String
  /// Whether it is bound to a set of entities; otherwise to one.
  public let isBoundToSet: Bool
  /// The parameters beside the binding one, in order.
  public let parameters: [(name: String, value: Value)]
  /// What it returns; nil for nothing.
  public let returns: Value?

  /// An action of entities of a type, or of a set of them.
  public init(
    _ name: String, ofSet isBoundToSet: Bool = false, boundTo type: String, _ parameters: KeyValuePairs<String, Value>,
    returns: Value?
  ) {
    self.name = name
    boundType = type
    self.isBoundToSet = isBoundToSet
    self.parameters = parameters.map { ($0.key, $0.value) }
    self.returns = returns
  }
}

extension EntityModel {
  /// The action that a path segment names behind an entity of `type`, or a set of them, with or without the namespace; nil
  /// when there is none. ASCII case is ignored.
  func action(of segment: String, boundTo type: StructuredType, isSet: Bool) -> Action? {
    guard !actions.isEmpty else { return nil }
    let isQualified = segment.utf8.contains(UInt8(ascii: "."))
    return actions.first { action in
      action.isBoundToSet == isSet
        && (isQualified ? isName(action.name, qualifiedBy: segment) : action.name.isSameName(as: segment))
        && isOf(action.boundType, type)
    }
  }

  /// The type that a path segment casts to (OData URL Conventions 4.01 section 4.11): `type` or one derived from it, by its
  /// qualified name in any ASCII case; nil when it is none.
  func cast(of segment: String, from type: StructuredType) -> StructuredType? {
    guard segment.utf8.contains(UInt8(ascii: ".")) else { return nil }
    return structuredTypes.first { derived in
      derived.isEntity && isName(derived.name, qualifiedBy: segment) && isOf(type.name, derived)
    }
  }

  /// Whether a segment is a name behind the namespace or its alias.
  private func isName(_ name: String, qualifiedBy segment: String) -> Bool {
    "\(namespace).\(name)".isSameName(as: segment) || "\(alias).\(name)".isSameName(as: segment)
  }

  /// Whether a type is the one with this name or derived from it.
  private func isOf(_ name: String, _ type: StructuredType) -> Bool {
    var next: StructuredType? = type
    while let type = next {
      guard type.name != name else { return true }
      next = type.baseName.flatMap(self.type(named:))
    }
    return false
  }
}
