import OData

/// Somebody who stands near a person (Graph's `person`). The members are those of v1.0's page that a directory can fill, and
/// the names that the page of beta has for two of them.
enum PersonTypes {
  static let all: [StructuredTypeDeclaration] = [person, personType, scoredEmailAddress, rankedEmailAddress]

  private static let person = StructuredTypeDeclaration.entity(
    "person", base: "entity", ignoresCase: true,
    contained: .init(
      in: "user", as: "people", isExpandable: false, "The people who stand near a person, nearest first."),
    "Somebody who stands near a person.",
    [
      .string("displayName", "Name shown in the address book."),
      .string("givenName", "First name."),
      .string("surname", "Family name."),
      .string("birthday", "Never set: a birthday is an item of a profile."),
      .string("personNotes", "Never set: nobody writes notes about others here."),
      .primitive(.boolean, "isFavorite", "Whether the person marked somebody as a favorite; never true here."),
      .string("jobTitle", "Job title."),
      .string("companyName", "Name of the company."),
      .string("yomiCompany", "Never set: how the name of the company is spoken in Japanese."),
      .string("department", "Department."),
      .string("officeLocation", "Office."),
      .string("profession", "Never set: the directory has no profession."),
      .string("userPrincipalName", "Sign-in name."),
      .string("imAddress", "Never set: the directory has no address for instant messages."),
      .named("scoredEmailAddress", "scoredEmailAddresses", "Mail address, with how near the person stands.").collection,
      .named("personType", "personType", "What the entry stands for."),
      .string("title", "Job title, as beta names it."),
      .named("rankedEmailAddress", "emailAddresses", "Mail address, as beta names it.").collection,
    ])

  private static let personType = StructuredTypeDeclaration.complex(
    "personType", "What an entry among the people near somebody stands for.",
    [
      .string("class", "Kind of the entry, such as Person."),
      .string("subclass", "Kind of the person, such as OrganizationUser."),
    ])

  private static let scoredEmailAddress = StructuredTypeDeclaration.complex(
    "scoredEmailAddress", "A mail address and how near its person stands.",
    [
      .string("address", "The address."),
      .primitive(.double, "relevanceScore", "The points of the person; more is nearer."),
    ])

  private static let rankedEmailAddress = StructuredTypeDeclaration.complex(
    "rankedEmailAddress", "A mail address and how near its person stands.",
    [
      .string("address", "The address."),
      .primitive(.double, "rank", "The points of the person; more is nearer."),
    ])
}
