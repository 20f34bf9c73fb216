import OData

/// The photo of a person or a group (Graph's `profilePhoto`).
enum PhotoTypes {
  static let all: [StructuredTypeDeclaration] = [
    .entity(
      "profilePhoto", base: "entity",
      "A photo of a person or a group in one size, which is its id. The bytes are at `$value`.",
      [
        .primitive(.int32, "height", "Height in pixels.").traits(.readOnly),
        .primitive(.int32, "width", "Width in pixels.").traits(.readOnly),
        .named("allowedAudiences", "allowedAudiences", "Who may see the photo of a person (an extension).")
          .nullMeans(.enumeration(0)).traits(.omittedWhenNull),
      ])
  ]

  /// The navigation properties of what has a photo.
  static let references: [StructuredTypeDeclaration.Reference] = [
    .init("photo", to: "profilePhoto", isCollection: false, containsTarget: true, "The photo in its largest size."),
    .init("photos", to: "profilePhoto", containsTarget: true, "The photo in each of its sizes."),
  ]
}
