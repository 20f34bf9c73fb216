/// The selected members of a value (`$select`, OData URL Conventions 4.01 section 5.1.4).
public struct Selection: Equatable, Sendable {
  /// One selected property.
  public struct Member: Equatable, Sendable {
    /// The index of the property in its type.
    public let index: Int
    /// The selected members of its complex value; nil when the property is selected as a whole.
    public internal(set) var within: Selection?
  }

  /// The selected properties, each once, in the order in which they were named.
  public internal(set) var members: [Member] = []
  /// The names of the selected navigation properties.
  public internal(set) var navigation: [String] = []
  /// Whether `*` selects all properties.
  public internal(set) var includesAllProperties = false

  /// A selection of nothing.
  init() {}

  /// A selection of properties by their indices.
  public init(of properties: some Sequence<Property>) {
    members = properties.map { Member(index: $0.index, within: nil) }
  }

  /// The selected properties of `type` that are computed.
  public func computed(of type: StructuredType) -> [Property] {
    members.map { type.properties[$0.index] }.filter { $0.traits.contains(.computed) }
  }

  /// The select list of a context URL, in parentheses (OData 4.01 Part 1 sections 10.7 and 10.8).
  public func contextSuffix(of type: StructuredType) -> String { "(\(paths(of: type).joined(separator: ",")))" }

  /// The paths of the selected members.
  func paths(of type: StructuredType) -> [String] {
    let properties = members.flatMap { member -> [String] in
      let property = type.properties[member.index]
      guard let within = member.within, case .complex(let complex) = property.type else { return [property.name] }
      return within.paths(of: complex).map { "\(property.name)/\($0)" }
    }
    return (includesAllProperties ? ["*"] : []) + properties + navigation
  }

  /// Adds a property. A property that is selected as a whole stays whole.
  mutating func add(_ index: Int, within: Selection?) {
    guard let position = members.firstIndex(where: { $0.index == index }) else {
      return members.append(Member(index: index, within: within))
    }
    guard let within, var existing = members[position].within else {
      members[position].within = nil
      return
    }
    for member in within.members { existing.add(member.index, within: member.within) }
    members[position].within = existing
  }
}

/// An expanded navigation property (`$expand`, OData URL Conventions 4.01 section 5.1.3).
public struct Expansion: Sendable {
  /// The canonical name of the navigation property.
  public let navigation: String
  /// The options that apply to its entities (OData URL Conventions 4.01 section 5.1.3.1).
  public let options: QueryOptions
  /// Whether only the number of its entities is asked for (`/$count`).
  public let countsOnly: Bool
}
