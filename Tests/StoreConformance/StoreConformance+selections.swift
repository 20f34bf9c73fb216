import OData
import Profiles

/// People who are selected and sorted by what a store keeps beside their JSON.
extension StoreConformance {
  private static let names: [String?] = [
    nil, "", "a", "A", "ab", "Ä", "a\u{0}b", "b%_", "zoë", "a", nil, "b'", "ZOE\u{308}", "Straße", "STRASSE", "ΣΑΣ",
    "σας",
  ]

  private static func sampledPeople() throws(ConformanceFailure) -> [StoredUser] {
    var people: [StoredUser] = []
    for (number, name) in names.enumerated() {
      let principalName = number.isMultiple(of: 3) ? nil : "P\(number % 5)x\(number)@contoso.example"
      people.append(
        try Probe.person(
          "p\(number)", principalName: principalName, displayName: name,
          mail: number.isMultiple(of: 4) ? "m\(number)@contoso.example" : nil,
          jobTitle: number.isMultiple(of: 2) ? ["Engineer", "Designer"][number % 4 / 2] : nil,
          businessPhones: number.isMultiple(of: 5) ? [] : ["+1 425 555 0\(100 + number)", "+1 425 555 \(200 + number)"])
      )
    }
    people.append(try Probe.person("long1", displayName: String(repeating: "x", count: 200) + "1"))
    people.append(try Probe.person("long0", displayName: String(repeating: "x", count: 200) + "2"))
    return people
  }

  /// Filters whose conditions are asked of a store, with those that no index answers.
  private static let filters = [
    "displayName eq 'a'", "displayName gt 'a'", "displayName le 'A'", "displayName eq 'zoë'",
    "displayName eq 'STRASSE'", "startswith(displayName,'σα')", "contains(displayName,'ë')", "displayName lt 'ab'",
    "displayName ge 'b'", "displayName ne 'a'", "startswith(displayName,'a')", "startswith(displayName,'')",
    "endswith(displayName,'b')", "contains(displayName,'%')", "displayName eq null", "userPrincipalName ne null",
    "userPrincipalName eq 'p1X1@contoso.example'", "startswith(userPrincipalName,'p1')", "id eq 'p3'",
    "startswith(id,'p1')", "endswith(userPrincipalName,'5@CONTOSO.example')", "contains(userPrincipalName,'x1')",
    "startswith(displayName,'a') and userPrincipalName ne null",
    "startswith(displayName,'a') and endswith(userPrincipalName,'9@contoso.example')",
    "displayName eq null or displayName eq 'b''' or id eq 'p4'",
    "startswith(displayName,'z') or startswith(mail,'z') or startswith(userPrincipalName,'p3')",
    "displayName in ('zoë','straße','nobody')", "startswith(displayName,'\(String(repeating: "x", count: 150))')",
    "businessPhones/any(p:p eq '+1 425 555 0107')", "businessPhones/any(p:startswith(p,'+1 425 555 011'))",
    "jobTitle eq 'ENGINEER'", "contains(jobTitle,'sign')", "mail eq 'nobody@contoso.example'",
  ]

  private static let searches = ["zoë", "strasse", "contoso", "contoso engineer", "\"mail:m8\"", "NOT contoso", "x1"]

  private static let orders = [
    "", "displayName", "displayName desc", "userPrincipalName desc", "jobTitle", "jobTitle desc",
  ]

  /// What a query asks of a store.
  private static func selection(
    filter: String? = nil, search: String? = nil, order: String
  ) throws(ConformanceFailure) -> UserSelection {
    var parts = order.isEmpty ? [] : ["$orderby=\(order)"]
    if let filter { parts.append("$filter=\(filter.replacing("%", with: "%25").replacing("+", with: "%2B"))") }
    if let search { parts.append("$search=\(search)") }
    let caller = Caller(actor: .application, tenant: Probe.tenant, permissions: [.userReadAll])
    let text = parts.joined(separator: "&")
    guard let options = try? QueryOptions(text.utf8, of: ProfileModel.user, supporting: .list) else {
      throw ConformanceFailure("\(text) is no query.")
    }
    return UserSelection(ListQuery(options, limit: 10), for: caller)
  }

