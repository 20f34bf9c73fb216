import Dispatch
import OData
import Profiles

extension StoreConformance {
  static let groups: [ConformanceCase] = [
    ConformanceCase(.atomic, "A refused write leaves those queued around it untouched") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let keys = try (0..<100).map { try Probe.key(person.id, "p\($0)") }
      let answers = Answers()
      for (index, key) in keys.enumerated() {
        let create = ProbeOperation.create(Probe.item(key, ["n": "\(index)"]))
        let operation = index % 5 == 0 ? ProbeOperation.refuse(key, .deniedForRole(isDirectory: false)) : create
        driver.store.submit(.item(operation) { answers.add($0) })
      }
      let all = try await answers.wait(for: keys.count)
      try expectEqual(all.count { $0 == .failure(.deniedForRole(isDirectory: false)) }, 20, "The refusals")
      let listed = try await driver.reader().items(of: person.id, in: "phones", limit: 200).get()
      try expectEqual(listed.count, 80, "The items")
      try expectEqual(try await driver.changes(of: person.id).count, 81, "The rows in the log")
    }
  ]

  static let concurrency: [ConformanceCase] = [
    ConformanceCase(.concurrent, "Of 32 who set different members of one item none is lost") { driver in
      let (person, key) = try await onePhone(driver)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<32 {
          group.addTask {
            let answer = await driver.write(ProbeOperation.set(["m\(number)": "\(number)"], of: key))
            guard case .success(.written) = answer else { throw ConformanceFailure("A write ended with \(answer).") }
          }
        }
        try await group.waitForAll()
      }
      let item = try unwrap(try await driver.item(key), "The item")
      try expectEqual(try Probe.members(item).count, 33, "The members")
      try expectEqual(item.version, Version(number: 33), "The version")
      let rows = try await driver.changes(of: person.id).filter { $0.kind == .updated }
      try expectEqual(rows.count, 32, "The rows in the log")
      try expectEqual(rows.compactMap(\.versionAfter?.number), Array(2...33), "The versions in the log")
      try expectEqual(Set(rows.flatMap(\.properties)).count, 32, "The properties in the log")
    },
    ConformanceCase(.concurrent, "Of 32 who demand the same version exactly one wins") { driver in
      let (person, key) = try await onePhone(driver)
      let winners = await withTaskGroup(of: Bool.self) { group in
        for number in 0..<32 {
          group.addTask {
            let operation = ProbeOperation.set(["a": "by \(number)"], of: key, ifMatch: .first)
            if case .success(.written) = await driver.write(operation) { return true }
            return false
          }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      try expectEqual(winners, 1, "The winners")
      try expectEqual(
        try await driver.changes(of: person.id).count { $0.kind == .updated }, 1, "The rows in the log")
    },
    ConformanceCase(.concurrent, "Writes of one item are applied in the order they were queued") { driver in
      let (_, key) = try await onePhone(driver)
      let answers = Answers()
      for number in 1...600 {
        driver.store.submit(.item(ProbeOperation.set(["n": "\(number)"], of: key)) { answers.add($0) })
      }
      let all = try await answers.wait(for: 600)
      var values: [String?] = []
      for case .success(.written(let item)) in all { values.append(try Probe.members(item)["n"]) }
      try expectEqual(values, (1...600).map { "\($0)" }, "The values in the order of the answers")
    },
    ConformanceCase(.concurrent, "What was acknowledged is seen at once by every reader") { driver in
      let (_, key) = try await onePhone(driver)
      let readers = try (0..<4).map { _ in try driver.reader() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<4 {
          group.addTask {
            for number in 0..<50 {
              let written = try await driver.put(ProbeOperation.set(["w\(writer)": "\(number)"], of: key))
              for reader in readers {
                let seen = try await reader.item(key).get()?.item.version
                let isSeen = (seen ?? .first).number >= written.version.number
                try expect(isSeen, "A reader saw an older item than was acknowledged.")
              }
            }
          }
        }
        try await group.waitForAll()
      }
    },
    ConformanceCase(.concurrent, "A read behind an acknowledged write shows it, in whatever pass of its thread") {
      driver in
      let (_, key) = try await onePhone(driver)
      let (reader, store) = (try driver.reader(), driver.store)
      for number in 0..<200 {
        let operation = ProbeOperation.set(["n": "\(number)"], of: key)
        let item = try await reader.item(key) {
          let acknowledged = DispatchSemaphore(value: 0)
          store.submit(.item(operation) { _ in acknowledged.signal() })
          acknowledged.wait()
        }.get()
        let seen = try unwrap(item, "The item").item
        try expectEqual(try Probe.members(seen)["n"], "\(number)", "What the read shows")
      }
    },
  ]

  static let ending: [ConformanceCase] = [
    ConformanceCase(.concurrent, "Closing finishes what is queued, and every write is answered exactly once") {
      driver in
      let (_, key) = try await onePhone(driver)
      let answers = Answers()
      for number in 1...1_000 {
        let operation =
          number % 3 == 0
          ? ProbeOperation.refuse(key, .deniedForRole(isDirectory: false))
          : ProbeOperation.set(["n": "\(number)"], of: key)
        driver.store.submit(.item(operation) { answers.add($0) })
      }
      try await driver.close()
      let all = answers.all
      try expectEqual(all.count, 1_000, "The answers when the store is closed")
      try expectEqual(all.count { $0 == .failure(.deniedForRole(isDirectory: false)) }, 333, "The refusals")
      try expect(!all.contains(.failure(.store(.closed))), "A write that was queued was not done.")
    },
    ConformanceCase(.basic, "After closing every call fails as closed") { driver in
      let (person, key) = try await onePhone(driver)
      let reader = try driver.reader()
      _ = try await reader.item(key).get()
      try await driver.close()
      try await driver.close()
      try expectEqual(
        await driver.write(ProbeOperation.set(["a": "1"], of: key)), .failure(.store(.closed)), "A write")
      try expectEqual(await reader.item(key), .failure(.closed), "A read")
      for limit in [1, 100] {
        try expectEqual(await reader.items(of: person.id, in: "phones", limit: limit), .failure(.closed), "A list")
      }
      try expectEqual(await reader.user(person.id), .failure(.closed), "A person by id")
      try expectEqual(
        await reader.user(principalName: "a", in: person.tenant), .failure(.closed), "A person by name")
      try await expectClosed("A new reader") { _ = try driver.reader() }
      try await expectClosed("An import") { try await driver.importLines([.user(person)]) }
      try await expectClosed("An export") { _ = try await driver.export() }
      try await expectClosed("The log") { _ = try await driver.changes(of: person.id) }
    },
  ]

  private static func expectClosed(_ what: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch StoreError.closed {
      return
    }
    throw ConformanceFailure("\(what) worked after the store was closed.")
  }

  private static func onePhone(_ driver: StoreDriver) async throws -> (StoredUser, ItemKey) {
    let person = try Probe.person("ann")
    try await driver.add(person)
    let key = try Probe.key(person.id, "p")
    try await driver.put(ProbeOperation.create(Probe.item(key, ["a": "1"])))
    return (person, key)
  }
}
