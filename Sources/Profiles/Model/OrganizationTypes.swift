import OData

/// The organisation of a tenant and its domains (Graph pages on the resource types organization and domain). They are
/// made of the tenant's settings, and requests cannot write them.
enum OrganizationTypes {
  static let all: [StructuredTypeDeclaration] = [
    .complex(
      "verifiedDomain", "A domain that belongs to an organisation.",
      [
        .string("capabilities", "What the domain is for."),
        .primitive(.boolean, "isDefault", "Whether new people get it."),
        .primitive(.boolean, "isInitial", "Whether it was the first one."),
        .string("name", "Name of the domain."),
        .string("type", "Managed, since this server signs its people in."),
      ]),
    .entity(
      "organization", base: "directoryObject", unoffered: UnofferedNames.ofOrganization,
      "The organisation of a tenant.",
      [
        .string("displayName", "Name of the organisation.").traits(.readOnly),
        .string("technicalNotificationMails", "Mail addresses for technical messages.").collection.nonNullable
          .traits(.readOnly),
        .string("tenantType", "AAD: a tenant of people who work together.").traits(.readOnly),
        .named("verifiedDomain", "verifiedDomains", "Its domains.").collection.nonNullable.traits(.readOnly),
      ]),
    .entity(
      "domain", base: "entity", ignoresCase: true, unoffered: UnofferedNames.ofDomain,
      "A domain of a tenant; its id is the name.",
      [
        .string("authenticationType", "Managed, since this server signs its people in.").traits(.readOnly),
        .primitive(.boolean, "isAdminManaged", "Whether administrators keep it.").traits(.readOnly),
        .primitive(.boolean, "isDefault", "Whether new people get it.").traits(.readOnly),
        .primitive(.boolean, "isInitial", "Whether it was the first one.").traits(.readOnly),
        .primitive(.boolean, "isRoot", "Whether it is no subdomain of another domain of the tenant.")
          .traits(.readOnly),
        .primitive(.boolean, "isVerified", "Whether it is known to belong to the tenant.").traits(.readOnly),
        .string("supportedServices", "What the domain is for.").collection.nonNullable.traits(.readOnly),
      ]),
  ]
}
