import OData

/// Writes one setting of a tenant's people.
struct WritePeopleSetting: TenantOperation {
  /// What is done with the setting.
  enum Verb: Sendable {
    /// Adds a value with this id to a collection.
    case create(id: String, StructuredPatch)
    /// Changes the value with a key, or the one value of a single-valued setting; what the body does not hold stays.
    case update(ResourcePath.Key?, StructuredPatch)
    /// Takes the value with a key out of a collection.
    case delete(ResourcePath.Key)
  }

  let stamp: WriteStamp
  let setting: NavigationProperty
  let verb: Verb
  let preconditions: Preconditions

  var tenant: TenantID { stamp.caller.tenant }

  func change(_ settings: TenantSettings) throws(ProfileError) -> TenantSettings {
    var changed = settings
    switch verb {
    case .create(let id, let patch): try create(id, patch, &changed.people)
    case .update(let key, let patch): try update(key, patch, &changed.people)
    case .delete(let key): try delete(key, &changed.people)
    }
    try PeopleSettingRules.check(changed.people)
    return changed
  }

  func log(from old: TenantSettings, to new: TenantSettings) -> [Change] {
    let log = UserID(decisionsOf: tenant)
    return new.people.differences(from: old.people).map { difference in
      stamp.change(
        difference.kind, of: log, collection: difference.setting.name, item: difference.id.flatMap(ItemID.init),
        properties: difference.properties, from: nil, to: nil)
    }
  }

  private func create(_ id: String, _ patch: StructuredPatch, _ people: inout PeopleSettings) throws(ProfileError) {
    var value = StructuredValue(patch, of: setting.target)
    value.set("id", id, of: setting.target)
    // When the commit of a creation is repeated, because its reply was lost, what is there is what was asked for.
    guard !people[setting].contains(value) else { return }
    people[setting].append(value)
  }

  private func update(
    _ key: ResourcePath.Key?, _ patch: StructuredPatch, _ people: inout PeopleSettings
  ) throws(ProfileError) {
    let index = try existing(key, people)
    var values = people[setting]
    let changed = patch.apply(to: &values[index], of: setting.target)
    for position in changed where Self.fixed.contains(setting.target.properties[position].name) {
      throw .body(
        .invalidValue(
          property: setting.target.properties[position].name,
          reason: "is a key and cannot be changed: delete and create"))
    }
    guard !changed.isEmpty else { return }
    if !setting.isCollection { values[index].set("id", tenant.text, of: setting.target) }
    people[setting] = values
  }

  private func delete(_ key: ResourcePath.Key, _ people: inout PeopleSettings) throws(ProfileError) {
    let index = try existing(key, people)
    var values = people[setting]
    values.remove(at: index)
    let before = people
    people[setting] = values
    if setting === PeopleSettings.sources { takeSourcesOutOfOrder(before, &people) }
  }

  /// A source that is gone has no place in the order of sources.
  private func takeSourcesOutOfOrder(_ before: PeopleSettings, _ people: inout PeopleSettings) {
    let orders = PeopleSettings.propertySettings
    var values = before[orders]
    for index in values.indices {
      let addresses = PeopleSettings.addresses(of: values[index])
      let left = addresses.filter { people.sourceID(at: $0) != nil }
      guard left.count < addresses.count else { continue }
      values[index].set("prioritizedSourceUrls", .collection(left.map(Value.string)), of: orders.target)
    }
    people[orders] = values
  }

  /// The index of the value that is written. Settings have no entity tags, so that no condition but `*` holds.
  private func existing(_ key: ResourcePath.Key?, _ people: PeopleSettings) throws(ProfileError) -> Int {
    guard let index = key.map({ people.index(of: $0, in: setting) }) ?? 0 else { throw .settingNotFound }
    guard preconditions.ifMatch.map({ $0 == .any }) ?? true, preconditions.ifNoneMatch != .any else {
      throw .preconditionFailed
    }
    return index
  }

  /// Properties that are keys, by which others refer to a value.
  private static let fixed: Set<String> = ["sourceId", "directoryPropertyName"]
}
