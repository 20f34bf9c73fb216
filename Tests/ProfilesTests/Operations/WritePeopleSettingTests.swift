import OData
import Testing

@testable import Profiles

/// The rules of `/admin/people`.
@Suite("Settings of people")
struct WritePeopleSettingTests {
  private let sources = PeopleSettings.sources
  private let cards = PeopleSettings.cardProperties
  private let orders = PeopleSettings.propertySettings

  private func patch(_ json: String, _ setting: NavigationProperty, _ purpose: EntityReader.Purpose = .create) throws
    -> StructuredPatch
  { try EntityReader(purpose).read(Array(json.utf8), as: setting.target) }

  private func change(
    _ settings: inout TenantSettings, _ setting: NavigationProperty, _ verb: WritePeopleSetting.Verb,
    _ preconditions: Preconditions = .none
  ) throws(ProfileError) {
    settings = try write(setting, verb, preconditions).change(settings)
  }

  private func write(
    _ setting: NavigationProperty, _ verb: WritePeopleSetting.Verb, _ preconditions: Preconditions = .none
  ) -> WritePeopleSetting {
    let stamp = People.stamp(People.application(of: empty.id))
    return WritePeopleSetting(stamp: stamp, setting: setting, verb: verb, preconditions: preconditions)
  }

  /// The rows of the audit log for a write, each as one text.
  private func logged(
    _ settings: TenantSettings, _ setting: NavigationProperty, _ verb: WritePeopleSetting.Verb
  ) throws -> [String] {
    let operation = write(setting, verb)
    return operation.log(from: settings, to: try operation.change(settings)).map { row in
      #expect(row.user.text == settings.id.text && row.tenant == settings.id && row.isOfTenant)
      #expect(row.actingApplication == "app-1" && row.actingUser == nil && row.versionAfter == nil)
      return
        "\(row.kind) \(row.collection ?? "")/\(row.item?.text ?? "") \(row.properties.sorted().joined(separator: ","))"
    }.sorted()
  }

  private func create(_ settings: inout TenantSettings, _ setting: NavigationProperty, _ json: String, id: String = "1")
    throws
  { try change(&settings, setting, .create(id: id, try patch(json, setting))) }

  private var empty: TenantSettings { TenantSettings(id: .demo) }

