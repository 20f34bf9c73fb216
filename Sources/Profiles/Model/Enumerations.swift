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
    EnumTypeDeclaration("bodyType", "How a text is written.", ["text": 0, "html": 1]),
    EnumTypeDeclaration(
      "emailType", "The kind of an email address.",
      ["unknown": 0, "work": 1, "personal": 2, "main": 3, "other": 4]),
    EnumTypeDeclaration(
      "languageProficiencyLevel", "How well somebody knows a language.",
      [
        "elementary": 0, "conversational": 1, "limitedWorking": 2, "professionalWorking": 3, "fullProfessional": 4,
        "nativeOrBilingual": 5, "unknownFutureValue": 6,
      ]),
    EnumTypeDeclaration(
      "personAnnualEventType", "What a yearly day remembers. The number 4 has no member.",
      ["birthday": 0, "wedding": 1, "work": 2, "other": 3, "unknownFutureValue": 5]),
    EnumTypeDeclaration(
      "personRelationship", "How another person stands to the owner of the profile.",
      [
        "manager": 0, "colleague": 1, "directReport": 2, "dotLineReport": 3, "assistant": 4, "dotLineManager": 5,
        "alternateContact": 6, "friend": 7, "spouse": 8, "sibling": 9, "child": 10, "parent": 11, "sponsor": 12,
        "emergencyContact": 13, "other": 14, "unknownFutureValue": 15,
      ]),
    EnumTypeDeclaration(
      "phoneType", "The kind of a phone number.",
      [
        "home": 0, "business": 1, "mobile": 2, "other": 3, "assistant": 4, "homeFax": 5, "businessFax": 6,
        "otherFax": 7, "pager": 8, "radio": 9,
      ]),
    EnumTypeDeclaration(
      "physicalAddressType", "The kind of a postal address.", ["unknown": 0, "home": 1, "business": 2, "other": 3]),
    EnumTypeDeclaration(
      "profileChangeKind", "What happened to an item, a person or a membership.",
      ["created": 1, "updated": 2, "deleted": 3, "imported": 4]),
    EnumTypeDeclaration(
      "skillProficiencyLevel", "How well somebody commands a skill.",
      [
        "elementary": 0, "limitedWorking": 1, "generalProfessional": 2, "advancedProfessional": 3, "expert": 4,
        "unknownFutureValue": 5,
      ]),
    EnumTypeDeclaration(
      "userPersona", "Where an account comes from and what it may be.",
      [
        "unknown": 0, "externalMember": 1, "externalGuest": 2, "internalMember": 3, "internalGuest": 4,
        "unknownFutureValue": 5,
      ]),
  ]
}
