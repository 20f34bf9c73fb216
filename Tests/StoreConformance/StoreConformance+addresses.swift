import OData
import Profiles

extension StoreConformance {
  static let addresses: [ConformanceCase] = [
    ConformanceCase(.basic, "A mail address is one person's in a tenant, in any case; an empty one is nobody's") {
      driver in
      let ann = try Probe.person("ann", mail: "Ann@Contoso.example")
      try await driver.add(ann)
      let taken = try Probe.person("bob", mail: "ANN@contoso.EXAMPLE")
      try expectEqual(await driver.write(AddPerson(person: taken)), .failure(.mailTaken), "The answer to a new person")
      try expectEqual(try await driver.reader().user(taken.id).get(), nil, "The new person")
      try expectEqual(try await driver.changes(of: taken.id), [], "Their log")
      try await driver.add(try Probe.person("bob", mail: "bob@contoso.example"))
      try expectEqual(await driver.write(ReplacePerson(person: taken)), .failure(.mailTaken), "The answer to an update")
      try await driver.add(try Probe.person("other", mail: "ann@contoso.example", in: Probe.otherTenant))
      for id in ["e1", "e2"] { try await driver.add(try Probe.person(id, mail: "")) }
      // One's own in another case, and with other things changed.
      for mail in ["ANN@CONTOSO.EXAMPLE", "ann@contoso.example"] {
        try await replace(driver, try Probe.person("ann", displayName: mail, mail: mail))
      }
    },
    ConformanceCase(.basic, "A mail address that its person gave up or took along is free again") { driver in
      try await driver.add(try Probe.person("ann", mail: "team@contoso.example"))
      try await driver.add(try Probe.person("bob", mail: "bob@contoso.example"))
      try await replace(driver, try Probe.person("ann", mail: nil))
      try await replace(driver, try Probe.person("bob", mail: "team@contoso.example"))
      try expectEqual(await driver.write(RemovePerson(user: try Probe.user("bob"))), .success(.removed), "The answer")
      try await replace(driver, try Probe.person("ann", mail: "TEAM@contoso.example"))
      try await driver.add(try Probe.person("eve", mail: "bob@contoso.example"))
      if case .failure(let error) = await driver.replaceAll([
        .user(try Probe.person("zoe", mail: "team@contoso.example"))
      ]) {
        throw ConformanceFailure("Replacing everything ended with \(error).")
      }
      try await driver.add(try Probe.person("ann", mail: "bob@contoso.example"))
    },
    ConformanceCase(.atomic, "An import is refused that gives a mail address to a second person") { driver in
      let ann = try Probe.person("ann", mail: "ann@contoso.example")
      try await driver.importLines([.user(ann)])
      do {
        try await driver.importLines([.user(try Probe.person("bob", mail: "Ann@contoso.example"))])
        throw ConformanceFailure("The import was taken.")
      } catch let error as ImportError {
        try expectEqual(error, .mailTaken, "The reason")
      }
      try await driver.importLines([.user(ann), .user(try Probe.person("bob", mail: "bob@contoso.example"))])
    },
    ConformanceCase(.concurrent, "Of 32 who take one mail address at once, one has it") { driver in
      let people = try (0..<32).map { try Probe.person("p\($0)", mail: "director@contoso.example") }
      // Half of them are there already.
      for person in people.prefix(16) { try await driver.add(try Probe.person(person.id.text)) }
      let outcomes = await withTaskGroup(of: Result<PersonOutcome, ProfileError>.self) { group in
        for (index, person) in people.enumerated() {
          group.addTask {
            await index < 16
              ? driver.write(ReplacePerson(person: person)) : driver.write(AddPerson(person: person))
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      try expectEqual(outcomes.count { $0 == .failure(.mailTaken) }, 31, "Those who were refused")
      let holders = try await driver.export().count { line in
        if case .user(let user) = line { user.foldedMail != nil } else { false }
      }
      try expectEqual(holders, 1, "Those who have it")
    },
  ]

  private static func replace(_ driver: StoreDriver, _ person: StoredUser) async throws {
    guard case .success(.written) = await driver.write(ReplacePerson(person: person)) else {
      throw ConformanceFailure("A person could not be updated.")
    }
  }

  // MARK: Creations that are sent again

  private static func receipt(_ key: UInt8, body: UInt8 = 1) -> IdempotencyReceipt {
    IdempotencyReceipt(key: [key], body: [body], time: Probe.time(0))
  }

  static let creations: [ConformanceCase] = [
    ConformanceCase(.atomic, "A group and a membership that are sent again under their receipts are not made again") {
      driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      let (first, second) = (try Probe.group("g1"), try Probe.group("g2"))
      try expectEqual(
        try await driver.create(.put(first, adding: [ann.id]), receipt(1)).get().madeBefore, nil, "A group")
      try expectEqual(try await driver.create(.put(second), receipt(1)).get().madeBefore, "g1", "The same again")
      try expectEqual(try await driver.export().count { if case .group = $0 { true } else { false } }, 1, "The groups")
      guard case .failure(.idempotencyKeyReused) = await driver.create(.put(second), receipt(1, body: 2)) else {
        throw ConformanceFailure("The same key was taken with another body.")
      }
      guard case .failure(.alreadyMember) = await driver.create(.add(ann.id, to: first.id), receipt(2)) else {
        throw ConformanceFailure("A member was added twice.")
      }
      try await driver.put(second)
      for made in [nil, "g2", "g2"] as [String?] {
        let answer = try await driver.create(.add(ann.id, to: second.id), receipt(2)).get()
        try expectEqual(answer.madeBefore, made, "A membership")
      }
      try expectEqual(
        try await driver.changes(of: ann.id).count { $0.collection == Change.memberships }, 2, "The rows in the log")
    },
    ConformanceCase(.concurrent, "Of 16 creations of people and groups under one receipt each, one is done") { driver in
      let people = try (0..<16).map { try Probe.person("p\($0)") }
      let groups = try (0..<16).map { try Probe.group("g\($0)") }
      let made = try await withThrowingTaskGroup(of: String?.self) { group in
        for (person, team) in zip(people, groups) {
          group.addTask { try await driver.create(person, receipt(1)).get().madeBefore }
          group.addTask { try await driver.create(.put(team), receipt(2)).get().madeBefore }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      try expectEqual(made.count { $0 == nil }, 2, "Those that were done")
      try expectEqual(Set(made.compactMap { $0 }).count, 2, "What the others were told")
      try expectEqual(try await driver.export().count, 2, "What is there")
    },
  ]
}

extension IdempotentOutcome {
  /// The id of what was made before; nil when it was made now.
  fileprivate var madeBefore: String? { if case .repeated(let id) = self { id } else { nil } }
}

extension StoreDriver {
  /// Puts a group, which must succeed.
  fileprivate func put(_ group: StoredGroup) async throws {
    guard case .success = await write(ProbeGroupOperation.put(group)) else {
      throw ConformanceFailure("A group could not be written.")
    }
  }
}
