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
      people.append(try Probe.person("p\(number)", principalName: principalName, displayName: name))
    }
    people.append(try Probe.person("long1", displayName: String(repeating: "x", count: 200) + "1"))
    people.append(try Probe.person("long0", displayName: String(repeating: "x", count: 200) + "2"))
    return people
  }

  private static let conditions: [UserCondition] = [
    .compare(.displayName, .equal, "a"), .compare(.displayName, .greater, "a"),
    .compare(.displayName, .lessOrEqual, "A"), .compare(.displayName, .equal, "zoë"),
    .compare(.displayName, .equal, "strasse"), .compare(.displayName, .equal, "Straße"),
    .compare(.displayName, .startsWith, "σα"), .compare(.displayName, .contains, "ë"),
    .compare(.displayName, .less, "ab"), .compare(.displayName, .greaterOrEqual, "b"), .differs(.displayName, "a"),
    .compare(.displayName, .startsWith, "a"), .compare(.displayName, .startsWith, ""),
    .compare(.displayName, .endsWith, "b"), .compare(.displayName, .endsWith, ""),
    .compare(.displayName, .contains, "%"),
    .compare(.displayName, .contains, "\u{0}"), .compare(.displayName, .contains, ""), .isSet(.displayName, false),
    .isSet(.userPrincipalName, true), .compare(.userPrincipalName, .equal, "P1x1@contoso.example"),
    .compare(.userPrincipalName, .equal, "p1x1@contoso.example"), .compare(.id, .startsWith, "p1"),
    .all([.compare(.displayName, .startsWith, "a"), .isSet(.userPrincipalName, true)]),
    .some([.isSet(.displayName, false), .compare(.displayName, .equal, "b'"), .compare(.id, .equal, "p4")]),
  ]

  private static let orders: [[UserSelection.Key]] = [
    [], [.init(.displayName, isDescending: false)], [.init(.displayName, isDescending: true)],
    [.init(.userPrincipalName, isDescending: true), .init(.displayName, isDescending: false)],
    [.init(.id, isDescending: true)],
  ]

  /// Whether a person satisfies a condition, by a second way of telling it.
  private static func holds(_ condition: UserCondition, _ user: StoredUser) -> Bool {
    switch condition {
    case .all(let parts): return parts.allSatisfy { holds($0, user) }
    case .some(let parts): return parts.contains { holds($0, user) }
    case .isSet(let column, let isSet): return (column.text(of: user) != nil) == isSet
    case .differs(let column, let text): return column.text(of: user).map { Array($0.utf8) } != Array(text.utf8)
    case .compare(let column, let comparison, let text):
      guard let found = column.text(of: user).map({ Array($0.utf8) }) else { return false }
      let wanted = Array(text.utf8)
      switch comparison {
      case .equal: return found == wanted
      case .less: return found.lexicographicallyPrecedes(wanted)
      case .lessOrEqual: return !wanted.lexicographicallyPrecedes(found)
      case .greater: return wanted.lexicographicallyPrecedes(found)
      case .greaterOrEqual: return !found.lexicographicallyPrecedes(wanted)
      case .startsWith: return found.starts(with: wanted)
      case .endsWith: return found.reversed().starts(with: wanted.reversed())
      case .contains:
        return wanted.isEmpty || found.indices.contains { found[$0...].starts(with: wanted) }
      }
    }
  }

  static let selections: [ConformanceCase] = [
    ConformanceCase(.basic, "People are selected and sorted by their columns, page after page") { driver in
      let people = try sampledPeople()
      for person in people { try await driver.add(person) }
      try await driver.add(try Probe.person("other", displayName: "a", in: Probe.otherTenant))
      let reader = try driver.reader()
      for condition in [nil] + conditions.map(Optional.some) {
        for keys in orders {
          let selection = UserSelection(condition: condition, keys: keys)
          let wanted = people.filter { person in condition.map { holds($0, person) } ?? true }
            .sorted { selection.precedes(selection.place(of: $0), selection.place(of: $1)) }.map(\.id.text)
          var found: [String] = []
          var place: KeysetPosition?
          repeat {
            let page = try await reader.users(in: Probe.tenant, selection, after: place, limit: 3).get()
            found += page.elements.map(\.id.text)
            place = page.isLast ? nil : page.elements.last.map(selection.place)
          } while place != nil
          try expectEqual(found, wanted, "Selected by \(selection)")
        }
      }
    }
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
