import OData

/// Items that say what a person learned and can do.
enum LearningTypes {
  static let all: [StructuredTypeDeclaration] = [award, certification, education, language, skill]

  private static let award = StructuredTypeDeclaration.entity(
    "personAward", base: "itemFacet", contained: .init(in: "profile", as: "awards", "Awards."),
    "An award that a person was given.",
    [
      .string("description", "What it was given for."),
      .string("displayName", "Name of the award."),
      .primitive(.date, "issuedDate", "Day it was given."),
      .string("issuingAuthority", "Who gave it."),
      .string("thumbnailUrl", "A small picture."),
      .string("webUrl", "A page about it."),
    ])

  private static let certification = StructuredTypeDeclaration.entity(
    "personCertification", base: "itemFacet", contained: .init(in: "profile", as: "certifications", "Certifications."),
    "A certification that a person holds.",
    [
      .string("certificationId", "Number of the certificate."),
      .string("description", "What it certifies."),
      .string("displayName", "Title of the certification."),
      .primitive(.date, "endDate", "Day it ends."),
      .primitive(.date, "issuedDate", "Day it was issued."),
      .string("issuingAuthority", "Authority that stands behind it."),
      .string("issuingCompany", "Company that issued it."),
      .primitive(.date, "startDate", "Day it begins."),
      .string("thumbnailUrl", "A small picture."),
      .string("webUrl", "A page about it."),
    ])

  private static let education = StructuredTypeDeclaration.entity(
    "educationalActivity", base: "itemFacet",
    contained: .init(in: "profile", as: "educationalActivities", "Schools, studies and courses."),
    "A time of learning: a degree, a course, a school.",
    [
      .primitive(.date, "completionMonthYear", "When it was completed."),
      .primitive(.date, "endMonthYear", "When it ended."),
      .named("institutionData", "institution", "Where it was."),
      .named("educationalActivityDetail", "program", "What was learned."),
      .primitive(.date, "startMonthYear", "When it began."),
    ])

  private static let language = StructuredTypeDeclaration.entity(
    "languageProficiency", base: "itemFacet", contained: .init(in: "profile", as: "languages", "Languages."),
    "A language and how well a person knows it.",
    [
      .string("displayName", "Name of the language."),
      .string("tag", "The language as a tag such as en-US."),
      .named("languageProficiencyLevel", "proficiency", "How well on the whole."),
      .named("languageProficiencyLevel", "reading", "How well in reading."),
      .named("languageProficiencyLevel", "spoken", "How well in speaking."),
      .string("thumbnailUrl", "A small picture."),
      .named("languageProficiencyLevel", "written", "How well in writing."),
    ])

  private static let skill = StructuredTypeDeclaration.entity(
    "skillProficiency", base: "itemFacet", contained: .init(in: "profile", as: "skills", "Skills."),
    "A skill and how well a person commands it.",
    [
      .string("categories", "Tags that the person chose.").collection,
      .string("displayName", "Name of the skill."),
      .named("skillProficiencyLevel", "proficiency", "How well."),
      .string("webUrl", "A page about it."),
      .string("collaborationTags", "How others may approach the person about it, such as askMeAbout.").collection,
      .string("thumbnailUrl", "A small picture."),
    ])
}
