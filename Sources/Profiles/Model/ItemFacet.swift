import OData

/// The base type of every item of a profile (Graph's `itemFacet`): key, audience, source, and who wrote it when.
public enum ItemFacet {
  static let all: [StructuredTypeDeclaration] = [
    .entity(
      "entity", base: nil, isAbstract: true, "Anything with a key.",
      [.string("id", "The key: chosen by the server, never changed.").nonNullable.traits(.key)]),
    .entity(
      "itemFacet", base: "entity", isAbstract: true, "What every item of a profile has.",
      [
        .named("allowedAudiences", "allowedAudiences", "Who may see the item.").nullMeans(.enumeration(0)),
        .named("inferenceData", "inference", "Set when the item was inferred, otherwise null."),
        .primitive(.dateTimeOffset, "createdDateTime", "When the item was made.").traits(.stamp),
        .named("identitySet", "createdBy", "Who made the item.").traits(.stamp),
        .primitive(.dateTimeOffset, "lastModifiedDateTime", "When the item was last changed.").traits(.stamp),
        .named("identitySet", "lastModifiedBy", "Who changed the item last.").traits(.stamp),
        .named("personDataSources", "source", "Where the values came from."),
        .named("profileSourceAnnotation", "sources", "Which properties came from where.").collection
          .traits([.readOnly, .omittedWhenNull]),
        .primitive(.boolean, "isSearchable", "Whether search may find the item.").traits(.omittedWhenNull),
      ]),
  ]

  /// Positions of the inherited properties, the same in every item type because inherited ones come first.
  enum Position {
    static let id = index("id")
    static let allowedAudiences = index("allowedAudiences")
    static let createdDateTime = index("createdDateTime")
    static let createdBy = index("createdBy")
    static let lastModifiedDateTime = index("lastModifiedDateTime")
    static let lastModifiedBy = index("lastModifiedBy")

    private static func index(_ name: String) -> Int {
      guard let property = ProfileModel.itemFacet.property(named: name) else {
        preconditionFailure("itemFacet declares no \(name)")
      }
      return property.index
    }
  }
}
