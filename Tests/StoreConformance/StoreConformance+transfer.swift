import OData
import Profiles

extension StoreConformance {
  static let transfer: [ConformanceCase] = [
    ConformanceCase(.atomic, "What is imported is exported again, in order") { driver in
      let lines = try directory()
      try expectEqual(try await driver.importLines(lines.reversedPeople), lines.all.count, "The count")
      try expectEqual(try await driver.export().map(\.line), lines.all.map(\.line), "The export")
      let ann = try Probe.user("ann")
      let rows = try await driver.changes(of: ann)
      try expectEqual(rows.map(\.kind), [.imported, .imported, .imported], "The kinds of rows in the log")
      try expectEqual(rows.map(\.time), rows.map { _ in Probe.time(0) }, "The times in the log")
      let item = try unwrap(try await driver.item(try Probe.key(ann, "p2")), "The item")
      try expectEqual(rows.last?.versionAfter, item.version, "The version in the log")
    },
    ConformanceCase(.atomic, "An import replaces what is there, with a version that it never had") { driver in
      let lines = try directory()
      try await driver.importLines(lines.all)
      let before = try await versions(driver)
      let ann = try Probe.person("ann", principalName: "new@contoso.example", displayName: "New")
      let key = try Probe.key(ann.id, "p2")
      try await driver.importLines([.user(ann), .item(Probe.item(key, ["a": "new"], created: Probe.time(3)))])
      let reader = try driver.reader()
      let found = try unwrap(try await reader.item(key).get(), "The item")
      let item = "item ann/phones/p2"
      try expectEqual(try await driver.changes(of: ann.id).last?.versionBefore?.number, before[item], "In the log")
      try expect(before[item] != found.item.version.number, "The item has its old version.")
      try expectEqual(try Probe.members(found.item), ["a": "new"], "The members of the item")
      try expectEqual(found.owner.displayName, "New", "The name of the person")
      try expect(try await versions(driver)["person ann"] != before["person ann"], "The person has their old version.")
      try expectEqual(
        try await reader.user(principalName: "NEW@contoso.example", in: Probe.tenant).get()?.id, ann.id, "By name")
      try expectEqual(try await driver.export().count, lines.all.count, "The number of records")
    },
    ConformanceCase(.atomic, "An import that breaks off leaves nothing behind") { driver in
      try await driver.add(try Probe.person("zoe"))
      let before = try await driver.export()
      do {
        try await driver.importLines(try directory().all, thenThrow: ConformanceFailure("The line is bad."))
        throw ConformanceFailure("The error of the source was not passed on.")
      } catch let error as ConformanceFailure {
        try expectEqual(error.description, "The line is bad.", "The error")
      }
      try expectEqual(try await driver.export(), before, "The content")
      try expectEqual(try await driver.changes(of: try Probe.user("ann")), [], "The log")
      try await driver.put(ProbeOperation.create(Probe.item(try Probe.key(try Probe.user("zoe"), "p"), [:])))
    },
    ConformanceCase(.atomic, "An import of what cannot be is refused whole, with its reason") { driver in
      let holder = try Probe.person("zoe", principalName: "zoe@contoso.example")
      try await driver.add(holder)
      let ann = try Probe.person("ann")
      let start: [ImportLine] = [.user(ann)]
      let many = try (0...Limits.itemsPerCollectionMax).map {
        ImportLine.item(Probe.item(try Probe.key(ann.id, "p\($0)"), [:]))
      }
      let large = try (0...(Limits.personBytesMax >> 20)).map {
        ImportLine.item(Probe.item(try Probe.key(ann.id, "p\($0)"), bytes: 1 << 20))
      }
      let taken = ImportLine.user(try Probe.person("bob", principalName: "ZOE@contoso.example"))
      let stray = ImportLine.item(Probe.item(try Probe.key(try Probe.user("bob"), "p"), [:]))
      let refused: [(ImportError, [ImportLine])] = [
        (.unknownPerson, start + [stray]), (.principalNameTaken, start + [taken]), (.collectionFull, start + many),
        (.personFull, start + large),
      ]
      for (reason, lines) in refused {
        do {
          try await driver.importLines(lines)
          throw ConformanceFailure("The import was taken in spite of \(reason).")
        } catch let error as ImportError {
          try expectEqual(error, reason, "The reason")
        }
        try expectEqual(try await driver.export(), [.user(holder)], "The content")
      }
      try await driver.importLines(start + many.dropLast())
    },
    ConformanceCase(.atomic, "Replacing everything leaves what is given, and no log") { driver in
      let zoe = try Probe.person("zoe", principalName: "ann@contoso.example")
      try await driver.add(zoe)
      try await driver.put(ProbeOperation.create(Probe.item(try Probe.key(zoe.id, "p"), [:])))
      let lines = try directory()
      for _ in 0..<2 {
        if case .failure(let error) = await driver.replaceAll(lines.all) {
          throw ConformanceFailure("Replacing everything ended with \(error).")
        }
        try expectEqual(try await driver.export().map(\.line), lines.all.map(\.line), "The content")
        try expectEqual(try await driver.changes(of: zoe.id), [], "The log")
      }
      let stray = ImportLine.item(Probe.item(try Probe.key(zoe.id, "p"), [:]))
      let twice = try [Probe.person("a", principalName: "x"), Probe.person("b", principalName: "X")]
      for wrong in [[stray], twice.map { .user($0) }] {
        if case .success = await driver.replaceAll(wrong) {
          throw ConformanceFailure("Records that do not fit together were taken.")
        }
        try expectEqual(
          try await driver.export().map(\.line), lines.all.map(\.line), "The content after a refusal")
      }
    },
    ConformanceCase(.atomic, "No version comes twice, however often the same is imported, replaced or deleted") {
      driver in
      let group = try Probe.group("team")
      let lines = try [.group(group)] + directory().all
      var seen: [String: Set<Int64>] = [:]
      func look() async throws {
        for (address, version) in try await versions(driver) {
          try expect(seen[address, default: []].insert(version).inserted, "A version of \(address) came twice.")
        }
      }
      for _ in 0..<3 {
        try await driver.importLines(lines)
        try await look()
        if case .failure(let error) = await driver.replaceAll(lines) {
          throw ConformanceFailure("Replacing everything ended with \(error).")
        }
        try await look()
        for id in ["ann", "bob"] {
          try expectEqual(await driver.write(RemovePerson(user: try Probe.user(id))), .success(.removed), "A removal")
        }
      }
    },
    ConformanceCase(.concurrent, "An export shows one snapshot") { driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      let keys = try ["a", "b"].map { try Probe.key(ann.id, $0) }
      for key in keys { try await driver.put(ProbeOperation.create(Probe.item(key, ["n": "0"]))) }
      async let writing: Void = alternate(driver, keys, times: 200)
      for _ in 0..<50 {
        let versions = try await driver.export().compactMap { line in
          if case .item(let item) = line { item.version.number } else { nil }
        }
        try expectEqual(versions.count, 2, "The number of items")
        // The first is always written before the second.
        try expect([0, 1].contains(versions[0] - versions[1]), "Two states were mixed.")
      }
      try await writing
    },
  ]

