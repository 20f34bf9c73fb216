import OData

/// What every write of a person checks beyond the declared type.
enum UserRules {
  /// The person, if the caller may write them and the preconditions hold. Throws `userNotFound` or
  /// `preconditionFailed`.
  static func writable(
    _ existing: StoredUser?, by caller: Caller, _ preconditions: Preconditions
  ) throws(ProfileError) -> StoredUser {
    guard let person = existing, AccessDecision(of: caller, to: person.id, person.asOwner).mayWrite else {
      throw .userNotFound
    }
    guard preconditions.hold(for: person.version) else { throw .preconditionFailed }
    return person
  }

  /// Checks that a person is created with a display name, which no update takes away, and that a principal name is a
  /// valid one (`PrincipalName`). Only what changes is checked: values that were imported, or that came with a token,
  /// may stay.
  static func check(_ value: StructuredValue, changed: some Sequence<Int>) throws(ProfileError) {
    try DirectoryRules.check(value, of: ProfileModel.user, changed: changed)
    if isChanged("mail", changed) {
      do throws(BodyError) { try DirectoryRules.check(mailOf: value) } catch { throw .body(error) }
    }
    guard isChanged("userPrincipalName", changed), let name = value.string("userPrincipalName"),
      PrincipalName(name) == nil
    else { return }
    throw .body(.invalidValue(property: "userPrincipalName", reason: PrincipalName.rule))
  }

  private static func isChanged(_ name: String, _ changed: some Sequence<Int>) -> Bool {
    ProfileModel.user.property(named: name).map { changed.contains($0.index) } ?? false
  }

  /// The first property in a body, whatever its value, that people may not set of themselves; nil when there is none.
  static func administered(_ patch: StructuredPatch) -> String? {
    ProfileModel.user.properties.first { !patch.isAbsent($0) && !$0.traits.contains(.selfService) }?.name
  }

  /// The names of the properties of a person at these positions, for the audit log.
  static func names(_ positions: [Int]) -> [String] { positions.map { ProfileModel.user.properties[$0].name } }
}
