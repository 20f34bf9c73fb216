import OData

/// The collection in which people list their family and contacts. It defines the audiences `family` and `contacts`. An
/// extension of Facet; its properties follow Graph's type `relatedPerson`.
public enum Relationship {
  /// The name of the collection within a profile.
  public static let collection = "relationships"

  static let all: [StructuredTypeDeclaration] = [
    .entity(
      "itemRelationship", base: "itemFacet", isExtension: true,
      contained: .init(in: "profile", as: collection, "Family and contacts."),
      "Somebody whom the owner of the profile lists as family or as a contact.",
      [
        .string("displayName", "Name of the other person."),
        .named("personRelationship", "relationship", "How the other person stands to the owner."),
        .string("relationshipLabel", "The relationship in the owner's words."),
        .string("userId", "Id of the other person. Without it the entry lets nobody in."),
        .string("userPrincipalName", "Sign-in name of the other person."),
      ])
  ]

  private static let type = ProfileModel.model.type(named: "itemRelationship")

  /// The person whom an item lists; nil for items of other types and for entries that name nobody. `value` gives the
  /// value of a property of the item; its error is rethrown.
  ///
  /// Spouse, sibling, child and parent are family; every other relationship is a contact.
  static func listed<Failure: Error>(
    of type: StructuredType, by value: (Property) throws(Failure) -> Value
  ) throws(Failure) -> ListedPerson? {
    guard type === self.type, let user = type.property(named: "userId"),
      let relationship = type.property(named: "relationship"), case .string(let text) = try value(user),
      let id = UserID(text)
    else { return nil }
    guard case .enumeration(let number) = try value(relationship), family.contains(number) else {
      return ListedPerson(id, as: .contacts)
    }
    return ListedPerson(id, as: .family)
  }

  /// Numbers of spouse, sibling, child and parent in the enumeration `personRelationship`.
  private static let family: ClosedRange<Int64> = 8...11
}

/// A person whom an item lists.
public struct ListedPerson: Equatable, Sendable {
  /// The person's id.
  public let user: UserID
  /// `family` or `contacts`.
  public let audience: Audience

  /// The person `user`, listed as one of an audience.
  public init(_ user: UserID, as audience: Audience) {
    self.user = user
    self.audience = audience
  }
}
