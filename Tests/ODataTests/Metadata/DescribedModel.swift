import OData

/// A model with one of everything that metadata can describe, and strings that need escaping.
enum DescribedModel {
  static let model: EntityModel = {
    do throws(EntityModel.DeclarationError) {
      return try EntityModel(
        namespace: "test.model", enums: enums, types: types,
        roots: [.entitySet("people", aliases: ["persons"], of: "person"), .singleton("self", of: "person")])
    } catch {
      preconditionFailure("The model of the tests is wrong: \(error)")
    }
  }()

  /// The whole model, with annotations beyond those of its declarations.
  static let description = ModelDescription(
    of: model, containerName: "Container",
    vocabularies: [Vocabulary(at: "https://example.org/Extra", namespace: "example.Extra", alias: "Extra")],
    annotations: [
      "person": [Annotation("Core.AlternateKeys", .collection([.record([("Key", .collection([key]))])]))],
      "person/number": [Annotation("Extra.Mark", .bool(true)), Annotation("Extra.Path", .propertyPath("name"))],
      "person/home": [Annotation("Extra.Level", .member(type: "Extra.Level", name: "high"))],
      "": [Annotation("Extra.Flags", .collection([.bool(false), .member(type: "Extra.Level", name: "low")]))],
    ])

  private static let key = Annotation.Value.record([("Name", .propertyPath("name")), ("Alias", .string("name"))])

  private static let enums = [
    EnumTypeDeclaration("audience", isFlags: true, "Who may see it.", ["none": 0, "few": 1, "many": 4]),
    EnumTypeDeclaration("kind", "", ["plain": 0, "special": 7]),
  ]

  private static let types: [StructuredTypeDeclaration] = [
    .entity(
      "entity", base: nil, isAbstract: true, "Anything with a key.",
      [.string("id", "The key.").nonNullable.traits(.key)]),
    .entity(
      "person", base: "entity", "A person: <Tom> & \"Jerry\",\nboth.",
      [
        .string("name", ""), .string("required", "Never null.").nonNullable,
        .primitive(.boolean, "isActive", ""), .primitive(.int32, "number", ""), .primitive(.int64, "large", ""),
        .primitive(.double, "score", ""), .primitive(.date, "day", ""),
        .primitive(.dateTimeOffset, "moment", "When.").traits(.stamp),
        .named("audience", "audience", "Who."), .named("kind", "kind", "").nonNullable,
        .named("place", "place", "Where."), .named("place", "places", "").collection.traits(.readOnly),
        .string("tags", "Words.").collection.nonNullable,
        .string("origin", "One or many.").collection.traits(.singleOrCollection),
      ]),
    .entity("home", base: "entity", contained: .init(in: "person", as: "home", isCollection: false, "Home."), "", []),
    .entity(
      "pet", base: "entity", contained: .init(in: "home", as: "pets", aliases: ["animals"], "Pets of the home."), "",
      [.named("fur", "fur", "")]),
    .complex("place", isOpen: true, "A place.", [.string("city", "")]),
    .complex("fur", "", [.named("kind", "kind", "")]),
  ]
}
