import OData

/// Complex types of the profile, members in the order that published answers show.
enum ComplexTypes {
  static let all: [StructuredTypeDeclaration] = [
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
      "personDataSources", aliases: ["personDataSource"], "Where the values of an item came from.",
      [
        .string("type", "Names of the sources, such as User or AAD.").collection.traits(.singleOrCollection)
      ]),
    .complex(
      "profileSourceAnnotation", "Which properties of an item came from one source.",
      [
        .primitive(.boolean, "isDefaultSource", "Whether unlisted properties came from this source."),
        .string("properties", "Paths of the properties that came from this source.").collection,
        .string("sourceId", "Identifier of the source."),
      ]),
  ]
}
