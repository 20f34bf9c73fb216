import OData

/// Items that say how to reach a person.
enum ContactTypes {
  static let all: [StructuredTypeDeclaration] = [address, email, phone, webAccount, website]

  private static let address = StructuredTypeDeclaration.entity(
    "itemAddress", base: "itemFacet", contained: .init(in: "profile", as: "addresses", "Postal addresses."),
    "A postal address of a person.",
    [
      .string("displayName", "A name that the person gave the address."),
      .named("physicalAddress", "detail", "The address itself."),
      .named("geoCoordinates", "geoCoordinates", "Where it lies."),
    ])

  private static let email = StructuredTypeDeclaration.entity(
    "itemEmail", base: "itemFacet", contained: .init(in: "profile", as: "emails", "Email addresses."),
    "An email address of a person.",
    [
      .string("address", "The address, kept byte for byte."),
      .string("displayName", "A name that the person gave the address."),
      .named("emailType", "type", "The kind of address."),
    ])

  private static let phone = StructuredTypeDeclaration.entity(
    "itemPhone", base: "itemFacet", contained: .init(in: "profile", as: "phones", "Phone numbers."),
    "A phone number of a person.",
    [
      .string("displayName", "A name that the person gave the number."),
      .named("phoneType", "type", "The kind of number."),
      .string("number", "The number, kept byte for byte."),
    ])

  private static let webAccount = StructuredTypeDeclaration.entity(
    "webAccount", base: "itemFacet", contained: .init(in: "profile", as: "webAccounts", "Accounts on web services."),
    "An account of a person on a service of the web.",
    [
      .string("description", "What the person uses it for."),
      .named("serviceInformation", "service", "The service."),
      .string("statusMessage", "What the person says there of the moment."),
      .string("thumbnailUrl", "A small picture."),
      .string("userId", "Name of the person on the service."),
      .string("webUrl", "The person's page on the service."),
    ])

  private static let website = StructuredTypeDeclaration.entity(
    "personWebsite", base: "itemFacet", contained: .init(in: "profile", as: "websites", "Websites."),
    "A website that belongs to a person.",
    [
      .string("categories", "Tags that the person chose.").collection,
      .string("description", "What stands there."),
      .string("displayName", "Name of the website."),
      .string("webUrl", "Its address."),
      .string("thumbnailUrl", "A small picture."),
    ])
}
