import OData
import Profiles

extension StoreConformance {
  static let photos: [ConformanceCase] = [
    ConformanceCase(.basic, "The photo of a group is kept, replaced and deleted apart from the group") { driver in
      let team = try Probe.group("team")
      let reader = try driver.reader()
      let first = try photo(of: team.id, "first")
      try expectEqual(await driver.write(ProbeGroupOperation.put(first)), .failure(.groupNotFound), "Before the group")
      _ = await driver.write(ProbeGroupOperation.put(team))
      try expectEqual(try await reader.photo(of: team.id).get(), nil, "At first")
      try expectEqual(await driver.write(ProbeGroupOperation.put(first)), .success(.done), "The first")
      try expectEqual(try await reader.photo(of: team.id).get(), first, "The first as it is read")
      let second = try photo(of: team.id, "second", version: first.version.next)
      try expectEqual(await driver.write(ProbeGroupOperation.put(second)), .success(.done), "The second")
      try expectEqual(try await reader.photo(of: team.id).get(), second, "The second as it is read")
      try expectEqual(try await reader.photo(of: try Probe.groupID("other")).get(), nil, "That of another group")
      try expectEqual(
        await driver.write(ProbeGroupOperation.deletePhoto(of: team.id, ifMatch: first.version)),
        .failure(.photoNotFound), "With the version of the first")
      try expectEqual(
        await driver.write(ProbeGroupOperation.deletePhoto(of: team.id, ifMatch: second.version)), .success(.done),
        "With its own version")
      try expectEqual(try await reader.photo(of: team.id).get(), nil, "At last")
      try expectEqual(try await reader.groups(.tenant(Probe.tenant), limit: 9).get().elements, [team], "The group")
    },
    ConformanceCase(.atomic, "The photo of a group ends with the group, and a new group of that id has none") {
      driver in
      let team = try Probe.group("team")
      _ = await driver.write(ProbeGroupOperation.put(team))
      _ = await driver.write(ProbeGroupOperation.put(try photo(of: team.id, "photo")))
      _ = await driver.write(ProbeGroupOperation.delete(team.id))
      _ = await driver.write(ProbeGroupOperation.put(team))
      try expectEqual(try await driver.reader().photo(of: team.id).get(), nil, "The photo of the new group")
    },
    ConformanceCase(.atomic, "Photos of groups are exported behind the groups, and imported with new versions") {
      driver in
      let team = try Probe.group("team")
      let photo = try photo(of: team.id, "photo")
      let lines: [ImportLine] = [.group(team), .groupPhoto(photo)]
      try await driver.importLines(lines)
      try expectEqual(try await driver.export().map(\.line), lines.map(\.line), "The export")
      let imported = try unwrap(try await driver.reader().photo(of: team.id).get(), "The photo")
      try expect(imported.version != photo.version, "The photo has the version of the line.")
      do {
        try await driver.importLines([.groupPhoto(try Self.photo(of: try Probe.groupID("nobody"), "photo"))])
        throw ConformanceFailure("The photo of no group was imported.")
      } catch ImportError.unknownGroupOfPhoto {}
      if case .failure(let error) = await driver.replaceAll([.group(team)]) {
        throw ConformanceFailure("Replacing everything ended with \(error).")
      }
      try expectEqual(
        try await driver.reader().photo(of: team.id).get(), nil, "The photo after everything was replaced")
    },
    ConformanceCase(.basic, "A photo of a person is an item as long as a photo may be, and ends with the person") {
      driver in
      let user = try await driver.add(["ann"])[0]
      let key = try Probe.key(user, "photo", in: PersonPhoto.collection)
      let item = Probe.item(key, bytes: Limits.importLineBytesMax - (1 << 10))
      try await driver.put(.create(item))
      try expectEqual(try await driver.item(key)?.json, item.json, "The photo as it is read")
      _ = await driver.write(RemovePerson(user: user))
      try expectEqual(try await driver.item(key), nil, "The photo of nobody")
      let rows = try await driver.changes(of: user).filter { $0.collection == PersonPhoto.collection }
      try expectEqual(rows.map(\.kind), [.created, .deleted], "What is recorded of the photo")
    },
  ]

  /// A photo whose JSON holds a text.
  private static func photo(
    of group: GroupID, _ text: String, version: Version = .first
  ) throws(ConformanceFailure) -> StoredGroupPhoto {
    StoredGroupPhoto(group: group, version: version, json: Probe.json(["sizes": text]))
  }
}
