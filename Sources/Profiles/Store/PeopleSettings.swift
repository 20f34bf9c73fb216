public import OData

/// What a tenant decided about its people: values of the types that hang off `peopleAdminSettings` (Graph's `/admin/people`).
public struct PeopleSettings: Equatable, Sendable {
  /// What was decided, by the name of the navigation property; of a single-valued one there is one value.
  private var decided: [String: [StructuredValue]] = [:]
  /// The identifiers of sources in the order that `prioritizedSourceUrls` gives them, the preferred one first. It is made when
  /// settings are read or changed, so that an answer in this order costs no more than comparing.
  public private(set) var sourceOrder: [String] = []

  /// The settings of a tenant that decided nothing.
  public init() {}

  /// Whether nothing was decided.
  public var isPlain: Bool { decided.isEmpty }

  /// The values of a collection, in the order in which they were made, or the one value of a single-valued setting, which is
  /// the default until something else is decided.
  subscript(setting: NavigationProperty) -> [StructuredValue] {
    get { decided[setting.name] ?? (setting.isCollection ? [] : [Self.defaultValue(of: setting.target)]) }
    set {
      decided[setting.name] = newValue.isEmpty ? nil : newValue
      if setting === Self.sources || setting === Self.propertySettings { sourceOrder = decidedOrder }
    }
  }

  /// The index of the value with this key; nil when there is none. Names of properties are compared in any ASCII case, as
  /// they are on profile cards; other keys exactly.
  func index(of key: ResourcePath.Key, in setting: NavigationProperty) -> Int? {
    guard let name = Self.keyName(key, of: setting) else { return nil }
    return self[setting].firstIndex { value in
      guard let text = value.string(name, of: setting.target) else { return false }
      return setting === Self.cardProperties ? text.isSameName(as: key.value) : text.hasSameBytes(as: key.value)
    }
  }

  /// The name of the property that a key stands for; nil when the type has no such key.
  static func keyName(_ key: ResourcePath.Key, of setting: NavigationProperty) -> String? {
    switch key.name {
    case nil, "id": "id"
    case let name?: alternateKeys[setting.name] == name ? name : nil
    }
  }

  /// Whether the values of a setting have a key with this name, which paths may use.
  public static func hasKey(_ key: ResourcePath.Key, _ setting: NavigationProperty) -> Bool {
    keyName(key, of: setting) != nil
  }

  // MARK: The settings

  /// The sources that `sources` of items refer to.
  static let sources = setting("profileSources")
  /// The order of the sources, and settings of single properties.
  static let propertySettings = setting("profilePropertySettings")
  /// What profile cards show.
  static let cardProperties = setting("profileCardProperties")

  /// The setting of this name. Traps when the model declares none.
  public static func setting(_ name: String) -> NavigationProperty {
    guard let setting = ProfileModel.peopleAdminSettings.navigation.first(where: { $0.name == name }) else {
      preconditionFailure("The model declares no setting \(name)")
    }
    return setting
  }

  /// The alternate keys of collections.
  private static let alternateKeys = [
    "profileSources": "sourceId", "profileCardProperties": "directoryPropertyName",
  ]

  /// What holds where nothing was decided: the values that Graph's pages name, and nothing where they name none.
  private static func defaultValue(of type: StructuredType) -> StructuredValue {
    var value = StructuredValue(of: type)
    value.set("isEnabledInOrganization", .bool(type.name == "insightsSettings"), of: type)
    value.set("source", .string("cloud"), of: type)
    return value
  }
}

// MARK: The order of sources

extension PeopleSettings {
  private var decidedOrder: [String] {
    let order = self[Self.propertySettings].first { PeopleSettingRules.isOrder($0) }
    return order.map { Self.addresses(of: $0).compactMap(sourceID) } ?? []
  }

  /// How early the source of an item comes in the order: 0 for the preferred source. Items of a source that is not in the
  /// order, and items without a source, come after all others.
  public func precedence(of item: StructuredValue, _ type: StructuredType) -> Int {
    let sources = Self.sources(of: item, type)
    let deciding = sources.filter(\.isDefault)
    let places = (deciding.isEmpty ? sources : deciding).compactMap { source in
      sourceOrder.firstIndex { $0.hasSameBytes(as: source.id) }
    }
    return places.min() ?? sourceOrder.count
  }

  /// Items of one collection in the order of their sources; those of the same place stay in theirs.
  func inOrder(_ items: [VisibleItem]) -> [VisibleItem] {
    guard items.count > 1, !sourceOrder.isEmpty else { return items }
    let placed = items.enumerated().map { offset, item in
      (item: item, place: item.value.map { precedence(of: $0, item.type) } ?? .max, offset: offset)
    }
    return placed.sorted { ($0.place, $0.offset) < ($1.place, $1.offset) }.map(\.item)
  }

  /// The addresses of sources in the value of a setting.
  static func addresses(of value: StructuredValue) -> [String] {
    guard let property = propertySettings.target.property(named: "prioritizedSourceUrls"),
      case .collection(let values) = value.members[property.index]
    else { return [] }
    return values.compactMap { if case .string(let address) = $0 { address } else { nil } }
  }

  /// The identifier of the source at an address, which may be relative or name any host, as clients of the real service
  /// write it; nil when the tenant has no such source.
  func sourceID(at address: String) -> String? {
    guard let key = Self.key(at: address), let index = index(of: key, in: Self.sources) else { return nil }
    return self[Self.sources][index].string("sourceId", of: Self.sources.target)
  }

