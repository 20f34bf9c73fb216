import OData

/// Enumeration types of the profile, with the numbers of Graph's CSDL.
enum Enumerations {
  static let all: [EnumTypeDeclaration] = [
    EnumTypeDeclaration(
      "allowedAudiences", isFlags: true, "Who may see an item. The members combine; `me` stands for none of them.",
      [
        "me": 0, "family": 1, "contacts": 2, "groupMembers": 4, "organization": 8, "federatedOrganizations": 16,
        "everyone": 32, "unknownFutureValue": 64,
      ]),
    EnumTypeDeclaration(
      "phoneType", "The kind of a phone number.",
      [
        "home": 0, "business": 1, "mobile": 2, "other": 3, "assistant": 4, "homeFax": 5, "businessFax": 6,
        "otherFax": 7, "pager": 8, "radio": 9,
      ]),
  ]
}
