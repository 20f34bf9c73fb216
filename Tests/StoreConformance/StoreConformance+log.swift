import OData
import Profiles

extension StoreConformance {
  static let log: [ConformanceCase] = [
    ConformanceCase(.basic, "The log holds exactly the changes, as given and in order") { driver in
      let ann = try Probe.person("ann")
      let bob = try Probe.person("bob")
      try await driver.add(ann)
      try await driver.add(bob)
      let key = try Probe.key(ann.id, "p")
      let bobs = try Probe.key(bob.id, "p")
      try await driver.put(ProbeOperation.create(Probe.item(key, ["a": "1"])))
      try await driver.put(ProbeOperation.create(Probe.item(bobs, ["a": "1"])))
      try await driver.put(ProbeOperation.set(["b": "2", "a": "2"], of: key))
      _ = await driver.write(ProbeOperation.remove(key))
      let (first, second) = (Version.first, Version.first.next)
      try expectEqual(
        try await driver.changes(of: ann.id),
        [
          Probe.change(.created, of: ann),
          Probe.change(.created, of: key, from: nil, to: first),
          Probe.change(.updated, of: key, from: first, to: second, properties: ["a", "b"]),
          Probe.change(.deleted, of: key, from: second, to: nil),
        ], "The log of one person")
      try expectEqual(
        try await driver.changes(of: bob.id),
        [Probe.change(.created, of: bob), Probe.change(.created, of: bobs, from: nil, to: first)],
        "The log of the other")
    },
    ConformanceCase(.basic, "What changes nothing and what is refused leave no row in the log") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let key = try Probe.key(person.id, "p")
      let item = try await driver.put(ProbeOperation.create(Probe.item(key, ["a": "1"])))
      let rows = try await driver.changes(of: person.id)
      let same = ProbeOperation.set(["a": "1"], of: key)
      try expectEqual(await driver.write(same), .success(.unchanged(item)), "An update that changes nothing")
      for error in [ProfileError.itemNotFound, .deniedForRole(isDirectory: false), .store(.failed("A reason."))] {
        try expectEqual(
          await driver.write(ProbeOperation.refuse(key, error)), .failure(error), "A refused write")
      }
      try expectEqual(try await driver.changes(of: person.id), rows, "The log")
      try expectEqual(try await driver.item(key), item, "The item")
    },
  ]
}
