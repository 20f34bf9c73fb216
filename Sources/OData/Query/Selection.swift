/// Which members of a value are asked for (`$select`, OData URL Conventions 4.01 section 5.1.4).
public struct Selection: Equatable, Sendable {
  /// One selected property; `within` is nil when it is asked for as a whole.
  public struct Member: Equatable, Sendable {
    /// The position of the property in its type.
    public let index: Int
    /// What is asked for of its complex value.
    public internal(set) var within: Selection?
  }

  /// Selected properties, each once, in the order they were asked for.
  public internal(set) var members: [Member] = []
  /// Names of the navigation properties that are selected.
  public internal(set) var navigation: [String] = []
  /// Whether `*` stands among them.
  public internal(set) var includesAllProperties = false

  /// The selection as it stands in a context URL, in parentheses (OData JSON 4.01 section 10.8).
  public func contextSuffix(of type: StructuredType) -> String { "(\(paths(of: type).joined(separator: ",")))" }

  /// The paths of what is selected.
  func paths(of type: StructuredType) -> [String] {
    let properties = members.flatMap { member -> [String] in
      let property = type.properties[member.index]
      guard let within = member.within, case .complex(let complex) = property.type else { return [property.name] }
      return within.paths(of: complex).map { "\(property.name)/\($0)" }
    }
    return (includesAllProperties ? ["*"] : []) + properties + navigation
  }

  /// The union of both: what is asked for as a whole stays whole.
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

/// A navigation property whose content is asked for (`$expand`, OData URL Conventions 4.01 section 5.1.3).
public struct Expansion: Sendable {
  /// The canonical name of the navigation property.
  public let navigation: String
  /// What is asked for of its entities.
  public let options: QueryOptions
  /// Whether only their number is asked for (`/$count`).
  public let countsOnly: Bool
}
