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
    try checkAccount(value, changed)
    guard isChanged("userPrincipalName", changed), let name = value.string("userPrincipalName"),
      PrincipalName(name) == nil
    else { return }
    throw .body(.invalidValue(property: "userPrincipalName", reason: PrincipalName.rule))
  }

  private static func checkAccount(_ value: StructuredValue, _ changed: some Sequence<Int>) throws(ProfileError) {
    for name in needed where isChanged(name, changed) {
      guard value.isUnset(name) else { continue }
      throw .body(.invalidValue(property: name, reason: "cannot be null"))
    }
    for (name, rule) in textRules where isChanged(name, changed) {
      guard let text = value.string(name), !rule.allows(text) else { continue }
      throw .body(.invalidValue(property: name, reason: rule.reason))
    }
  }

  /// What a person has of whom nothing else is said: an enabled account of a member, an alias that their principal name
  /// begins with, and a mail address by protocol.
  static func setDefaults(of value: inout StructuredValue, at time: DateTimeOffset) {
    value.set("createdDateTime", .dateTime(time), of: ProfileModel.user)
    completeAccount(of: &value)
    let alias = value.string("userPrincipalName").map { String($0.prefix { $0 != "@" }) }
    if let alias, value.isUnset("mailNickname"), textRules["mailNickname"]?.allows(alias) == true {
      value.set("mailNickname", alias)
    }
  }

  /// What an account has of which nothing is said: it is enabled, and a member's. Everybody who is stored says both, so that
  /// readers need not look for what is missing (`StoredUser.completeJSON`).
  static func completeAccount(of value: inout StructuredValue) {
    if value.isUnset("accountEnabled") { value.set("accountEnabled", .bool(true), of: ProfileModel.user) }
    if value.isUnset("userType") { value.set("userType", "Member") }
  }

  /// Sets what follows from other properties that changed: the main one of `proxyAddresses` is the mail address, and the
  /// class of legal age follows from the age band and the consent (Graph page on the resource type user).
  static func follow(_ value: inout StructuredValue, changed: some Sequence<Int>) {
    if isChanged("mail", changed) {
      let others = value.texts("proxyAddresses").filter { !$0.hasPrefix(mainProtocol) }
      let main = value.string("mail").flatMap { $0.isEmpty ? nil : mainProtocol + $0 }
      let addresses = (main.map { [$0] } ?? []) + others
      value.set("proxyAddresses", .collection(addresses.map(Value.string)), of: ProfileModel.user)
    }
    guard isChanged("ageGroup", changed) || isChanged("consentProvidedForMinor", changed) else { return }
    value.set("legalAgeGroupClassification", legalAgeGroup(of: value))
  }

  /// The indices of the properties that `follow` reads or sets when others change.
  static func followed(by changed: [Int]) -> [Int] { followers.flatMap { changed.contains($0.key) ? $0.value : [] } }

  /// What follows from each property, and what must be read for it.
  private static let followers: [Int: [Int]] = {
    let age = ["ageGroup", "consentProvidedForMinor"]
    let rows = [(["mail"], ["proxyAddresses"]), (age, age + ["legalAgeGroupClassification"])]
    let indices = rows.map { row in
      (row.0.compactMap(index), row.1.compactMap(index))
    }
    return Dictionary(
      uniqueKeysWithValues: indices.flatMap { changed, followed in changed.map { ($0, followed) } })
  }()

  private static func index(_ name: String) -> Int? { ProfileModel.user.property(named: name)?.index }

  private static func legalAgeGroup(of value: StructuredValue) -> String? {
    switch (value.string("ageGroup")?.lowercased(), value.string("consentProvidedForMinor")?.lowercased()) {
    case ("adult", _): "Adult"
    case ("notadult", _): "NotAdult"
    case ("minor", "granted"): "MinorWithParentalConsent"
    case ("minor", "denied"): "MinorWithOutParentalConsent"
    case ("minor", "notrequired"): "MinorNoParentalConsentRequired"
    default: nil
    }
  }

  /// The protocol of the main mail address among all, in capitals.
  private static let mainProtocol = "SMTP:"

  /// The properties that have a value once they have one.
  private static let needed = ["accountEnabled", "userType"]

  /// What a text of a property must be.
  private struct TextRule: Sendable {
    /// The end of a sentence for who sent another one.
    let reason: String
    let allows: @Sendable (String) -> Bool

    /// One of these words, in any case.
    static func word(_ words: [String]) -> TextRule {
      TextRule(reason: "must be one of: \(words.joined(separator: ", "))") { text in
        words.contains { $0.isSameName(as: text) }
      }
    }
  }

  private static let passwordPolicies = ["None", "DisableStrongPassword", "DisablePasswordExpiration"]

  private static let textRules: [String: TextRule] = [
    "userType": .word(["Member", "Guest"]),
    "ageGroup": .word(["Minor", "NotAdult", "Adult"]),
    "consentProvidedForMinor": .word(["Granted", "Denied", "NotRequired"]),
    "usageLocation": TextRule(reason: "must be the two letters of a country (ISO 3166)") { text in
      text.utf8.count == 2
        && text.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
    },
    "passwordPolicies": TextRule(
      reason: "must be None, or DisableStrongPassword and DisablePasswordExpiration joined by a comma"
    ) { text in
      text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { word in
        passwordPolicies.contains { $0.isSameName(as: String(word.drop { $0 == " " })) }
      }
    },
    "mailNickname": TextRule(
      reason: "must have 1 to \(Limits.mailNicknameBytesMax) characters of ASCII, without space, @ and ()[]\\;:\"<>,"
    ) { text in
      (1...Limits.mailNicknameBytesMax).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#"@()[]\;:"<>,"#.utf8.contains($0) }
    },
    "employeeId": TextRule(reason: "must have at most \(Limits.employeeIDBytesMax) bytes") { text in
      text.utf8.count <= Limits.employeeIDBytesMax
    },
  ]

  private static func isChanged(_ name: String, _ changed: some Sequence<Int>) -> Bool {
    ProfileModel.user.property(named: name).map { changed.contains($0.index) } ?? false
  }

  /// The first property in a body, whatever its value, that people may not set of themselves, or a relationship that it
  /// names; nil when there is none.
  static func administered(_ patch: StructuredPatch) -> String? {
    let property = ProfileModel.user.properties.first { !patch.isAbsent($0) && !$0.traits.contains(.selfService) }
    return property?.name ?? patch.bindings.keys.min()
  }

  /// The names of the properties of a person at these positions, for the audit log.
  static func names(_ positions: [Int]) -> [String] { positions.map { ProfileModel.user.properties[$0].name } }
}
