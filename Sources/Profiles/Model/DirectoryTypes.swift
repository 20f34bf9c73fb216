import OData

/// The person and the profile that hangs off it.
enum DirectoryTypes {
  static let all: [StructuredTypeDeclaration] = [
    .entity(
      "directoryObject", base: "entity", isAbstract: true, ignoresCase: true, "Anything in the directory.", []),
    .entity(
      "user", base: "directoryObject",
      references: [
        .init("memberOf", to: "directoryObject", "The groups that a person is a member of."),
        .init(
          "manager", to: "directoryObject", isCollection: false, isExpandable: true, "The person's manager."),
        .init("directReports", to: "directoryObject", "The people whose manager the person is."),
        .init("transitiveReports", to: "directoryObject", "These, with the people below them."),
      ],
      "A person of the directory.",
      [
        .string("displayName", "Name shown in the address book."),
        .string("givenName", "First name."),
        .string("surname", "Family name."),
        .string("userPrincipalName", "Sign-in name, unique in its tenant in any case."),
        .string("mail", "Primary mail address, unique in its tenant in any case."),
        .string("jobTitle", "Job title."),
        .string("department", "Department."),
        .string("officeLocation", "Office."),
        .string("preferredLanguage", "Language tag such as en-US.").traits(.selfService),
        .string("mobilePhone", "Main mobile number.").traits(.selfService),
        .string("businessPhones", "Business numbers.").collection.nonNullable.traits(.selfService),
      ]),
    .entity(
      "profile", base: "entity",
      contained: .init(in: "user", as: "profile", isCollection: false, "Everything a person says of themself."),
      "The profile of a person; its content lies in its collections.", []),
    .entity(
      "group", base: "directoryObject",
      references: [.init("members", to: "directoryObject", "The people in the group.")],
      "People who share what they mark for group members.",
      [
        .string("displayName", "Name of the group."),
        .string("description", "What the group is for."),
        .string("mail", "Mail address."),
        .string("mailNickname", "Part of the mail address before the @."),
        .primitive(.boolean, "mailEnabled", "Whether the group receives mail."),
        .primitive(.boolean, "securityEnabled", "Whether rights are granted to the group."),
        .string("groupTypes", "Kinds of the group, such as Unified.").collection.nonNullable,
        .string("visibility", "Who may see the group, in the words of the organisation."),
        .primitive(.dateTimeOffset, "createdDateTime", "When the group was made.").traits(.readOnly),
      ]),
    .entity(
      "profileChange", base: "entity", isExtension: true,
      contained: .init(in: "profile", as: "changes", isExpandable: false, "Who changed what and when, oldest first."),
      "A row of the audit log of a person. It holds names of properties, and none of their values.",
      [
        .primitive(.dateTimeOffset, "time", "When it happened.").traits(.readOnly),
        .named("profileChangeKind", "kind", "What happened.").traits(.readOnly),
        .string("userId", "Who did it; null for an application on its own, and for an import.").traits(.readOnly),
        .string("applicationId", "The application that did it.").traits(.readOnly),
        .string("collection", "The collection of the item; null when the person themself was touched.")
          .traits(.readOnly),
        .string("itemId", "The item.").traits(.readOnly),
        .string("properties", "The properties that changed.").collection.nonNullable.traits(.readOnly),
        .string("versionBefore", "The entity tag before; null when there was none.").traits(.readOnly),
        .string("versionAfter", "The entity tag after; null when there is none.").traits(.readOnly),
      ]),
  ]
}
