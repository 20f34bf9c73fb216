import OData

/// Complex types of the profile, members in the order that published answers show.
enum ComplexTypes {
  static let all: [StructuredTypeDeclaration] = [
    .complex(
      "companyDetail", "A company and a person's place in it.",
      [
        .string("displayName", "Name of the company."),
        .string("pronunciation", "How the name is spoken."),
        .string("department", "Department."),
        .string("officeLocation", "Office of the person."),
        .named("physicalAddress", "address", "Address of the company."),
        .string("webUrl", "Page of the company."),
        .string("companyCode", "Number of the legal entity."),
        .string("costCenter", "Cost centre."),
        .string("division", "Division."),
        .string("secondaryDepartment", "A second department."),
      ]),
    .complex(
      "educationalActivityDetail", "What was learned.",
      [
        .string("abbreviation", "Short form of the degree, such as MSc."),
        .string("activities", "What the person did beside it.").collection,
        .string("awards", "Awards won in it.").collection,
        .string("description", "What it was about."),
        .string("displayName", "Name of the programme."),
        .string("fieldsOfStudy", "Its subjects.").collection,
        .string("grade", "Final grade."),
        .string("notes", "Anything else."),
        .string("webUrl", "A page about it."),
      ]),
    .complex(
      "geoCoordinates", "A place on Earth.",
      [
        .primitive(.double, "altitude", "Height above the sea, in feet."),
        .primitive(.double, "latitude", "Degrees north."),
        .primitive(.double, "longitude", "Degrees east."),
      ]),
    .complex(
      "identity", isOpen: true, "Somebody or something that acted.",
      [
        .string("id", "Identifier of the actor; null for names of data sources."),
        .string("displayName", "Readable name of the actor when it acted."),
      ]),
    .complex(
      "identitySet", isOpen: true, showsOnlySetMembers: true, "Who acted: an application, a device, a user.",
      [
        .named("identity", "application", "The application that acted."),
        .named("identity", "device", "The device that was used."),
        .named("identity", "user", "The user who acted."),
      ]),
    .complex(
      "inferenceData", "How an item was inferred.",
      [
        .primitive(.double, "confidenceScore", "How sure the inference is."),
        .primitive(.boolean, "userHasVerifiedAccuracy", "Whether the person confirmed it."),
      ]),
    .complex(
      "institutionData", "A place of learning.",
      [
        .string("description", "What it is."),
        .string("displayName", "Name of the institution."),
        .named("physicalAddress", "location", "Where it stands."),
        .string("webUrl", "Its page."),
      ]),
    .complex(
      "itemBody", "A text and how it is written.",
      [
        .named("bodyType", "contentType", "How the text is written."),
        .string("content", "The text."),
      ]),
    .complex(
      "localeInfo", "A language as it is used in a place.",
      [
        .string("displayName", "Name of the locale."),
        .string("locale", "The locale as a tag such as en-US."),
      ]),
    .complex(
      "originTenantInfo", "Where a guest is at home.",
      [
        .string("originTenantId", "Tenant of the guest's own account."),
        .string("originUserId", "Id of the guest in that tenant."),
      ]),
    .complex(
      "personDataSources", aliases: ["personDataSource"], "Where the values of an item came from.",
      [
        .string("type", "Names of the sources, such as User or AAD.").collection.traits(.singleOrCollection)
      ]),
    .complex(
      "personNamePronounciation", aliases: ["yomiPersonName"], "How the parts of a name are spoken.",
      [
        .string("displayName", "The whole name."),
        .string("first", "First name."),
        .string("maiden", "Family name at birth."),
        .string("middle", "Middle name."),
        .string("last", "Family name."),
      ]),
    .complex(
      "physicalAddress", "The parts of a postal address.",
      [
        .named("physicalAddressType", "type", "The kind of address."),
        .string("postOfficeBox", "Post office box."),
        .string("street", "Street and number."),
        .string("city", "City."),
        .string("state", "State or province."),
        .string("countryOrRegion", "Country or region."),
        .string("postalCode", "Postal code."),
      ]),
    .complex(
      "positionDetail", "A position or a part in a project.",
      [
        .named("companyDetail", "company", "The employer."),
        .string("description", "What the work was."),
        .primitive(.date, "endMonthYear", "When it ended."),
        .string("jobTitle", "Title."),
        .string("role", "Role."),
        .primitive(.date, "startMonthYear", "When it began."),
        .string("summary", "The work in a few words."),
        .string("employeeId", "Number of the employee."),
        .string("employeeType", "Kind of employment."),
        .primitive(.int32, "layer", "Steps from the top of the organisation."),
        .string("level", "Level of experience or management."),
        .string("secondaryJobTitle", "A second title."),
        .string("secondaryRole", "A second role."),
      ]),
    .complex(
      "profileSourceAnnotation", "Which properties of an item came from one source.",
      [
        .primitive(.boolean, "isDefaultSource", "Whether unlisted properties came from this source."),
        .string("properties", "Paths of the properties that came from this source.").collection,
        .string("sourceId", "Identifier of the source."),
      ]),
    .complex(
      "relatedPerson", "Somebody who belongs to an item.",
      [
        .string("displayName", "Name of the other person."),
        .named("personRelationship", "relationship", "How they stand to the owner of the profile."),
        .string("relationshipLabel", "The same in the owner's words."),
        .string("userId", "Id of the other person, when they are in the directory."),
        .string("userPrincipalName", "Sign-in name or email address of the other person."),
      ]),
    .complex(
      "serviceInformation", "A service of the web.",
      [
        .string("name", "Name of the service."),
        .string("webUrl", "Its page."),
      ]),
  ]
}
