import OData

/// A model with everything that paths and values can meet: both kinds of roots, both kinds of navigation properties,
/// aliases, an enumeration, a complex type, an open type.
enum TestModel {
  static let model: EntityModel = {
    do throws(EntityModel.DeclarationError) {
      return try EntityModel(
        namespace: "test", enums: [audiences, kind], types: types,
        roots: [.entitySet("users", aliases: ["user"], of: "user"), .singleton("me", of: "user")])
    } catch {
      preconditionFailure("The model of the tests is wrong: \(error)")
    }
  }()

  /// The type of this name.
  static func type(_ name: String) -> StructuredType {
    guard let type = model.type(named: name) else { preconditionFailure("There is no type \(name)") }
    return type
  }

  static let audiences = EnumTypeDeclaration(
    "allowedAudiences", isFlags: true, "",
    [
      "me": 0, "family": 1, "contacts": 2, "groupMembers": 4, "organization": 8, "federatedOrganizations": 16,
      "everyone": 32, "unknownFutureValue": 64,
    ])
  static let kind = EnumTypeDeclaration("kind", "", ["home": 0, "business": 1, "mobile": 5])

  private static let types: [StructuredTypeDeclaration] = [
    .entity("user", base: nil, "", [.string("id", "").nonNullable.traits(.key), .string("displayName", "")]),
    .entity("profile", base: nil, contained: .init(in: "user", as: "profile", isCollection: false, ""), "", []),
    .entity(
      "phone", base: nil, contained: .init(in: "profile", as: "phones", aliases: ["telephones"], ""), "",
      [
        .string("id", "").nonNullable.traits(.key), .string("number", ""), .named("place", "place", ""),
        .named("place", "places", "").collection, .string("tags", "").collection.nonNullable,
        .named("allowedAudiences", "audiences", "").nullMeans(.enumeration(0)),
      ]),
    .entity(
      "person", base: nil, ignoresCase: true, "",
      [
        .string("id", "").nonNullable.traits(.key), .string("name", ""), .string("nicknames", "").collection,
        .named("place", "home", ""), .named("kind", "badge", ""), .string("note", ""),
      ]),
    .complex("place", isOpen: true, "", [.string("city", ""), .string("street", ""), .named("spot", "spot", "")]),
    .complex("spot", "", [.primitive(.double, "x", ""), .primitive(.double, "y", "")]),
  ]
}
