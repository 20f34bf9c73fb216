/// An entity type or a complex type, with everything it inherits (OData CSDL 4.01 sections 6 and 9).
public final class StructuredType: Sendable {
  /// The name, without namespace.
  public let name: String
  /// The qualified name, such as `microsoft.graph.itemPhone`.
  public let qualifiedName: String
  /// The control information that names this type in JSON: `"@odata.type":"#microsoft.graph.itemPhone"` (OData JSON
  /// 4.01 section 4.5.3).
  public let annotation: [UInt8]
  /// The name of the base type, without namespace; nil when there is none.
  public let baseName: String?
  /// Whether this is an entity type; otherwise it is a complex type.
  public let isEntity: Bool
  /// Whether values are of a derived type only (OData CSDL 4.01 sections 6.2 and 9.2).
  public let isAbstract: Bool
  /// Whether values may hold undeclared members (OData CSDL 4.01 sections 6.3 and 9.3).
  public let isOpen: Bool
  /// Whether responses leave out every member that is null.
  public let showsOnlySetMembers: Bool
  /// Whether the type is an addition of this server, which the published service does not have.
  public let isExtension: Bool
  /// Whether queries compare the strings of its entities in their folded form (`String.folded`): without regard to case
  /// and to how characters are composed, in every operator, function, order and lambda. Keys are always compared
  /// exactly.
  public let ignoresCase: Bool
  /// Older names, accepted in `@odata.type`.
  public let aliases: [String]
  /// All properties, inherited ones first; each lies at its own `index`.
  public let properties: [Property]
  /// The value of each property that was never set.
  let unset: [Value]
  /// The beginning of the member of each property, at its index.
  let memberKeys: [MemberKey]
  /// Whether the member of each property, at its index, is left out where the property is unset.
  let mayLeaveOut: [Bool]
  /// The indices of the properties whose members are always written.
  let constantMembers: [Int]
  /// The index of each property, by its name.
  private let indices: [String: Int]
  /// All navigation properties: inherited ones first, then the type's own, sorted by name.
  public let navigation: [NavigationProperty]
  /// What the published service has below the type and this one does not.
  let unoffered: [String]
  /// The description that metadata shows; empty when there is none.
  public let documentation: String
  /// The keys of the path segments that stand for navigation properties. They have an array of their own, so that
  /// searching them is fast.
  private let segmentKeys: [Int]
  /// The navigation properties that each of these segments stands for.
  private let segmentNavigation: [[NavigationProperty]]

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
    unoffered = declaration.unoffered
    documentation = declaration.documentation
    self.properties = properties
    unset = properties.map(StructuredValue.unset)
    memberKeys = properties.map { MemberKey($0.memberPrefix) }
    mayLeaveOut = properties.map { declaration.showsOnlySetMembers || $0.traits.contains(.omittedWhenNull) }
    constantMembers = mayLeaveOut.indices.filter { [mayLeaveOut] in !mayLeaveOut[$0] }
    indices = Dictionary(properties.map { ($0.name, $0.index) }, uniquingKeysWith: { first, _ in first })
    self.navigation = navigation
    let segments = Self.segments(navigation)
    segmentKeys = segments.map(\.key)
    segmentNavigation = segments.map(\.navigation)
  }

  /// The navigation properties that can be selected and expanded.
  var inlineNavigation: [NavigationProperty] { navigation.filter { $0.isExpandable } }

  /// The type of what a navigation property of this type leads to in a response: where the declared one is abstract, such as
  /// that of a person's manager, it is this type.
  func inlineTarget(of navigation: NavigationProperty) -> StructuredType {
    navigation.target.isAbstract ? self : navigation.target
  }

  /// The property with exactly this name; nil when there is none.
  public func property(named name: String) -> Property? { indices[name].map { properties[$0] } }

  /// The property with this name, otherwise the one whose name differs in ASCII case only: Graph compares names so in
  /// URLs.
  func property(inAnyCase name: String) -> Property? {
    property(named: name) ?? properties.first { $0.name.isSameName(as: name) }
  }

  /// The navigation properties that a path segment stands for, outermost first: two when the segment leaves out an
  /// owner (`NavigationProperty.isOwnerOptionalInPaths`), none when it names no navigation property.
  func navigation(of segment: String) -> [NavigationProperty] {
    let key = Self.segmentKey(segment)
    for index in segmentKeys.indices where segmentKeys[index] == key {
      if segmentNavigation[index].last?.isNamed(segment) == true { return segmentNavigation[index] }
    }
    return []
  }

  /// Every segment with what it stands for. Own properties come before those of owners that may be left out.
  private static func segments(
    _ navigation: [NavigationProperty]
  ) -> [(key: Int, navigation: [NavigationProperty])] {
    let inner = navigation.filter { !$0.isCollection }.flatMap { owner in
      owner.target.navigation.filter(\.isOwnerOptionalInPaths).map { [owner, $0] }
    }
    return (navigation.map { [$0] } + inner).flatMap { path in
      path.suffix(1).flatMap { [$0.name] + $0.aliases }.map { (segmentKey($0), path) }
    }
  }

  /// A number made of the length and the first letter of a name, ignoring ASCII case. It distinguishes most names.
  private static func segmentKey(_ name: String) -> Int { name.utf8.count << 8 | Int((name.utf8.first ?? 0) | 0x20) }

  /// The name that a segment or an option means, if it is one of those that the published service has below the type and
  /// this one does not; nil for any other.
  func unofferedName(_ name: some StringProtocol) -> String? { unoffered.first { $0.isSameName(as: String(name)) } }

  /// The index of the property that a member of a JSON object names; nil when there is none. The search starts at
  /// `likely`: members mostly come in the order of their declaration, so the first comparison mostly succeeds.
  func propertyIndex(of name: JSONReader.Text, likely: Int) -> Int? {
    for property in properties[min(likely, properties.count)...] where name.equals(property.nameBytes) {
      return property.index
    }
    for property in properties.prefix(likely) where name.equals(property.nameBytes) { return property.index }
    return nil
  }

  /// Whether an `@odata.type` names this type. The leading `#` is optional (OData JSON 4.01 section 4.5.3), and ASCII
  /// case is ignored, as Graph does.
  func isNamed(byAnnotation annotation: String) -> Bool {
    let name = annotation.utf8.first == UInt8(ascii: "#") ? String(annotation.dropFirst()) : annotation
    return qualifiedName.isSameName(as: name) || aliases.contains { $0.isSameName(as: name) }
  }
}
