import OData
import Profiles

extension StoreConformance {
  static let limits: [ConformanceCase] = [
    ConformanceCase(.basic, "A collection takes as many items as the limit says, and not one more") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let most = Limits.itemsPerCollectionMax
      let keys = try (0...most).map { try Probe.key(person.id, "p\($0)") }
      let answers = await withTaskGroup(of: Bool.self) { group in
        for key in keys.dropLast() {
          group.addTask { (try? await driver.put(ProbeOperation.create(Probe.item(key, [:])))) != nil }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      try expectEqual(answers, most, "The items that were taken")
      let further = ProbeOperation.create(Probe.item(keys[most], [:]))
      try expectEqual(await driver.write(further), .failure(.collectionFull), "One more")
      try await driver.put(ProbeOperation.set(["a": "an update is no new item"], of: keys[0]))
      try await driver.put(
        ProbeOperation.create(Probe.item(try Probe.key(person.id, "p", in: "emails"), [:])))
      _ = await driver.write(ProbeOperation.remove(keys[1]))
      try await driver.put(further)
    },
    ConformanceCase(.basic, "A person holds as many bytes as the limit says, and not one more") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let each = 1 << 20
      let keys = try (0..<(Limits.personBytesMax / each)).map { try Probe.key(person.id, "p\($0)") }
      for key in keys { try await driver.put(ProbeOperation.create(Probe.item(key, bytes: each))) }
      let grow = ProbeOperation.replace(with: Probe.item(keys[0], bytes: each + 1))
      try expectEqual(await driver.write(grow), .failure(.personFull), "One byte more")
      let create = ProbeOperation.create(Probe.item(try Probe.key(person.id, "q", in: "emails"), [:]))
      try expectEqual(await driver.write(create), .failure(.personFull), "One item more")
      try await driver.put(ProbeOperation.replace(with: Probe.item(keys[1], bytes: each - 1)))
      try await driver.put(grow)
      try expectEqual(await driver.write(create), .failure(.personFull), "One item more, again")
      // A byte is not counted before the item begins another piece.
      try await driver.put(ProbeOperation.replace(with: Probe.item(keys[1], bytes: each)))
      let next = ProbeOperation.replace(with: Probe.item(keys[1], bytes: each + 1))
      try expectEqual(await driver.write(next), .failure(.personFull), "Another piece")
      let other = try Probe.person("bob")
      try await driver.add(other)
      try await driver.put(ProbeOperation.create(Probe.item(try Probe.key(other.id, "p"), [:])))
    },
    ConformanceCase(.concurrent, "Beyond the limit of waiting writes new ones are refused, and the others done") {
      driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let key = try Probe.key(person.id, "p")
      try await driver.put(ProbeOperation.create(Probe.item(key, [:])))
      let gate = Gate()
      let block = ProbeOperation(key: key) { state throws(ProfileError) in
        gate.enter()
        guard let item = state.item else { throw .itemNotFound }
        return .unchanged(item)
      }
      let answers = Answers()
      driver.store.submit(.item(block) { answers.add($0) })
      try await blocking { gate.waitForVisitor() }
      // Some of these may have been taken together with the one that blocks.
      let count = Limits.queuedWritesMax + Limits.groupWritesMax + 1
      let operation = ProbeOperation.refuse(key, .preconditionFailed)
      for _ in 0..<count { driver.store.submit(.item(operation) { answers.add($0) }) }
      gate.open()
      let all = try await answers.wait(for: count + 1)
      let overloaded = all.count { $0 == .failure(.store(.overloaded)) }
      try expect(overloaded > 0, "No write was refused.")
      try expectEqual(
        all.count { $0 == .failure(.preconditionFailed) }, count - overloaded, "The writes that were done")
      try await driver.put(ProbeOperation.set(["a": "1"], of: key))
    },
  ]
}