  /// Reads page after page, and compares with the people for whom the condition holds by their entries: nobody of them is
  /// missing, and the order is that of the selection.
  private static func expectAll(
    _ selection: UserSelection, _ people: [StoredUser], from reader: ReaderDriver, _ name: String
  ) async throws {
    let wanted = people.filter { person in
      selection.condition.map { $0.holds(for: person, PersonIndexEntry(of: person)) } ?? true
    }
    var found: [StoredUser] = []
    var place: KeysetPosition?
    repeat {
      let page = try await reader.users(in: Probe.tenant, selection, after: place, limit: 3).get()
      found += page.elements
      place = page.isLast ? nil : page.end ?? page.elements.last.map(selection.place)
    } while place != nil
    let sorted = found.sorted { selection.precedes(selection.place(of: $0), selection.place(of: $1)) }
    try expectEqual(found.map(\.id.text), sorted.map(\.id.text), "The order of \(name)")
    try expectEqual(Set(found.map(\.id)).count, found.count, "How many are given by \(name)")
    let missing = wanted.filter { person in !found.contains { $0.id == person.id } }
    try expectEqual(missing.map(\.id.text), [], "Who is missing in \(name)")
    try expectEqual(found.filter { $0.tenant != Probe.tenant }.map(\.id.text), [], "Strangers in \(name)")
  }

  static let selections: [ConformanceCase] = [
    ConformanceCase(.basic, "People are selected and sorted by what indexes hold, page after page") { driver in
      let people = try sampledPeople()
      for person in people { try await driver.add(person) }
      try await driver.add(try Probe.person("other", displayName: "a", in: Probe.otherTenant))
      let reader = try driver.reader()
      for order in orders {
        try await expectAll(try selection(order: order), people, from: reader, "everybody by \(order)")
        for filter in filters {
          try await expectAll(
            try selection(filter: filter, order: order), people, from: reader, "\(filter) by \(order)")
        }
        for search in searches {
          try await expectAll(
            try selection(search: search, order: order), people, from: reader, "\(search) by \(order)")
        }
      }
    },
    ConformanceCase(.basic, "A person is found by what they are called now, and by nothing of before") { driver in
      func found(_ filter: String) async throws -> [String?] {
        let page = try await driver.reader().users(
          in: Probe.tenant, try selection(filter: filter, order: ""), after: nil, limit: 10
        ).get()
        return page.elements.map(\.displayName)
      }
      try await driver.add(
        try Probe.person("ann", principalName: "ann@a.example", displayName: "Ann Long", mail: "ann@a.example"))
      let after = try Probe.person(
        "ann", principalName: "eve@b.example", displayName: "Eve Short", mail: "eve@b.example")
      if case .failure(let error) = await driver.write(ReplacePerson(person: after)) { throw error }
      let before = [
        "displayName eq 'ann long'", "mail eq 'ann@a.example'", "startswith(displayName,'ann')",
        "contains(displayName,'long')", "endswith(mail,'a.example')",
      ]
      let now = [
        "displayName eq 'eve short'", "mail eq 'eve@b.example'", "startswith(displayName,'EVE')",
        "contains(displayName,'hor')", "endswith(mail,'b.example')",
      ]
      for filter in before { try expectEqual(try await found(filter), [], filter) }
      for filter in now { try expectEqual(try await found(filter), ["Eve Short"], filter) }
      try expectEqual(await driver.write(RemovePerson(user: after.id)), .success(.removed), "Removing the person")
      for filter in before + now { try expectEqual(try await found(filter), [], "\(filter), after the deletion") }
      let sorted = try await driver.reader().users(
        in: Probe.tenant, try selection(order: "displayName"), after: nil, limit: 10
      ).get()
      try expectEqual(sorted.elements.map(\.id.text), [], "Everybody, after the deletion")
    },
  ]

  // MARK: Receipts and groups of writes

