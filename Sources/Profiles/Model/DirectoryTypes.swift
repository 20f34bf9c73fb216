import OData

/// The person and the profile that hangs off it.
enum DirectoryTypes {
  static let all: [StructuredTypeDeclaration] = [
    .entity("directoryObject", base: "entity", isAbstract: true, "Anything in the directory.", []),
    .entity(
      "user", base: "directoryObject", "A person of the directory.",
      [
        .string("displayName", "Name shown in the address book."),
        .string("givenName", "First name."),
        .string("surname", "Family name."),
        .string("userPrincipalName", "Sign-in name, unique in its tenant in any case."),
        .string("mail", "Primary mail address."),
        .string("jobTitle", "Job title."),
        .string("department", "Department."),
        .string("officeLocation", "Office."),
        .string("preferredLanguage", "Language tag such as en-US."),
        .string("mobilePhone", "Main mobile number."),
        .string("businessPhones", "Business numbers.").collection.nonNullable,
      ]),
    .entity(
      "profile", base: "entity",
      contained: .init(in: "user", as: "profile", isCollection: false, "Everything a person says of themself."),
      "The profile of a person; its content lies in its collections.", []),
  ]
}
