import OData
import Profiles

extension StoreConformance {
  static let lists: [ConformanceCase] = [
    ConformanceCase(.basic, "Pages of every size give each item once, by time and id") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      var items: [StoredItem] = []
      for number in 0..<150 {
        // Three times only, so that the id decides most positions; ids come in no order.
        let key = try Probe.key(person.id, "p\(number * 37 % 150)")
        items.append(Probe.item(key, ["n": "\(number)"], created: Probe.time(number % 3)))
      }
      try await driver.importLines(items.map { .item($0) })
      let wanted = items.sorted { left, right in
        left.created != right.created
          ? left.created < right.created : left.key.id.text.utf8.lexicographicallyPrecedes(right.key.id.text.utf8)
      }
      let reader = try driver.reader()
      for limit in [1, 7, Limits.loopRowsMax, Limits.loopRowsMax + 1, 150, 151] {
        let listed = try await readPages(reader, of: person.id, limit: limit)
        try expectEqual(listed.map(\.key), wanted.map(\.key), "The items in pages of \(limit)")
      }
    },
    ConformanceCase(.basic, "A list shows one collection of one person") { driver in
      for name in ["ann", "anna", "bob"] {
        let person = try Probe.person(name)
        try await driver.add(person)
        for collection in ["phones", "emails"] {
          let key = try Probe.key(person.id, "p", in: collection)
          try await driver.put(ProbeOperation.create(Probe.item(key, ["who": name])))
        }
      }
      let ann = try Probe.user("ann")
      for limit in [10, 100] {
        let listed = try await driver.reader().items(of: ann, in: "phones", limit: limit).get()
        try expectEqual(listed.map(\.key), [try Probe.key(ann, "p")], "The keys")
      }
    },
    ConformanceCase(.basic, "A viewer's pages of every size give each visible item once, and its count counts it once")
    {
      driver in
      let ann = try await addSeen(by: "bob", driver)
      for viewer in try viewers() { try await expectVisible(viewer, of: ann, driver) }
    },
    ConformanceCase(.basic, "What becomes visible, hidden or deleted appears in lists and counts, or goes, at once") {
      driver in
      let ann = try await addSeen(by: "bob", driver)
      for (number, audience) in [
        (0, Audience.me), (1, [.family, .organization, .everyone]), (2, [.groupMembers, .everyone]), (9, .contacts),
      ] {
        let key = try Probe.key(ann, id(number))
        let time = Probe.time(number % 5)
        try await driver.put(.replace(with: Probe.item(key, ["n": "new"], created: time, audience: audience)))
      }
      _ = await driver.write(ProbeOperation.remove(try Probe.key(ann, id(3))))
      for viewer in try viewers() { try await expectVisible(viewer, of: ann, driver) }
    },
    ConformanceCase(.basic, "A person is known beyond their tenant while one item in whatever collection is visible") {
      driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      let reader = try driver.reader()
      let stranger = AuthorizationContext(of: try Probe.caller("eve", of: Probe.stranger))
      func isKnown(_ user: UserID) async throws -> Bool {
        try await reader.hasItemsBeyondTenant(of: user, for: stranger).get()
      }
      for collection in ProfileModel.collections {
        let key = try Probe.key(ann.id, "1", in: collection.name)
        let hidden = Probe.item(key, ["n": "1"], audience: [.organization, .federatedOrganizations])
        try await driver.put(.create(hidden))
        try expectEqual(try await isKnown(ann.id), false, "While an item of \(collection.name) is hidden")
        try await driver.put(.replace(with: Probe.item(key, ["n": "2"], audience: [.organization, .everyone])))
        try expectEqual(try await isKnown(ann.id), true, "While an item of \(collection.name) is visible")
        _ = await driver.write(ProbeOperation.remove(key))
      }
      try expectEqual(try await isKnown(try Probe.user("nobody")), false, "Somebody who does not exist")
    },
  ]

  // MARK: Items for several audiences

  private static let audiences: [Audience] = [
    [.organization, .everyone], .me, [.family, .groupMembers, .organization, .everyone], .contacts, .family,
    [.federatedOrganizations, .contacts], .everyone, [.groupMembers, .everyone], .all, .me, .groupMembers,
  ]

  private static func id(_ number: Int) -> String { "p\(number * 37 % 150)" }

  /// Adds a person with items for every kind of audience, who lists `viewer` as family and shares a group with them.
  private static func addSeen(by viewer: String, _ driver: StoreDriver) async throws -> UserID {
    let (ann, viewer) = (try Probe.person("ann"), try Probe.person(viewer))
    for person in [ann, viewer] { try await driver.add(person) }
    let entry = Probe.item(try Probe.key(ann.id, "1", in: "relationships"), ["n": "1"])
    try await driver.put(.create(entry.listing(ListedPerson(viewer.id, as: .family))))
    _ = await driver.write(ProbeGroupOperation.put(try Probe.group("team"), adding: [ann.id, viewer.id]))
    let lines = try (0..<150).map { number in
      let key = try Probe.key(ann.id, id(number))
      let audience = audiences[number % audiences.count]
      return ImportLine.item(Probe.item(key, ["n": "1"], created: Probe.time(number % 5), audience: audience))
    }
    try await driver.importLines(lines)
    return ann.id
  }

  /// Callers, each with the audiences that they belong to; nil for who sees everything.
  private static func viewers() throws -> [(authorization: AuthorizationContext, audiences: Audience?)] {
    [
      (AuthorizationContext(of: try Probe.caller("bob")), [.family, .groupMembers, .organization, .everyone]),
      (AuthorizationContext(of: try Probe.caller("eve")), [.organization, .everyone]),
      (AuthorizationContext(of: try Probe.caller("eve", of: Probe.stranger)), .everyone),
      (AuthorizationContext(of: try Probe.caller("ann")), nil), (.everything, nil),
    ]
  }

  /// Compares what a viewer is given with what the owner's list says that they may see.
  private static func expectVisible(
    _ viewer: (authorization: AuthorizationContext, audiences: Audience?), of user: UserID, _ driver: StoreDriver
  ) async throws {
    let reader = try driver.reader()
    let all = try await readPages(reader, of: user, limit: 200)
    let wanted = all.filter { item in viewer.audiences.map { !item.audience.isDisjoint(with: $0) } ?? true }
    let who = viewer.audiences?.text ?? "all"
    for limit in [1, 7, Limits.loopRowsMax, wanted.count, wanted.count + 1] {
      let listed = try await readPages(reader, of: user, for: viewer.authorization, limit: limit)
      try expectEqual(listed.map(\.key), wanted.map(\.key), "The items for \(who) in pages of \(limit)")
    }
    // What is expected grants nothing and hides nothing, and so does a condition that all items satisfy.
    for expected in [ExpectedAudiences.all, .some(.me), .some(.everyone), .some([.organization, .everyone])] {
      let page = try await reader.page(
        of: user, in: "phones", for: viewer.authorization, limit: 200, where: ItemCondition(), expecting: expected
      ).get()
      try expectEqual(page.elements.map(\.key), wanted.map(\.key), "The items for \(who), expecting \(expected)")
      let ids = (all.prefix(40) + all.suffix(40)).map(\.key.id)
      let chosen = try await reader.items(ids, of: user, in: "phones", for: viewer.authorization, expected).get()
      try expectEqual(
        Set(chosen.map(\.item.key)), Set(wanted.map(\.key).filter { ids.contains($0.id) }),
        "Items by their ids for \(who), expecting \(expected)")
    }
    let count = try await reader.count(of: user, in: "phones", for: viewer.authorization).get()
    try expectEqual(count, wanted.count, "The number of items for \(who)")
  }

  private static func readPages(
    _ reader: ReaderDriver, of user: UserID, for authorization: AuthorizationContext = .everything, limit: Int
  ) async throws -> [StoredItem] {
    var items: [StoredItem] = []
    while true {
      let position = items.last.map { ItemPosition(of: $0) }
      let page = try await reader.page(of: user, in: "phones", for: authorization, after: position, limit: limit).get()
      try expect(page.elements.count <= limit, "A page of \(limit) has \(page.elements.count) items.")
      items += page.elements
      if page.isLast { return items }
      try expect(!page.elements.isEmpty, "An empty page is not the last one.")
    }
  }
}