  private static func receipt(_ key: UInt8, body: UInt8 = 1, at seconds: Int = 0) -> IdempotencyReceipt {
    IdempotencyReceipt(key: [key], body: [body], time: Probe.time(seconds))
  }

  static let receipts: [ConformanceCase] = [
    ConformanceCase(.atomic, "A creation that is sent again under its receipt is not done again") { driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      let first = Probe.item(try Probe.key(ann.id, "1"), ["a": "1"])
      let second = Probe.item(try Probe.key(ann.id, "2"), ["a": "2"])
      try expectEqual(try await driver.create(first, receipt(1)).get().id, nil, "The first creation")
      try expectEqual(try await driver.create(second, receipt(1)).get().id, "1", "The same again")
      try expectEqual(
        await driver.create(second, receipt(1, body: 2)).error, .idempotencyKeyReused, "The same key with another body")
      try expectEqual(try await driver.item(second.key), nil, "The second item")
      try expectEqual(try await driver.create(second, receipt(2)).get().id, nil, "Another key")
      try expectEqual(try await driver.changes(of: ann.id).count { $0.item != nil }, 2, "The number of rows in the log")
      let later = receipt(1, body: 9, at: Limits.receiptSeconds + 1)
      let third = Probe.item(try Probe.key(ann.id, "3"), ["a": "3"])
      try expectEqual(try await driver.create(third, later).get().id, nil, "The key after a day")
    },
    ConformanceCase(.atomic, "A creation that is refused leaves no receipt, and one outlives its person") {
      driver in
      let ann = try Probe.person("ann")
      let item = Probe.item(try Probe.key(ann.id, "1"), ["a": "1"])
      try expectEqual(await driver.create(item, receipt(1)).error, .userNotFound, "Before there is such a person")
      try await driver.add(ann)
      try expectEqual(try await driver.create(item, receipt(1)).get().id, nil, "Once there is")
      try expectEqual(await driver.write(RemovePerson(user: ann.id)), .success(.removed), "Removing the person")
      try await driver.add(ann)
      try expectEqual(try await driver.create(item, receipt(1)).get().id, "1", "For a new person of that id")
    },
    ConformanceCase(.atomic, "A group of writes is applied as a whole or not at all, beside others") { driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      let keys = [try Probe.key(ann.id, "1"), try Probe.key(ann.id, "2", in: "emails"), try Probe.key(ann.id, "3")]
      try await driver.put(.create(Probe.item(keys[0], ["a": "0"])))
      let refused = await driver.write([
        ProbeOperation.set(["a": "1"], of: keys[0]), ProbeOperation.create(Probe.item(keys[1], ["b": "1"])),
        ProbeOperation.set(["a": "1"], of: keys[2]),
      ])
      guard case .success(.refused(index: 2, .itemNotFound)) = refused else {
        throw ConformanceFailure("A group with a refused write ended with \(refused).")
      }
      try expectEqual(try await driver.item(keys[0])?.version, .first, "The version of an item that was written first")
      try expectEqual(try await driver.item(keys[1]), nil, "An item that was created first")
      let count = try await driver.changes(of: ann.id).count
      // Each write sees what those before it did.
      let applied = await driver.write([
        ProbeOperation.create(Probe.item(keys[1], ["b": "1"])), ProbeOperation.set(["b": "2"], of: keys[1]),
        ProbeOperation.set(["a": "2"], of: keys[0], ifMatch: .first),
      ])
      guard case .success(.applied(let outcomes)) = applied, outcomes.count == 3 else {
        throw ConformanceFailure("A group of good writes ended with \(applied).")
      }
      try expectEqual(
        try await driver.item(keys[1])?.version, Version(number: 2), "The version of an item written twice")
      try expectEqual(try await driver.changes(of: ann.id).count, count + 3, "The number of rows in the log")
    },
  ]
}

extension IdempotentOutcome<ItemOutcome> {
  /// The id of what was made before; nil when it was made now.
  fileprivate var id: String? { if case .repeated(let id) = self { id } else { nil } }
}

extension Result {
  /// The failure, if it is one.
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
