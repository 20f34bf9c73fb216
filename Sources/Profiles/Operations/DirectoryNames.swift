import OData

/// The names by which people and groups are shown.
enum DirectoryNames {
  private static let property = "displayName"

  /// Whether a name that changes is one: neither taken away nor empty.
  static func check(
    _ value: StructuredValue, of type: StructuredType, changed: some Sequence<Int>
  ) throws(ProfileError) {
    guard let name = type.property(named: property), changed.contains(name.index),
      value.string(property, of: type)?.isEmpty != false
    else { return }
    throw .body(.invalidValue(property: property, reason: "is needed and cannot be empty"))
  }

  /// Whether an imported name is one that an update would take. Who has none may stay without: an update does not make
  /// anybody so, but it does not ask either.
  static func check(imported value: StructuredValue, of type: StructuredType) throws(BodyError) {
    guard value.string(property, of: type)?.isEmpty == true else { return }
    throw .invalidValue(property: property, reason: "cannot be empty; leave it out where there is none")
  }
}
