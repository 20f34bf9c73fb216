import OData
import Profiles

/// Managers, and who reports to them.
extension StoreConformance {
  /// Writes who is the manager of a person; nil for nobody.
  private struct PutManager: PersonOperation {
    let user: UserID
    let manager: UserID?
    /// The display name that is written with it; nil when the person stays as they are.
    var name: String?

    func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
      guard let person = state.person else { throw .userNotFound }
      let log: @Sendable (Change.Kind, UserID) -> Change = { kind, manager in
        Change(
          time: Probe.time(1), kind: kind, user: person.id, tenant: person.tenant, collection: Change.managers,
          item: ItemID(manager.text), properties: [], versionBefore: nil, versionAfter: nil, actingUser: nil,
          actingApplication: "app")
      }
      return .setManager(manager, in: person.tenant, log: log, after: change(person))
    }

    private func change(_ person: StoredUser) -> PersonChange {
      name.map { name in
        let renamed = StoredUser(
          id: user, tenant: person.tenant, principalName: nil, displayName: name, version: person.version.next,
          json: Probe.json(["id": user.text, "displayName": name]))
        return .put(renamed, Probe.change(.updated, of: renamed))
      } ?? .unchanged(person)
    }
  }

  private static func put(
    _ manager: UserID?, of user: UserID, _ driver: StoreDriver
  ) async -> Result<PersonOutcome, ProfileError> { await driver.write(PutManager(user: user, manager: manager)) }

  private static func managers(of people: [UserID], _ driver: StoreDriver) async throws -> [String: String] {
    let found = try await driver.reader().managers(of: people).get()
    return Dictionary(uniqueKeysWithValues: found.map { ($0.key.text, $0.value.id.text) })
  }

  static let managers: [ConformanceCase] = [
    ConformanceCase(.basic, "A manager is set, replaced and taken away, and both sides show it") { driver in
      let people = try ["ann", "bob", "eve", "zoë"].map { name throws(ConformanceFailure) in try Probe.person(name) }
      for person in people { try await driver.add(person) }
      let (ann, bob, eve, zoe) = (people[0].id, people[1].id, people[2].id, people[3].id)
      for report in [bob, eve, zoe] {
        guard case .success = await put(ann, of: report, driver) else {
          throw ConformanceFailure("A manager was refused.")
        }
      }
      try expectEqual(
        try await managers(of: [ann, bob, eve], driver), ["bob": "ann", "eve": "ann"], "The managers of three")
      let reader = try driver.reader()
      let first = try await reader.reports(of: ann, after: nil, limit: 2).get()
      try expectEqual(first.elements.map(\.id), [bob, eve], "The first page of reports")
      try expectEqual(first.isLast, false, "Whether it is the last one")
      let next = try await reader.reports(of: ann, after: "eve", limit: 2).get()
      try expectEqual(next.elements.map(\.id), [zoe], "The next page of reports")
      try expectEqual(Set(try await reader.reports(of: [ann, bob]).get()), [bob, eve, zoe], "The reports of two")
      _ = await put(bob, of: eve, driver)
      try expectEqual(try await managers(of: [eve], driver), ["eve": "bob"], "The new manager")
      _ = await put(nil, of: zoe, driver)
      try expectEqual(try await managers(of: [zoe], driver), [:], "The manager who was taken away")
      let kinds = try await driver.changes(of: eve).filter { $0.collection == Change.managers }
      try expectEqual(kinds.map(\.kind), [.created, .deleted, .created], "The rows of the log")
      try expectEqual(kinds.map { $0.item?.text }, ["ann", "ann", "bob"], "Whom they name")
    },
    ConformanceCase(.basic, "A circle, a stranger and what is not there are refused, and nothing is written") {
      driver in
      let people = try ["a", "b", "c"].map { name throws(ConformanceFailure) in try Probe.person(name) }
      for person in people { try await driver.add(person) }
      let stranger = try Probe.person("stranger", in: Probe.otherTenant)
      try await driver.add(stranger)
      let (a, b, c) = (people[0].id, people[1].id, people[2].id)
      _ = await put(b, of: a, driver)
      _ = await put(c, of: b, driver)
      try expectEqual(await put(a, of: c, driver).failure, .managerCircle, "A circle of three")
      try expectEqual(await put(a, of: a, driver).failure, .managerCircle, "A circle of one")
      try expectEqual(await put(stranger.id, of: a, driver).failure, .userNotFound, "Somebody of another tenant")
      try expectEqual(await put(try Probe.user("nobody"), of: a, driver).failure, .userNotFound, "Nobody")
      try expectEqual(await put(nil, of: c, driver).failure, .managerNotFound, "Taking away what is not there")
      try expectEqual(try await managers(of: [a, b, c], driver), ["a": "b", "b": "c"], "What is left")
      try expectEqual(
        try await driver.changes(of: c).filter { $0.collection == Change.managers }.count, 0, "Rows of the log")
      let before = try await driver.changes(of: a).count
      _ = await put(b, of: a, driver)
      try expectEqual(try await driver.changes(of: a).count, before, "Rows for what is so already")
    },
    ConformanceCase(.atomic, "A person and their manager are written together, or neither is") { driver in
      let (ann, bob) = (try Probe.person("ann"), try Probe.person("bob"))
      for person in [ann, bob] { try await driver.add(person) }
      let both = await driver.write(PutManager(user: bob.id, manager: ann.id, name: "Bob B"))
      guard case .success(.written(let written)) = both else { throw ConformanceFailure("It ended with \(both).") }
      try expectEqual(written.displayName, "Bob B", "The person that is answered")
      try expectEqual(try await managers(of: [bob.id], driver), ["bob": "ann"], "The manager")
      try expectEqual(
        try await driver.changes(of: bob.id).suffix(2).map(\.collection), [nil, Change.managers], "The rows of the log")
      let log = try await driver.changes(of: ann.id)
      let circle = await driver.write(PutManager(user: ann.id, manager: bob.id, name: "Ann A"))
      try expectEqual(circle.failure, .managerCircle, "A circle")
      try expectEqual(try await driver.reader().user(ann.id).get(), ann, "The person of a write that was refused")
      try expectEqual(try await driver.changes(of: ann.id), log, "Their log")
      let same = await driver.write(PutManager(user: bob.id, manager: ann.id, name: "Bob"))
      guard case .success(.written) = same else { throw ConformanceFailure("It ended with \(same).") }
      try expectEqual(try await driver.reader().user(bob.id).get()?.displayName, "Bob", "The new name")
    },
    ConformanceCase(.basic, "Nobody has more managers above them than the bound") { driver in
      var last: UserID?
      for number in 0...Limits.managersAboveMax {
        let person = try Probe.person("p\(number)")
        try await driver.add(person)
        if let last {
          try expectEqual(await put(last, of: person.id, driver).failure, nil, "\(number) managers above one person")
        }
        last = person.id
      }
      let low = try Probe.person("low")
      try await driver.add(low)
      try expectEqual(await put(last, of: low.id, driver).failure, .tooManyManagers, "One more")
    },
    ConformanceCase(.atomic, "Managers are exported behind all people, and imported again") { driver in
      let people = try ["ann", "bob", "eve"].map { name throws(ConformanceFailure) in try Probe.person(name) }
      let lines: [ImportLine] =
        people.map { .user($0) }
        + [.manager(people[2].id, of: people[0].id), .manager(people[2].id, of: people[1].id)]
      try await driver.importLines(lines)
      try expectEqual(try await driver.export().map(\.line), lines.map(\.line), "The export")
      try await driver.importLines(lines)
      try expectEqual(
        try await managers(of: people.map(\.id), driver), ["ann": "eve", "bob": "eve"], "The managers")
      for (line, reason) in [
        (ImportLine.manager(people[0].id, of: people[2].id), ImportError.managerCircle),
        (.manager(try Probe.user("nobody"), of: people[0].id), .unknownManager),
        (.manager(people[0].id, of: try Probe.user("nobody")), .unknownPerson),
      ] {
        do {
          try await driver.importLines([line])
          throw ConformanceFailure("The import was taken in spite of \(reason).")
        } catch let error as ImportError {
          try expectEqual(error, reason, "The reason")
        }
      }
    },
    ConformanceCase(.basic, "A deleted manager is nobody's, and a deleted person has none") { driver in
      let (ann, bob) = (try Probe.person("ann"), try Probe.person("bob"))
      for person in [ann, bob] { try await driver.add(person) }
      _ = await put(ann.id, of: bob.id, driver)
      try expectEqual(await driver.write(RemovePerson(user: ann.id)), .success(.removed), "Removing the manager")
      try expectEqual(try await managers(of: [bob.id], driver), [:], "The manager who is gone")
      try await driver.add(ann)
      _ = await put(ann.id, of: bob.id, driver)
      try expectEqual(await driver.write(RemovePerson(user: bob.id)), .success(.removed), "Removing the report")
      let reports = try await driver.reader().reports(of: ann.id, after: nil, limit: 5).get()
      try expectEqual(reports.elements.map(\.id), [], "The reports of the manager")
    },
  ]
}

extension Result {
  /// The failure, if it is one.
  fileprivate var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