  private static func key(at address: String) -> ResourcePath.Key? {
    var path = Array(address.utf8)[...]
    for scheme in ["https://", "http://"] where path.starts(with: scheme.utf8) {
      path = path.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") }
    }
    guard let path = try? ResourcePath(path, model: ProfileModel.model), path.steps.count == 3,
      case .navigation(let setting) = path.steps[1], setting === sources, case .key(let key) = path.steps[2]
    else { return nil }
    return key
  }

  private static func sources(of item: StructuredValue, _ type: StructuredType) -> [(id: String, isDefault: Bool)] {
    guard let property = type.property(named: "sources"), case .complex(let annotation) = property.type,
      case .collection(let values) = item.members[property.index],
      let isDefault = annotation.property(named: "isDefaultSource")
    else { return [] }
    return values.compactMap { value in
      guard case .complex(let source) = value, let id = source.string("sourceId", of: annotation) else { return nil }
      return (id, source.members[isDefault.index] == .bool(true))
    }
  }
}

// MARK: Differences

extension PeopleSettings {
  /// A value that was added to a setting, changed, or taken out of it.
  struct Difference: Equatable {
    let kind: Change.Kind
    let setting: NavigationProperty
    /// The key of the value; nil for a single-valued setting.
    let id: String?
    /// The properties that were set or changed.
    var properties: [String] = []

    static func == (left: Self, right: Self) -> Bool {
      left.kind == right.kind && left.setting === right.setting && left.id == right.id
        && left.properties == right.properties
    }
  }

  /// What differs from earlier settings, in the order of settings and of their values.
  func differences(from old: PeopleSettings) -> [Difference] {
    ProfileModel.peopleAdminSettings.navigation.flatMap { setting in
      setting.isCollection ? differences(from: old, in: setting) : change(from: old, of: setting).map { [$0] } ?? []
    }
  }

  private func change(from old: PeopleSettings, of setting: NavigationProperty) -> Difference? {
    let changed = Self.changed(old[setting][0], self[setting][0], setting.target)
    return changed.isEmpty ? nil : Difference(kind: .updated, setting: setting, id: nil, properties: changed)
  }

  private func differences(from old: PeopleSettings, in setting: NavigationProperty) -> [Difference] {
    let (before, after) = (old.byID(setting), byID(setting))
    let gone = before.filter { one in !after.contains { $0.id.hasSameBytes(as: one.id) } }
      .map { Difference(kind: .deleted, setting: setting, id: $0.id) }
    let empty = StructuredValue(of: setting.target)
    return gone
      + after.compactMap { id, value in
        let known = before.first { $0.id.hasSameBytes(as: id) }?.value
        let changed = Self.changed(known ?? empty, value, setting.target)
        guard known == nil || !changed.isEmpty else { return nil }
        return Difference(kind: known == nil ? .created : .updated, setting: setting, id: id, properties: changed)
      }
  }

  private func byID(_ setting: NavigationProperty) -> [(id: String, value: StructuredValue)] {
    self[setting].map { ($0.string("id", of: setting.target) ?? "", $0) }
  }

  /// The names of the properties in which two values differ, apart from the key.
  private static func changed(_ old: StructuredValue, _ new: StructuredValue, _ type: StructuredType) -> [String] {
    type.properties.filter { $0.name != "id" && old.members[$0.index] != new.members[$0.index] }.map(\.name)
  }
}

// MARK: JSON

extension PeopleSettings {
  /// Writes what was decided as one object.
  func write(to json: inout JSONWriter) {
    json.beginObject()
    for setting in ProfileModel.peopleAdminSettings.navigation {
      guard let values = decided[setting.name] else { continue }
      json.name(setting.name)
      guard setting.isCollection else {
        json.raw(Self.json(of: values[0], setting.target))
        continue
      }
      json.beginArray()
      for value in values {
        json.element()
        json.raw(Self.json(of: value, setting.target))
      }
      json.endArray()
    }
    json.endObject()
  }

  private static func json(of value: StructuredValue, _ type: StructuredType) -> [UInt8] {
    var writer = EntityWriter()
    writer.object(value, of: type)
    return writer.json.bytes
  }

  /// How much the settings hold, in bytes of JSON.
  var byteCount: Int {
    var json = JSONWriter()
    write(to: &json)
    return json.bytes.count
  }

  /// Reads what `write` writes. Throws when the JSON is not that of such settings, or when they break a rule.
  init(from reader: inout JSONReader) throws {
    try reader.beginObject()
    while let name = try reader.nextName() {
      guard let setting = ProfileModel.peopleAdminSettings.navigation.first(where: { $0.name == name.string }) else {
        throw SettingsFault()
      }
      guard setting.isCollection else {
        decided[setting.name] = [try Self.value(from: &reader, setting.target)]
        continue
      }
      var values: [StructuredValue] = []
      try reader.beginArray()
      while try reader.nextElement() { values.append(try Self.value(from: &reader, setting.target)) }
      self[setting] = values
    }
    try PeopleSettingRules.check(self)
  }

  private static func value(from reader: inout JSONReader, _ type: StructuredType) throws -> StructuredValue {
    StructuredValue(try EntityReader(.importing, dialect: .strict).readObject(&reader, as: type), of: type)
  }
}
