public import OData

/// A property of people by whose text stores find and sort them without reading everybody.
public struct IndexedProperty: Hashable, Sendable {
  /// What stands for the property in stores. It is never given to another property.
  public let number: Int
  /// The name of the property.
  public let name: String
  /// Whether people are sorted by it, so that everybody has a place in its index, also without a text.
  public let isSorted: Bool
  /// The position among the properties of a person.
  let index: Int

  /// The text as indexes hold it: the beginning of its folded form, behind a byte that puts it after those who have no
  /// text. Nil when an index does not hold it.
  public func key(of text: String?) -> [UInt8]? {
    guard let text else { return isSorted ? Self.unset : nil }
    return Self.key(ofFolded: text.folded)
  }

  /// The same for a position in a list that is sorted by the property; nil when it is one of another order.
  public func key(of value: OrderValue) -> [UInt8]? {
    switch value {
    case .null: Self.unset
    case .text(let bytes): Self.set + bytes
    case .int, .double: nil
    }
  }

  /// The position in a list that is sorted by the property.
  public static func orderValue(of key: [UInt8]) -> OrderValue {
    key.isEmpty ? .null : .text(Array(key.dropFirst()))
  }

  static func key(ofFolded text: String) -> [UInt8] { set + text.utf8.prefix(Limits.orderTextBytesMax) }

  private static let unset: [UInt8] = []
  private static let set: [UInt8] = [1]
}

/// Properties whose texts are searched together. Whoever sees one of them sees all of them, so that the time of a search
/// tells nothing of a text that its caller does not see.
public enum SearchGroup: Int32, CaseIterable, Sendable {
  /// What people are called.
  case names = 1
  /// The mail address.
  case mail = 2
  /// How people are reached otherwise.
  case contact = 3
  /// Everything else.
  case others = 4
}

/// What stores index of people: the one table that every store follows.
///
/// To index one more property, add a line with a new number, and a migration to both stores that fills their indexes anew.
/// A property that the model does not declare is left out. A collection of texts is found by each of its elements without a
/// line here, and every text is searched.
public enum DirectoryIndex {
  private static let rows: [(number: Int, name: String, isSorted: Bool)] = [
    (1, "displayName", true),
    (2, "userPrincipalName", true),
    (3, "mail", true),
    (4, "givenName", true),
    (5, "surname", true),
    (6, "jobTitle", true),
    (7, "department", true),
    (8, "employeeId", false),
    (9, "mailNickname", false),
    (10, "onPremisesSamAccountName", false),
    (11, "onPremisesUserPrincipalName", false),
    (12, "onPremisesImmutableId", false),
    (13, "onPremisesSecurityIdentifier", false),
    (14, "onPremisesDistinguishedName", false),
    (15, "officeLocation", false),
  ]

  /// The indexed properties, by number.
  public static let properties: [IndexedProperty] = rows.compactMap { row in
    guard let property = ProfileModel.user.property(named: row.name), property.isText, !property.isCollection else {
      return nil
    }
    return IndexedProperty(number: row.number, name: row.name, isSorted: row.isSorted, index: property.index)
  }

  /// The largest number of a property.
  public static let numberMax = rows.map(\.number).max() ?? 0

  /// The indexed property of this name; nil when there is none.
  public static func property(named name: String) -> IndexedProperty? { properties.first { $0.name == name } }

  /// The indexed property at an index of the model; nil when that one is not indexed.
  static func property(at index: Int) -> IndexedProperty? { propertiesByIndex[index] }

  private static let propertiesByIndex: [IndexedProperty?] = ProfileModel.user.properties.map { property in
    properties.first { $0.index == property.index }
  }

  /// The groups whose texts are searched apart from the others, with the names of their properties.
  private static let groups: [(SearchGroup, Set<String>)] = [
    (.names, ["displayName", "givenName", "surname", "userPrincipalName"]),
    (.mail, ["mail"]),
    (
      .contact,
      [
        "businessPhones", "city", "country", "faxNumber", "imAddresses", "mobilePhone", "officeLocation", "otherMails",
        "postalCode", "proxyAddresses", "state", "streetAddress",
      ]
    ),
  ]

  /// The group that a property of people is searched in; nil for the id, which is not searched.
  static func group(of property: Property) -> SearchGroup? { groupsByIndex[property.index] }

  /// The group of each property, by its index: names are compared once, not for each person who is written.
  private static let groupsByIndex: [SearchGroup?] = ProfileModel.user.properties.map { property in
    guard !property.traits.contains(.key) else { return nil }
    return groups.first { $0.1.contains(property.name) }?.0 ?? .others
  }

  /// The searched properties of a group.
  static func members(of group: SearchGroup) -> [Property] { searched[group] ?? [] }

  private static let searched = Dictionary(
    grouping: ProfileModel.user.properties.filter { $0.holdsTexts && group(of: $0) != nil },
    by: { group(of: $0) ?? .others })
}

extension Property {
  /// Whether the property, or each of its elements, is a text.
  var isText: Bool { if case .primitive(.string) = type { true } else { false } }

  /// Whether texts can be found in the property.
  fileprivate var holdsTexts: Bool {
    switch type {
    case .primitive(.string), .complex, .enumeration: true
    case .primitive: false
    }
  }
}
