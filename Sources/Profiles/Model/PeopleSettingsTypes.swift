import OData

/// What an organisation decides about its people, at `/admin/people`.
enum PeopleSettingsTypes {
  static let all: [StructuredTypeDeclaration] =
    [admin, settings] + [cardProperty, cardAnnotation, displayNameLocalization]
    + [source, sourceLocalization, propertySetting] + switches

  private static let admin = StructuredTypeDeclaration.entity(
    "admin", base: "entity", "What an organisation decides.", [])

  private static let settings = StructuredTypeDeclaration.entity(
    "peopleAdminSettings", base: "entity",
    contained: .init(
      in: "admin", as: "people", isCollection: false, isExpandable: false,
      "What the organisation decides about its people."),
    "What an organisation decides about its people.", [])

  private static func setting(
    _ name: String, as navigation: String, isCollection: Bool = false, _ documentation: String,
    _ properties: [PropertyDeclaration]
  ) -> StructuredTypeDeclaration {
    .entity(
      name, base: "entity",
      contained: .init(
        in: "peopleAdminSettings", as: navigation, isCollection: isCollection, isExpandable: false, documentation),
      documentation, properties)
  }

  // MARK: Profile cards

  private static let cardProperty = setting(
    "profileCardProperty", as: "profileCardProperties", isCollection: true,
    "A property of the directory that profile cards show beside their usual ones.",
    [
      .string("directoryPropertyName", "Name of the property, such as UserPrincipalName; the key."),
      .named("profileCardAnnotation", "annotations", "How cards label the property.").collection,
      .primitive(.boolean, "isVisible", "Whether cards show the property."),
    ])

  private static let cardAnnotation = StructuredTypeDeclaration.complex(
    "profileCardAnnotation", "A label of a property on profile cards.",
    [
      .string("displayName", "The label."),
      .named("displayNameLocalization", "localizations", "The label in other languages.").collection,
    ])

  private static let displayNameLocalization = StructuredTypeDeclaration.complex(
    "displayNameLocalization", "A label in one language.",
    [
      .string("displayName", "The label."),
      .string("languageTag", "The language as a tag such as de."),
    ])

  // MARK: Sources

  private static let source = setting(
    "profileSource", as: "profileSources", isCollection: true,
    "A source of items: what `sources` of an item names by its `sourceId`.",
    [
      .string("sourceId", "The identifier in `sources` of items; an alternate key, never changed."),
      .string("displayName", "Name of the source for people to read."),
      .string("kind", "Kind of the source."),
      .string("webUrl", "Page of the source."),
      .named("profileSourceLocalization", "localizations", "Name and page in other languages.").collection,
    ])

  private static let sourceLocalization = StructuredTypeDeclaration.complex(
    "profileSourceLocalization", "Name and page of a source in one language.",
    [
      .string("displayName", "Name of the source."),
      .string("languageTag", "The language as a tag such as de."),
      .string("webUrl", "Page of the source."),
    ])

  private static let propertySetting = setting(
    "profilePropertySetting", as: "profilePropertySettings", isCollection: true,
    "The order of sources, or a setting of one property.",
    [
      .string("displayName", "Name of the setting for people to read."),
      .string("name", "The property that is meant; none for the order of sources."),
      .string("prioritizedSourceUrls", "Addresses of sources, the first one preferred.").collection,
    ])

  // MARK: Switches

  private static let switches = [
    setting(
      "pronounsSettings", as: "pronouns", "Whether the organisation offers pronouns.",
      [.primitive(.boolean, "isEnabledInOrganization", "Whether it does.").nonNullable]),
    setting(
      "namePronunciationSettings", as: "namePronunciation",
      "Whether the organisation offers recordings of how names are spoken.",
      [.primitive(.boolean, "isEnabledInOrganization", "Whether it does.").nonNullable]),
    setting(
      "photoUpdateSettings", as: "photoUpdateSettings", "Where photos of people are changed, and by whom.",
      [
        .string("source", "Where they are changed: cloud or onPremises."),
        .string("allowedRoles", "Ids of the directory roles that may change them.").collection,
      ]),
    setting(
      "insightsSettings", as: "itemInsights",
      "Whether the organisation lets programs derive who works with which documents.",
      [
        .primitive(.boolean, "isEnabledInOrganization", "Whether it does.").nonNullable,
        .string("disabledForGroup", "Id of a group whose members are left out."),
      ]),
  ]
}
