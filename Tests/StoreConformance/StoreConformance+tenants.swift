import OData
import Profiles

/// What a tenant decides in requests.
extension StoreConformance {
  static let tenants: [ConformanceCase] = [
    ConformanceCase(.basic, "What a tenant decided is what the operation made of it, for every reader") { driver in
      let reader = try driver.reader()
      let before = try await reader.tenant(Probe.tenant).get()
      let renamed = await driver.write(NameTenant(name: "Contoso", to: Probe.tenant))
      try expectEqual(try renamed.get().name, "Contoso", "The outcome")
      for reader in [reader, try driver.reader()] {
        try expectEqual(try await reader.tenant(Probe.tenant).get()?.name, "Contoso", "What is read")
      }
      let again = await driver.write(NameTenant(name: "Contoso", to: Probe.tenant))
      try expectEqual(try again.get().name, "Contoso", "The same once more")
      let undone = await driver.write(NameTenant(name: before?.name, to: Probe.tenant))
      try expectEqual(try undone.get().name, before?.name, "The name before")
    },
    ConformanceCase(.atomic, "A refused operation changes nothing, and one on no tenant is refused") { driver in
      _ = await driver.write(NameTenant(name: "Contoso", to: Probe.tenant))
      let refused = await driver.write(
        NameTenant(name: "Other", to: Probe.tenant, refusal: .settingNotFound))
      try expectEqual(refused.failure, .settingNotFound, "The refusal")
      try expectEqual(try await driver.reader().tenant(Probe.tenant).get()?.name, "Contoso", "What is read")
      let missing = await driver.write(NameTenant(name: "Nobody", to: Probe.stranger))
      try expectEqual(missing.failure, .unknownTenant, "The refusal of no tenant")
      try expectEqual(try await driver.reader().tenant(Probe.stranger).get(), nil, "The tenant that was not added")
    },
    ConformanceCase(.basic, "The rows of an operation are in the audit log of the tenant, and of nobody else") {
      driver in
      let log = UserID(decisionsOf: Probe.tenant)
      let before = try await driver.changes(of: log)
      let person = try Probe.person("ann")
      try await driver.add(person)
      for name in ["First", "Second", "Second"] {
        _ = await driver.write(NameTenant(name: name, to: Probe.tenant))
      }
      _ = await driver.write(NameTenant(name: "Other", to: Probe.tenant, refusal: .settingNotFound))
      let row = Probe.change(.updated, ofTenant: "name")
      try expectEqual(try await driver.changes(of: log), before + [row, row], "The log of the tenant")
      try expectEqual(try await driver.changes(of: log, in: Probe.otherTenant), [], "The log of another one")
      try expectEqual(try await driver.changes(of: person.id).contains(row), false, "Whether a person has the row")
      let isPerson = try await driver.export().contains {
        if case .user(let user) = $0 { user.id == log } else { false }
      }
      try expectEqual(isPerson, false, "Whether the log makes a person")
      _ = await driver.write(NameTenant(name: nil, to: Probe.tenant))
    },
    ConformanceCase(.concurrent, "Operations on one tenant see what those before them did") { driver in
      _ = await driver.write(NameTenant(name: "", to: Probe.tenant))
      let count = 20
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<count { group.addTask { _ = await driver.write(LengthenName(tenant: Probe.tenant)) } }
      }
      let name = try await driver.reader().tenant(Probe.tenant).get()?.name
      try expectEqual(name, String(repeating: "a", count: count), "What they did together")
      _ = await driver.write(NameTenant(name: nil, to: Probe.tenant))
    },
    ConformanceCase(.basic, "What a tenant decided is exported and imported with the rest") { driver in
      let json = Array(
        #"{"name":"Contoso","people":{"profileSources":[{"id":"1","sourceId":"hr","displayName":"HR"}]}}"#.utf8)
      let settings = try unwrap(TenantSettings(id: Probe.tenant, json: json), "Settings")
      try await driver.importLines([.tenant(settings)])
      try expectEqual(try await driver.reader().tenant(Probe.tenant).get()?.people, settings.people, "What is read")
      let exported = try await driver.export().contains(.tenant(settings))
      try expectEqual(exported, true, "Whether it is exported")
      try await driver.importLines([.tenant(TenantSettings(id: Probe.tenant))])
      try expectEqual(try await driver.reader().tenant(Probe.tenant).get()?.people.isPlain, true, "What is left")
    },
  ]
}

/// Gives a tenant a name, or refuses to.
private struct NameTenant: TenantOperation {
  let name: String?
  let tenant: TenantID
  let refusal: ProfileError?

  init(name: String?, to tenant: TenantID, refusal: ProfileError? = nil) {
    (self.name, self.tenant, self.refusal) = (name, tenant, refusal)
  }

  func change(_ settings: TenantSettings) throws(ProfileError) -> TenantSettings {
    if let refusal { throw refusal }
    var settings = settings
    settings.name = name
    return settings
  }

  func log(from old: TenantSettings, to new: TenantSettings) -> [Change] { [Probe.change(.updated, ofTenant: "name")] }
}

/// Adds a letter to the name of a tenant.
private struct LengthenName: TenantOperation {
  let tenant: TenantID

  func change(_ settings: TenantSettings) throws(ProfileError) -> TenantSettings {
    var settings = settings
    settings.name = (settings.name ?? "") + "a"
    return settings
  }

  func log(from old: TenantSettings, to new: TenantSettings) -> [Change] { [Probe.change(.updated, ofTenant: "name")] }
}

extension Result {
  fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
