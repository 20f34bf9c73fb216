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
          "transitiveMemberOf", to: "directoryObject",
          "The groups that a person is a member of, and those that these are members of."),
      ] + PhotoTypes.references,
      unoffered: UnofferedNames.ofUser,
      "A person of the directory.", UserProperties.all),
    .entity(
      "profile", base: "entity",
      contained: .init(in: "user", as: "profile", isCollection: false, "Everything a person says of themself."),
      "The profile of a person; its content lies in its collections.", []),
    .entity(
      "group", base: "directoryObject",
      references: [
        .init("memberOf", to: "directoryObject", "The groups that the group is a member of."),
        .init("members", to: "directoryObject", "The people and groups in the group."),
        .init("owners", to: "directoryObject", "The people whom the organisation names as owners, without rights."),
        .init(
          "transitiveMemberOf", to: "directoryObject",
          "The groups that the group is a member of, and those that these are members of."),
        .init(
          "transitiveMembers", to: "directoryObject", "The people and groups in the group, and in the groups in it."),
      ] + PhotoTypes.references,
      unoffered: UnofferedNames.ofGroup,
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
        .string("classification", "How confidential the group is, in the words of the organisation."),
        .primitive(.dateTimeOffset, "expirationDateTime", "When the group ends.").traits(.readOnly),
        .primitive(.boolean, "isAssignableToRole", "Whether roles are assigned to the group; never true here."),
        .string("membershipRule", "The rule by which members are found; never set here."),
        .string("membershipRuleProcessingState", "Whether the rule is applied; never set here."),
        .string("onPremisesDomainName", "Domain of the group in a directory on premises.").traits(.readOnly),
        .primitive(.dateTimeOffset, "onPremisesLastSyncDateTime", "When the group last came from there.")
          .traits(.readOnly),
        .string("onPremisesNetBiosName", "NetBIOS name of that domain.").traits(.readOnly),
        .string("onPremisesSamAccountName", "Account name of the group there.").traits(.readOnly),
        .string("onPremisesSecurityIdentifier", "Security identifier of the group there.").traits(.readOnly),
        .primitive(.boolean, "onPremisesSyncEnabled", "Whether the group comes from there.").traits(.readOnly),
        .string("preferredDataLocation", "Where data of the group should lie."),
        .string("preferredLanguage", "Language tag such as en-US."),
        .string("proxyAddresses", "Mail addresses with their kinds, as SMTP:team@contoso.example.").collection
          .nonNullable.traits(.readOnly),
        .primitive(.dateTimeOffset, "renewedDateTime", "When the group was last renewed.").traits(.readOnly),
        .string("resourceBehaviorOptions", "Behaviours, in the words of the organisation.").collection.nonNullable,
        .string("resourceProvisioningOptions", "What comes with the group, such as Team.").collection.nonNullable,
        .string("securityIdentifier", "Security identifier of the group.").traits(.readOnly),
        .string("theme", "Colour of the group."),
        .string("uniqueName", "Name by which programs know the group."),
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

  /// The actions of the directory (Graph pages of `directoryObject`).
  static let actions: [Action] = [
    .init(
      "checkMemberGroups", boundTo: "directoryObject", ["groupIds": .collection(.string)],
      returns: .collection(.string)),
    .init(
      "checkMemberObjects", boundTo: "directoryObject", ["ids": .collection(.string)], returns: .collection(.string)),
    .init(
      "getMemberGroups", boundTo: "directoryObject", ["securityEnabledOnly": .primitive(.boolean)],
      returns: .collection(.string)),
    .init(
      "getMemberObjects", boundTo: "directoryObject", ["securityEnabledOnly": .primitive(.boolean)],
      returns: .collection(.string)),
    .init(
      "getByIds", ofSet: true, boundTo: "directoryObject",
      ["ids": .collection(.string), "types": .collection(.string)],
      returns: .entities("microsoft.graph.directoryObject")),
    .init(
      "validateProperties", ofSet: true, boundTo: "directoryObject",
      [
        "entityType": .primitive(.string), "displayName": .primitive(.string), "mailNickname": .primitive(.string),
        "onBehalfOfUserId": .primitive(.string),
      ], returns: nil),
  ]
}
