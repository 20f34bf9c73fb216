import OData
import Profiles

extension StoreConformance {
  static let items: [ConformanceCase] = [
    ConformanceCase(.basic, "A new store is healthy and empty") { driver in
      try expectEqual(driver.store.health, .healthy, "The health of a new store")
      try expectEqual(try await driver.export(), [], "The content of a new store")
      let reader = try driver.reader()
      let user = try Probe.user("ann")
      try expectEqual(try await reader.item(try Probe.key(user, "p")).get(), nil, "An item that is not there")
      try expectEqual(try await reader.user(user).get(), nil, "A person who is not there")
      try expectEqual(try await reader.items(of: user, in: "phones", limit: 10).get(), [], "An empty list")
      try expectEqual(try await driver.changes(of: user), [], "An empty log")
    },
    ConformanceCase(.basic, "An item is read as it was written, with its owner, on every reader") { driver in
      let person = try Probe.person("ann")
      let before = try driver.reader()
      try await driver.add(person)
      let key = try Probe.key(person.id, "p 1/ü")
      let item = StoredItem(
        key: key, version: .first, audience: [.family, .everyone], created: Probe.time(7),
        json: Array(#"{"id":"p","source":{"type":["nul \u0000, quote \" and ü"]}}"#.utf8), collapsible: 27..<58)
      try await driver.put(ProbeOperation.create(item))
      let wanted = OwnedItem(item: item, owner: ItemOwner(tenant: person.tenant, displayName: person.displayName))
      for reader in [before, try driver.reader()] {
        try expectEqual(try await reader.item(key).get(), wanted, "The item")
      }
    },
    ConformanceCase(.basic, "An update is applied to the item as it is, and only to that item") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let (key, other) = (try Probe.key(person.id, "p"), try Probe.key(person.id, "p", in: "emails"))
      try await driver.put(ProbeOperation.create(Probe.item(key, ["a": "1", "b": "2"])))
      let untouched = try await driver.put(ProbeOperation.create(Probe.item(other, ["a": "1"])))
      let updated = try await driver.put(ProbeOperation.set(["b": "longer", "c": "3"], of: key))
      try expectEqual(try Probe.members(updated), ["a": "1", "b": "longer", "c": "3"], "The members")
      try expectEqual(updated.version, Version.first.next, "The version")
      try expectEqual(try await driver.item(key), updated, "The item as it is read")
      try expectEqual(try await driver.item(other), untouched, "The other item")
    },
    ConformanceCase(.basic, "An update may move an item in the default order") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let keys = try ["a", "b"].map { try Probe.key(person.id, $0) }
      for (index, key) in keys.enumerated() {
        try await driver.put(ProbeOperation.create(Probe.item(key, ["n": "1"], created: Probe.time(index))))
      }
      try await driver.put(
        ProbeOperation.replace(with: Probe.item(keys[0], ["n": "1"], created: Probe.time(9), audience: .me)))
      let listed = try await driver.reader().items(of: person.id, in: "phones", limit: 10).get()
      try expectEqual(listed.map(\.key), [keys[1], keys[0]], "The order")
      try expectEqual(listed.last?.audience, .me, "The audience")
    },
    ConformanceCase(.basic, "A removed item is gone, and another may take its id") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let key = try Probe.key(person.id, "p")
      try await driver.put(ProbeOperation.create(Probe.item(key, ["a": "1"])))
      try expectEqual(await driver.write(ProbeOperation.remove(key)), .success(.removed), "The answer")
      try expectEqual(try await driver.item(key), nil, "The item")
      try expectEqual(
        await driver.write(ProbeOperation.remove(key)), .failure(.itemNotFound), "The second answer")
      try await driver.put(ProbeOperation.create(Probe.item(key, ["a": "2"])))
    },
    ConformanceCase(.basic, "An operation is shown that there is no person, or no item") { driver in
      let key = try Probe.key(try Probe.user("nobody"), "p")
      let create = ProbeOperation.create(Probe.item(key, [:]))
      try expectEqual(await driver.write(create), .failure(.userNotFound), "A create for nobody")
      try await driver.add(try Probe.person("nobody"))
      try expectEqual(
        await driver.write(ProbeOperation.set(["a": "1"], of: key)), .failure(.itemNotFound), "An update of nothing")
    },
  ]
}
