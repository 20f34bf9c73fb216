import OData
import Profiles

/// A write of one item for a caller, whose account may be disabled.
private struct CallerWrite: ItemOperation {
  let item: StoredItem
  let caller: Caller

  var key: ItemKey { item.key }
  var authorization: AuthorizationContext { AuthorizationContext(of: caller) }

  func change(_ state: ItemState) throws(ProfileError) -> ItemChange {
    guard state.owner != nil else { throw .userNotFound }
    return .put(item, Probe.change(.created, of: item.key, from: nil, to: item.version))
  }
}

extension StoreConformance {
  /// A person whose account is enabled, or disabled.
  private static func person(
    _ id: String, isEnabled: Bool, in tenant: TenantID = Probe.tenant
  ) throws(ConformanceFailure) -> StoredUser {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("id", id)
    writer.member("displayName", id)
    writer.name("accountEnabled")
    writer.bool(isEnabled)
    writer.endObject()
    return StoredUser(
      id: try Probe.user(id), tenant: tenant, principalName: nil, displayName: id, version: .first, json: writer.bytes)
  }

  private static func expect(
    _ id: String, isDisabled: Bool, _ driver: StoreDriver, in tenant: TenantID = Probe.tenant, _ moment: String
  ) async throws {
    let found = try await driver.reader().isDisabled(TenantUser(user: try Probe.user(id), tenant: tenant)).get()
    try expectEqual(found, isDisabled, "Whether the account is disabled \(moment)")
  }

  static let accounts: [ConformanceCase] = [
    ConformanceCase(.basic, "A disabled account is found as soon as the write is answered, and so is its end") {
      driver in
      try await driver.add(try Probe.person("ann"))
      try await expect("ann", isDisabled: false, driver, "of which nothing is said")
      for isEnabled in [true, false, true, false] {
        _ = await driver.write(ReplacePerson(person: try person("ann", isEnabled: isEnabled)))
        try await expect("ann", isDisabled: !isEnabled, driver, "when it is written")
      }
      try await expect("ann", isDisabled: false, driver, in: Probe.otherTenant, "in another tenant")
      try await expect("bob", isDisabled: false, driver, "of nobody")
      try expectEqual(await driver.write(RemovePerson(user: try Probe.user("ann"))), .success(.removed), "The answer")
      try await expect("ann", isDisabled: false, driver, "of a person who is gone")
      try await driver.add(try Probe.person("ann"))
      try await expect("ann", isDisabled: false, driver, "of who came with the same id")
    },
    ConformanceCase(.basic, "An import disables accounts, and replacing everything forgets them") { driver in
      try await driver.importLines([.user(try person("ann", isEnabled: false))])
      try await expect("ann", isDisabled: true, driver, "after an import")
      try await driver.importLines([.user(try person("ann", isEnabled: true))])
      try await expect("ann", isDisabled: false, driver, "after another one")
      try await driver.importLines([.user(try person("ann", isEnabled: false))])
      _ = await driver.replaceAll([.user(try Probe.person("ann")), .user(try person("bob", isEnabled: false))])
      try await expect("ann", isDisabled: false, driver, "after everything was replaced")
      try await expect("bob", isDisabled: true, driver, "that came with it")
    },
    ConformanceCase(.atomic, "A disabled account neither reads nor writes items where items tell") { driver in
      let (ann, bob) = (try person("ann", isEnabled: false), try Probe.person("bob"))
      try await driver.add(ann)
      try await driver.add(bob)
      let reader = try driver.reader()
      for owner in [ann.id, bob.id] {
        let key = try Probe.key(owner, "1")
        try await driver.put(.create(Probe.item(key, ["a": "b"])))
        let written = await driver.write(
          CallerWrite(item: Probe.item(try Probe.key(owner, "2"), ["a": "b"]), caller: try Probe.caller("ann")))
        try expectEqual(written, .failure(.store(.accountDisabled)), "The answer to a write")
        try expectEqual(try await driver.item(try Probe.key(owner, "2")), nil, "What it would have written")
        guard await reader.itemsCheckAccounts else { continue }
        let authorization = AuthorizationContext(of: try Probe.caller("ann"))
        try expectEqual(await reader.item(key, for: authorization), .failure(.accountDisabled), "An item")
        try expectEqual(await reader.owner(owner, for: authorization), .failure(.accountDisabled), "An owner")
        try expectEqual(
          await reader.count(of: owner, in: "phones", for: authorization), .failure(.accountDisabled), "A count")
        let page = await reader.page(of: owner, in: "phones", for: authorization, limit: 9)
        guard case .failure(.accountDisabled) = page else {
          throw ConformanceFailure("A disabled account read a list.")
        }
      }
      // Others are not kept from what is hers, nor is an account of the same id elsewhere.
      let others = AuthorizationContext(of: try Probe.caller("bob"))
      try expectEqual(try await reader.count(of: ann.id, in: "phones", for: others).get(), 1, "The count of another")
      let elsewhere = AuthorizationContext(of: try Probe.caller("ann", of: Probe.stranger))
      try expectEqual(
        try await reader.count(of: bob.id, in: "phones", for: elsewhere).get(), 0, "The count from elsewhere")
    },
  ]
}
