import OData

/// What every write of a person or a group checks of the names and addresses that they are found by.
enum DirectoryRules {
  private static let displayName = "displayName"

  /// Checks that a display name that changes is neither removed nor empty.
  static func check(
    _ value: StructuredValue, of type: StructuredType, changed: some Sequence<Int>
  ) throws(ProfileError) {
    guard let property = type.property(named: displayName), changed.contains(property.index),
      value.string(displayName, of: type)?.isEmpty != false
    else { return }
    throw .body(.invalidValue(property: displayName, reason: "is needed and cannot be empty"))
  }

  /// Checks that an update would accept imported names and addresses. A person or group may be imported without a name:
  /// an update cannot remove a name, but does not ask for a missing one either.
  static func check(imported value: StructuredValue, of type: StructuredType) throws(BodyError) {
    if type === ProfileModel.user { try check(mailOf: value) }
    guard value.string(displayName, of: type)?.isEmpty == true else { return }
    throw .invalidValue(property: displayName, reason: "cannot be empty; leave it out where there is none")
  }

  /// Checks that a mail address is short enough for the index that finds people by it.
  static func check(mailOf value: StructuredValue) throws(BodyError) {
    guard let mail = value.string("mail"), !mail.isEmpty, StoredUser.foldedMail(mail) == nil else { return }
    throw .invalidValue(property: "mail", reason: "must have at most \(Limits.mailBytesMax) bytes")
  }
}
