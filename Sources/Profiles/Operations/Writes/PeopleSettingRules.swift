import OData

/// What a tenant's settings of its people must satisfy beyond their declared types.
enum PeopleSettingRules {
  /// Checks all settings of a tenant. Throws `settingsFull` beyond a bound, and `body` for a value that breaks a rule.
  static func check(_ settings: PeopleSettings) throws(ProfileError) {
    for setting in ProfileModel.peopleAdminSettings.navigation {
      guard settings[setting].count <= Limits.peopleSettingsMax else { throw .settingsFull }
    }
    guard settings.byteCount <= Limits.peopleSettingsBytesMax else { throw .settingsFull }
    do throws(BodyError) {
      for setting in ProfileModel.peopleAdminSettings.navigation {
        for value in settings[setting] { try checkPresence(value, setting.target) }
      }
      try checkSources(settings)
      try checkCardProperties(settings)
      try checkPropertySettings(settings)
      try checkSwitches(settings)
    } catch {
      throw .body(error)
    }
  }

  /// Whether a setting of properties is the order of sources, which has no name.
  static func isOrder(_ value: StructuredValue) -> Bool { name(of: value)?.isEmpty != false }

  private static func name(of value: StructuredValue) -> String? {
    value.string("name", of: PeopleSettings.propertySettings.target)
  }

  /// A property that is never null has a value, and each entry of a collection a key.
  private static func checkPresence(_ value: StructuredValue, _ type: StructuredType) throws(BodyError) {
    for property in type.properties where !property.isNullable && !property.traits.contains(.key) {
      guard !value.members[property.index].isNull else { throw .notNullable(property: property.name) }
    }
  }

  // MARK: Collections

  private static func checkSources(_ settings: PeopleSettings) throws(BodyError) {
    let setting = PeopleSettings.sources
    try checkKeys(settings, setting, "sourceId")
    for value in settings[setting] {
      try checkLanguages(of: value, "localizations", setting.target)
    }
  }

  private static func checkCardProperties(_ settings: PeopleSettings) throws(BodyError) {
    let (setting, name) = (PeopleSettings.cardProperties, "directoryPropertyName")
    try checkKeys(settings, setting, name)
    for value in settings[setting] {
      let text = value.string(name, of: setting.target) ?? ""
      guard cardProperties.contains(where: { $0.isSameName(as: text) }) else {
        throw .invalidValue(
          property: name,
          reason: "must be one of \(cardProperties.prefix(6).joined(separator: ", ")), "
            + "CustomAttribute1 to CustomAttribute15")
      }
    }
  }

  /// The properties that can be put on profile cards (Graph's page on `profileCardProperty`).
  private static let cardProperties =
    ["UserPrincipalName", "Fax", "StreetAddress", "PostalCode", "StateOrProvince", "Alias"]
    + (1...15).map { "CustomAttribute\($0)" }

  private static func checkPropertySettings(_ settings: PeopleSettings) throws(BodyError) {
    let setting = PeopleSettings.propertySettings
    try checkKeys(settings, setting, "id")
    let values = settings[setting]
    guard values.count(where: isOrder) <= 1 else {
      throw .invalidValue(property: "name", reason: "is needed: the tenant has an order of sources, which has no name")
    }
    for value in values {
      let addresses = PeopleSettings.addresses(of: value)
      guard isOrder(value) || addresses.isEmpty else {
        throw .invalidValue(
          property: "prioritizedSourceUrls",
          reason: "belongs to the setting without a name, which is the order of sources")
      }
      var order: Set<[UInt8]> = []
      for address in addresses {
        guard let source = settings.sourceID(at: address), order.insert(Array(source.utf8)).inserted else {
          throw .invalidValue(
            property: "prioritizedSourceUrls",
            reason: "must hold addresses of the tenant's sources, each once, such as "
              + "https://graph.microsoft.com/beta/admin/people/profileSources(sourceId='...')")
        }
      }
    }
  }

  /// Each entry has a key, and no two have the same, neither the id nor `name`.
  private static func checkKeys(
    _ settings: PeopleSettings, _ setting: NavigationProperty, _ name: String
  ) throws(BodyError) {
    for key in Set(["id", name]).sorted() {
      var known: Set<[UInt8]> = []
      for value in settings[setting] {
        guard let text = value.string(key, of: setting.target), ItemID(text) != nil else {
          throw .invalidValue(
            property: key, reason: "is needed, with 1 to \(Limits.idBytesMax) bytes and without control characters")
        }
        guard known.insert(Array(text.lowercased().utf8)).inserted else {
          throw .invalidValue(property: key, reason: "is taken already, in this or another case")
        }
      }
    }
  }

  private static func checkLanguages(
    of value: StructuredValue, _ name: String, _ type: StructuredType
  ) throws(BodyError) {
    guard let property = type.property(named: name), case .complex(let localization) = property.type,
      case .collection(let elements) = value.members[property.index]
    else { return }
    for case .complex(let element) in elements {
      guard element.string("languageTag", of: localization)?.isEmpty == false else {
        throw .invalidValue(property: "\(name)/languageTag", reason: "is needed: it says which language is meant")
      }
    }
  }

  // MARK: Switches

  private static func checkSwitches(_ settings: PeopleSettings) throws(BodyError) {
    let photos = PeopleSettings.setting("photoUpdateSettings")
    let insights = PeopleSettings.setting("itemInsights")
    for value in settings[photos] {
      guard let source = value.string("source", of: photos.target) else { continue }
      guard ["cloud", "onPremises"].contains(where: { $0.hasSameBytes(as: source) }) else {
        throw .invalidValue(property: "source", reason: "must be cloud or onPremises")
      }
    }
    for value in settings[insights] {
      guard let group = value.string("disabledForGroup", of: insights.target), !group.isEmpty else { continue }
      guard GroupID(group) != nil else { throw .invalidValue(property: "disabledForGroup", reason: "must be an id") }
    }
  }
}