  private func twoSources() throws -> TenantSettings {
    var settings = empty
    try create(&settings, sources, #"{"sourceId":"hr1","displayName":"HR"}"#, id: "a")
    try create(&settings, sources, #"{"sourceId":"hr2"}"#, id: "b")
    try create(
      &settings, orders,
      #"{"prioritizedSourceUrls":["https://graph.microsoft.com/beta/admin/people/profileSources(sourceId='hr2')","#
        + #""/v1.0/admin/people/profileSources/a"]}"#, id: "order")
    return settings
  }

  // MARK: Sources

  @Test("The order of sources decides which item comes first")
  func precedence() throws {
    let settings = try twoSources()
    #expect(settings.people.sourceOrder == ["hr2", "hr1"])
    let type = try #require(ProfileModel.collection(named: "notes")?.target)
    for (json, place) in [
      (#"{"sources":[{"sourceId":"hr2","isDefaultSource":true}]}"#, 0), (#"{"sources":[{"sourceId":"hr1"}]}"#, 1),
      (#"{"sources":[{"sourceId":"hr2"},{"sourceId":"hr1","isDefaultSource":true}]}"#, 1), (#"{}"#, 2),
      (#"{"sources":[{"sourceId":"other"}]}"#, 2),
    ] {
      let item = StructuredValue(try EntityReader(.restore).read(Array(json.utf8), as: type), of: type)
      #expect(settings.people.precedence(of: item, type) == place, "\(json)")
    }
    #expect(TenantSettings(id: .demo).people.sourceOrder.isEmpty)
    #expect(TenantSettings(id: .demo, json: settings.json)?.people.sourceOrder == ["hr2", "hr1"])
  }

  @Test("Items come in the order of their sources, and otherwise stay in theirs")
  func itemsInOrder() throws {
    let type = try #require(ProfileModel.collection(named: "notes")?.target)
    let decision = AccessDecision(
      of: People.person(People.innocenty), to: People.innocenty, ItemOwner(tenant: People.contoso, displayName: nil))
    let items = try [("1", nil), ("2", "hr1"), ("3", "hr2"), ("4", nil), ("5", "hr1")].map { id, source in
      let sources = source.map { #","sources":[{"sourceId":"\#($0)","isDefaultSource":true}]"# } ?? ""
      let patch = try EntityReader(.restore).read(Array(#"{"id":"\#(id)"\#(sources)}"#.utf8), as: type)
      let key = ItemKey(user: People.innocenty, collection: "notes", id: try #require(ItemID(id)))
      let item = StoredItem(key: key, version: .first, value: StructuredValue(patch, of: type), of: type)
      return try #require(decision.visible(item, of: type))
    }
    let people = try twoSources().people
    #expect(people.inOrder(items).map(\.key.id.text) == ["3", "2", "5", "1", "4"])
    #expect(PeopleSettings().inOrder(items).map(\.key.id.text) == ["1", "2", "3", "4", "5"])
  }

  @Test("A source that is deleted leaves the order")
  func deletedSource() throws {
    var settings = try twoSources()
    try change(&settings, sources, .delete(ResourcePath.Key(name: "sourceId", value: "hr2")))
    #expect(settings.people.sourceOrder == ["hr1"])
    #expect(throws: ProfileError.settingNotFound) {
      try change(&settings, sources, .delete(ResourcePath.Key(name: "sourceId", value: "hr2")))
    }
  }

  @Test("The audit log names what was decided: the setting, the value and its properties, and never what they hold")
  func auditLog() throws {
    let settings = try twoSources()
    #expect(
      try logged(settings, sources, .create(id: "c", try patch(#"{"sourceId":"hr3","kind":"HR"}"#, sources)))
        == ["created profileSources/c kind,sourceId"])
    let named = try patch(#"{"displayName":"People","sourceId":"hr1"}"#, sources, .update)
    #expect(
      try logged(settings, sources, .update(ResourcePath.Key(value: "a"), named))
        == ["updated profileSources/a displayName"])
    #expect(
      try logged(settings, sources, .delete(ResourcePath.Key(value: "b"))) == [
        "deleted profileSources/b ", "updated profilePropertySettings/order prioritizedSourceUrls",
      ])
    let pronouns = PeopleSettings.setting("pronouns")
    let on = try patch(#"{"isEnabledInOrganization":true}"#, pronouns, .update)
    #expect(try logged(settings, pronouns, .update(nil, on)) == ["updated pronouns/ isEnabledInOrganization"])
    #expect(try logged(settings, pronouns, .update(nil, try patch("{}", pronouns, .update))).isEmpty)
  }

  @Test("No person has the id of their tenant, under which its decisions are recorded")
  func idOfTheLog() throws {
    let environment = ServiceEnvironment(now: { People.now }, makeID: { .random() })
    let reader = ImportLineReader(defaultTenant: empty.id, environment: environment)
    func line(_ id: String) -> [UInt8] { Array(#"{"user":{"id":"\#(id)","displayName":"A"}}"#.utf8) }
    #expect(throws: ImportLineError.malformedID("user/id")) { try reader.line(line(empty.id.text)) }
    #expect(throws: Never.self) { try reader.line(line(People.fabrikam.text)) }
    let caller = People.person(UserID(decisionsOf: People.contoso))
    let store = MemoryStore(users: [], items: [])
    store.decide(TenantPolicy(createsUnknownPeople: true))
    let session = try ProfileService(
      store: store, environment: environment, evaluations: EvaluationQueue(threads: 1) { $0() }
    ).makeSession { work in work() }
    #expect(throws: ProfileError.userNotFound) { try answer { session.users.read(.me, by: caller, $0) }.get() }
    #expect(store.users().isEmpty)
  }

  @Test("A key is unique in any case, and is never changed")
  func keys() throws {
    var settings = try twoSources()
    for json in [#"{"sourceId":"HR1"}"#, "{}", #"{"sourceId":""}"#, #"{"sourceId":"a\u0000"}"#] {
      #expect(throws: (any Error).self, "\(json)") { try create(&settings, sources, json, id: "c") }
    }
    let key = ResourcePath.Key(value: "a")
    #expect(throws: (any Error).self) {
      try change(&settings, sources, .update(key, try patch(#"{"sourceId":"hr3"}"#, sources, .update)))
    }
    try change(&settings, sources, .update(key, try patch(#"{"sourceId":"hr1","kind":"HR"}"#, sources, .update)))
    #expect(settings.people[sources].first?.string("kind", of: sources.target) == "HR")
    #expect(settings.people[sources].first?.string("displayName", of: sources.target) == "HR")
  }

  @Test("An order names sources that there are, each once, and there is one order")
  func order() throws {
    var settings = try twoSources()
    for json in [
      #"{"prioritizedSourceUrls":[]}"#,
      #"{"name":"positions","prioritizedSourceUrls":["/beta/admin/people/profileSources/a"]}"#,
    ] {
      #expect(throws: (any Error).self, "\(json)") { try create(&settings, orders, json, id: "second") }
    }
    for address in [
      "/beta/admin/people/profileSources/c", "/beta/admin/people/profileSources(sourceId='hr3')", "hr1", "",
      "https://login.example", "/beta/admin/people/profileSources/a/x", "/beta/admin/people/profileCardProperties/a",
    ] {
      let body = try patch(#"{"prioritizedSourceUrls":["\#(address)"]}"#, orders, .update)
      #expect(throws: (any Error).self, "\(address)") {
        try change(&settings, orders, .update(ResourcePath.Key(value: "order"), body))
      }
    }
    let twice =
      #"{"prioritizedSourceUrls":["/beta/admin/people/profileSources/a","/beta/admin/people/profileSources(sourceId='hr1')"]}"#
    #expect(throws: (any Error).self) {
      try change(&settings, orders, .update(ResourcePath.Key(value: "order"), try patch(twice, orders, .update)))
    }
    try create(&settings, orders, #"{"name":"positions","displayName":"Positions"}"#, id: "second")
    #expect(settings.people.sourceOrder == ["hr2", "hr1"])
  }

  // MARK: Cards and switches

  @Test("A card shows properties that there are, each once, by their names in any case")
  func cardProperties() throws {
    var settings = empty
    try create(
      &settings, cards, #"{"directoryPropertyName":"CustomAttribute15","annotations":[{"displayName":"Cost center"}]}"#,
      id: "CustomAttribute15")
    for name in ["customAttribute15", "CustomAttribute16", "CustomAttribute0", "mobilePhone", ""] {
      #expect(throws: (any Error).self, "\(name)") {
        try create(&settings, cards, #"{"directoryPropertyName":"\#(name)"}"#, id: name)
      }
    }
    try create(&settings, cards, #"{"directoryPropertyName":"fax"}"#, id: "fax")
    #expect(settings.people.index(of: ResourcePath.Key(value: "FAX"), in: cards) == 1)
    #expect(settings.people.index(of: ResourcePath.Key(name: "directoryPropertyName", value: "Fax"), in: cards) == 1)
  }

  @Test("A creation whose commit is repeated succeeds, and adds nothing")
  func repeated() throws {
    var settings = empty
    for _ in 0..<2 { try create(&settings, cards, #"{"directoryPropertyName":"Fax"}"#, id: "Fax") }
    #expect(settings.people[cards].count == 1)
  }

  @Test("Switches have the defaults of their pages, and are set one member at a time")
  func switches() throws {
    var settings = empty
    for (name, isEnabled) in [("pronouns", false), ("namePronunciation", false), ("itemInsights", true)] {
      let setting = PeopleSettings.setting(name)
      let property = try #require(setting.target.property(named: "isEnabledInOrganization"))
      #expect(settings.people[setting].first?.members[property.index] == .bool(isEnabled), "\(name)")
      let body = try patch(#"{"isEnabledInOrganization":\#(!isEnabled)}"#, setting, .update)
      try change(&settings, setting, .update(nil, body))
      #expect(settings.people[setting].first?.members[property.index] == .bool(!isEnabled), "\(name)")
      #expect(throws: (any Error).self) { try patch(#"{"isEnabledInOrganization":null}"#, setting, .update) }
    }
    let photos = PeopleSettings.setting("photoUpdateSettings")
    #expect(settings.people[photos].first?.string("source", of: photos.target) == "cloud")
    #expect(throws: (any Error).self) {
      try change(&settings, photos, .update(nil, try patch(#"{"source":"moon"}"#, photos, .update)))
    }
  }

  @Test("A condition that only an entity with a tag could satisfy is refused")
  func conditions() throws {
    var settings = empty
    let pronouns = PeopleSettings.setting("pronouns")
    let body = try patch(#"{"isEnabledInOrganization":true}"#, pronouns, .update)
    #expect(throws: ProfileError.preconditionFailed) {
      try change(&settings, pronouns, .update(nil, body), Preconditions(ifMatch: .oneOf(["a"])))
    }
    try change(&settings, pronouns, .update(nil, body), Preconditions(ifMatch: .any))
    #expect(!settings.people.isPlain)
  }

  // MARK: Bounds and JSON

  @Test("A tenant keeps so many settings, and so many bytes of them, and no more")
  func bounds() throws {
    var settings = empty
    for number in 0..<Limits.peopleSettingsMax {
      try create(&settings, sources, #"{"sourceId":"s\#(number)"}"#, id: "\(number)")
    }
    #expect(throws: ProfileError.settingsFull) { try create(&settings, sources, #"{"sourceId":"more"}"#, id: "more") }
    settings = empty
    let room = Limits.peopleSettingsBytesMax - 1_000
    let long = String(repeating: "a", count: room / 2)
    try create(&settings, sources, #"{"sourceId":"a","kind":"\#(long)","webUrl":"\#(long)"}"#)
    #expect(throws: ProfileError.settingsFull) {
      try create(&settings, sources, #"{"sourceId":"b","kind":"\#(String(repeating: "b", count: 1_000))"}"#, id: "2")
    }
  }

  @Test("What was decided is read back from its JSON, and what breaks a rule is not")
  func json() throws {
    var settings = try twoSources()
    try create(&settings, cards, #"{"directoryPropertyName":"Fax"}"#, id: "Fax")
    let pronouns = PeopleSettings.setting("pronouns")
    try change(&settings, pronouns, .update(nil, try patch(#"{"isEnabledInOrganization":true}"#, pronouns, .update)))
    #expect(TenantSettings(id: .demo, json: settings.json) == settings)
    #expect(!settings.isPlain && empty.json == Array("{}".utf8))
    for json in [
      #"{"people":{"profileSources":[{"id":"1"}]}}"#, #"{"people":{"nothing":{}}}"#, #"{"people":[]}"#,
      #"{"people":{"pronouns":{"isEnabledInOrganization":"yes"}}}"#, #"{"people":{"pronouns":{}}}"#,
      #"{"people":{"profileCardProperties":[{"id":"a","directoryPropertyName":"Salary"}]}}"#,
    ] {
      #expect(TenantSettings(id: .demo, json: Array(json.utf8)) == nil, "\(json)")
    }
  }
}
