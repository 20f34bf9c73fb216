import OData

/// Items that say what a person works on.
enum WorkTypes {
  static let all: [StructuredTypeDeclaration] = [patent, position, project, publication, responsibility]

  private static let patent = StructuredTypeDeclaration.entity(
    "itemPatent", base: "itemFacet", contained: .init(in: "profile", as: "patents", "Patents."),
    "A patent, granted or applied for.",
    [
      .string("description", "What it protects."),
      .string("displayName", "Title of the patent."),
      .primitive(.boolean, "isPending", "Whether it is not granted yet."),
      .primitive(.date, "issuedDate", "Day of the grant."),
      .string("issuingAuthority", "Office that granted it."),
      .string("number", "Number of the patent."),
      .string("webUrl", "A page about it."),
    ])

  private static let position = StructuredTypeDeclaration.entity(
    "workPosition", base: "itemFacet", contained: .init(in: "profile", as: "positions", "Positions at work."),
    "A position that a person holds or held.",
    [
      .string("categories", "Tags that the person chose.").collection,
      .named("positionDetail", "detail", "Title, employer and dates."),
      .named("relatedPerson", "manager", "Whom the person reported to."),
      .named("relatedPerson", "colleagues", "Whom the person worked with.").collection,
      .primitive(.boolean, "isCurrent", "Whether the person holds it today."),
    ])

  private static let project = StructuredTypeDeclaration.entity(
    "projectParticipation", base: "itemFacet", contained: .init(in: "profile", as: "projects", "Projects."),
    "A project that a person took part in.",
    [
      .string("categories", "Tags that the person chose.").collection,
      .named("companyDetail", "client", "Whom the project was for."),
      .string("displayName", "Name of the project."),
      .named("positionDetail", "detail", "The person's part in it."),
      .named("relatedPerson", "colleagues", "Whom the person worked with.").collection,
      .named("relatedPerson", "sponsors", "Who backed the project.").collection,
      .string("collaborationTags", "How others may approach the person about it, such as askMeAbout.").collection,
      .string("thumbnailUrl", "A small picture."),
    ])

  private static let publication = StructuredTypeDeclaration.entity(
    "itemPublication", base: "itemFacet", contained: .init(in: "profile", as: "publications", "Publications."),
    "Something that a person published.",
    [
      .string("description", "What it is about."),
      .string("displayName", "Title of the publication."),
      .primitive(.date, "publishedDate", "Day it came out."),
      .string("publisher", "Who brought it out."),
      .string("thumbnailUrl", "A small picture."),
      .string("webUrl", "A page about it."),
    ])

  private static let responsibility = StructuredTypeDeclaration.entity(
    "personResponsibility", base: "itemFacet",
    contained: .init(in: "profile", as: "responsibilities", isOwnerOptionalInPaths: true, "Responsibilities."),
    "Something that a person answers for.",
    [
      .string("description", "What it covers."),
      .string("displayName", "Name of the responsibility."),
      .string("webUrl", "A page about it."),
      .string("collaborationTags", "How others may approach the person about it, such as askMeAbout.").collection,
      .string("thumbnailUrl", "A small picture."),
    ])
}
