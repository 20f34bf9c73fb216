import OData

/// Items that say how to reach a person.
enum ContactTypes {
  static let all: [StructuredTypeDeclaration] = [
    .entity(
      "itemPhone", base: "itemFacet", contained: .init(in: "profile", as: "phones", "Phone numbers."),
      "A phone number of a person.",
      [
        .string("displayName", "A name that the person gave the number."),
        .named("phoneType", "type", "The kind of number."),
        .string("number", "The number, kept byte for byte."),
      ])
  ]
}