  /// The version of everything that is stored, by what it is.
  private static func versions(_ driver: StoreDriver) async throws -> [String: Int64] {
    var versions: [String: Int64] = [:]
    for line in try await driver.export() {
      switch line {
      case .user(let user): versions["person \(user.id.text)"] = user.version.number
      case .group(let group): versions["group \(group.id.text)"] = group.version.number
      case .groupPhoto(let photo): versions["photo of \(photo.group.text)"] = photo.version.number
      case .item(let item):
        versions["item \(item.key.user.text)/\(item.key.collection)/\(item.key.id.text)"] = item.version.number
      case .tenant, .member, .nestedGroup, .owner: break
      }
    }
    return versions
  }

  private static func alternate(_ driver: StoreDriver, _ keys: [ItemKey], times: Int) async throws {
    for number in 1...times {
      for key in keys { try await driver.put(ProbeOperation.set(["n": "\(number)"], of: key)) }
    }
  }

  /// Two people with items in two collections, in the order of an export.
  private static func directory() throws -> ProbeDirectory {
    let ann = try Probe.person("ann", principalName: "ann@contoso.example")
    let bob = try Probe.person("bob", principalName: "ann@contoso.example", in: Probe.otherTenant)
    let annsItems = [
      Probe.item(try Probe.key(ann.id, "p1", in: "emails"), ["a": "1"]),
      Probe.item(try Probe.key(ann.id, "p2"), ["a": "2"], version: Version(number: 5), created: Probe.time(9)),
    ]
    let bobsItems = [Probe.item(try Probe.key(bob.id, "p2"), ["a": "3"], audience: .me)]
    return ProbeDirectory(
      ann: [.user(ann)] + annsItems.map { .item($0) }, bob: [.user(bob)] + bobsItems.map { .item($0) })
  }
}

/// The import lines of two people.
private struct ProbeDirectory {
  let ann: [ImportLine]
  let bob: [ImportLine]

  var all: [ImportLine] { ann + bob }
  var reversedPeople: [ImportLine] { bob + ann }
}
