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

  /// Whether imported names and addresses are ones that an update would take. Who has no name may stay without: an update
  /// makes nobody so, but does not ask for one either.
  static func check(imported value: StructuredValue, of type: StructuredType) throws(BodyError) {
    if type === ProfileModel.user { try check(mailOf: value) }
    guard value.string(property, of: type)?.isEmpty == true else { return }
    throw .invalidValue(property: property, reason: "cannot be empty; leave it out where there is none")
  }

  /// Whether a mail address is short enough to be looked for.
  static func check(mailOf value: StructuredValue) throws(BodyError) {
    guard let mail = value.string("mail"), !mail.isEmpty, StoredUser.foldedMail(mail) == nil else { return }
    throw .invalidValue(property: "mail", reason: "must have at most \(Limits.mailBytesMax) bytes")
  }
}
