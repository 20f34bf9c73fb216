import OData

/// Items that say who a person is.
enum PersonalTypes {
  static let all: [StructuredTypeDeclaration] = [account, name, annualEvent, interest, note]

  private static let account = StructuredTypeDeclaration.entity(
    "userAccountInformation", base: "itemFacet",
    contained: .init(in: "profile", as: "account", aliases: ["accounts"], "Facts about the account."),
    "What the directory says of a person's account.",
    [
      .string("ageGroup", "Age band that the directory gives the person.").traits(.readOnly),
      .string("countryCode", "Country of the account, in two letters."),
      .named("localeInfo", "preferredLanguageTag", "Language that the person prefers."),
      .string("userPrincipalName", "Sign-in name of the account.").traits(.readOnly),
      .named("originTenantInfo", "originTenantInfo", "Where a guest comes from.").traits(.readOnly),
      .named("userPersona", "userPersona", "Whether the person is a member or a guest.").traits(.readOnly),
    ])

  private static let name = StructuredTypeDeclaration.entity(
    "personName", base: "itemFacet", contained: .init(in: "profile", as: "names", "Names."),
    "A name of a person.",
    [
      .string("displayName", "The whole name, ordered as its language does."),
      .string("first", "First name."),
      .string("initials", "Initials."),
      .string("last", "Family name."),
      .string("languageTag", "Language of the name, as a tag such as en-US."),
      .string("maiden", "Family name at birth."),
      .string("middle", "Middle name."),
      .string("nickname", "What friends say."),
      .string("suffix", "What stands after the name."),
      .string("title", "What stands before the name."),
      .named("personNamePronounciation", "pronunciation", "How the name is spoken."),
    ])

  private static let annualEvent = StructuredTypeDeclaration.entity(
    "personAnnualEvent", base: "itemFacet", aliases: ["personAnniversary"],
    contained: .init(in: "profile", as: "anniversaries", "Days that come back each year."),
    "A day of a person's life that comes back each year.",
    [
      .named("personAnnualEventType", "type", "What happened on the day."),
      .primitive(.date, "date", "The day itself."),
      .string("displayName", "A name that the person gave the day."),
    ])

  private static let interest = StructuredTypeDeclaration.entity(
    "personInterest", base: "itemFacet", contained: .init(in: "profile", as: "interests", "Interests."),
    "Something that a person cares about.",
    [
      .string("categories", "Tags that the person chose.").collection,
      .string("description", "What it is about."),
      .string("displayName", "Name of the interest."),
      .string("webUrl", "A page about it."),
      .string("collaborationTags", "How others may approach the person about it, such as askMeAbout.").collection,
      .string("thumbnailUrl", "A small picture."),
    ])

  private static let note = StructuredTypeDeclaration.entity(
    "personAnnotation", base: "itemFacet", contained: .init(in: "profile", as: "notes", "Notes."),
    "A text about a person, such as a few words about themself.",
    [
      .named("itemBody", "detail", "The text."),
      .string("displayName", "Title of the note."),
      .string("thumbnailUrl", "A small picture."),
    ])
}
