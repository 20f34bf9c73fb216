import OData
import Profiles

/// Links among groups: owners, and groups in groups.
extension StoreConformance {
  static let links: [ConformanceCase] = [
    ConformanceCase(.basic, "A group in a group is known at both ends until it leaves or either group is deleted") {
      driver in
      let ids = try await driver.addGroups(["all", "part", "team"])
      let (all, part, team) = (ids[0], ids[1], ids[2])
      for (group, member) in [(all, team), (team, part)] {
        try expectEqual(await driver.write(LinkProbe(group: group, adding: [member])), .success(.done), "Put in")
      }
      let reader = try driver.reader()
      try expectEqual(
        try await reader.links(of: ids).get(),
        [
          all: linked(GroupLinks(groups: [team])), team: linked(GroupLinks(groups: [part], parents: [all])),
          part: linked(GroupLinks(parents: [team])),
        ], "The links")
      try expectEqual(try await reader.links(of: [try Probe.groupID("none")]).get(), [:], "Those of no group")
      try expectEqual(await driver.write(LinkProbe(group: team, removing: [part])), .success(.done), "Taken out")
      try expectEqual(try await reader.links(of: [part]).get(), [part: linked(GroupLinks())], "Its links then")
      _ = await driver.write(LinkProbe(group: team, adding: [part]))
      try expectEqual(await driver.write(LinkProbe.delete(team)), .success(.done), "Deleted in the middle")
      try expectEqual(
        try await reader.links(of: ids).get(), [all: linked(GroupLinks()), part: linked(GroupLinks())], "What is left")
    },
    ConformanceCase(.basic, "No group comes to be in itself, however many groups lie between") { driver in
      let ids = try await driver.addGroups((0..<4).map { "g\($0)" })
      for (group, member) in zip(ids, ids.dropFirst()) {
        try expectEqual(await driver.write(LinkProbe(group: group, adding: [member])), .success(.done), "Put in")
      }
      for (group, member) in [(ids[0], ids[0]), (ids[1], ids[0]), (ids[3], ids[0]), (ids[3], ids[1])] {
        try expectEqual(
          await driver.write(LinkProbe(group: group, adding: [member])), .failure(.nesting(.circle)), "A circle")
      }
      // A second way down is none.
      try expectEqual(await driver.write(LinkProbe(group: ids[0], adding: [ids[3]])), .success(.done), "A second way")
    },
    ConformanceCase(.basic, "So many groups lie in one another and no more") { driver in
      let ids = try await driver.addGroups((0...Limits.groupLevelsMax).map { "g\($0)" })
      var lines: [ImportLine] = []
      for (group, member) in zip(ids, ids.dropFirst()).dropLast() { lines.append(.nestedGroup(member, in: group)) }
      try await driver.importLines(lines)
      for (group, member) in [
        (ids[Limits.groupLevelsMax - 1], ids[Limits.groupLevelsMax]), (ids[Limits.groupLevelsMax], ids[0]),
      ] {
        try expectEqual(
          await driver.write(LinkProbe(group: group, adding: [member])), .failure(.nesting(.tooDeep)), "One more")
      }
      let (high, low) = (ids[Limits.groupLevelsMax - 2], ids[Limits.groupLevelsMax])
      try expectEqual(await driver.write(LinkProbe(group: high, adding: [low])), .success(.done), "Beside the last")
    },
    ConformanceCase(.atomic, "Owners are kept with the group, and whoever is deleted owns none any more") { driver in
      // Ids that contain each other, or that JSON writes in another way, are told apart.
      let people = try await driver.add(["ann", #"b"\ö"#, #"b"\ö2"#])
      let ids = try await driver.addGroups(["part", "team", #"b"\ö"#])
      let (part, team) = (ids[0], ids[1])
      try expectEqual(await driver.write(LinkProbe(group: team, owners: people)), .success(.done), "Owners")
      _ = await driver.write(LinkProbe(group: team, adding: [part]))
      _ = await driver.write(LinkProbe(group: part, adding: [ids[2]], owners: [people[1]]))
      let before = try await driver.changes(of: people[2])
      try expectEqual(await driver.write(RemovePerson(user: people[1])), .success(.removed), "The deletion")
      let reader = try driver.reader()
      let left = [people[0], people[2]]
      try expectEqual(
        try await reader.links(of: ids).get(),
        [
          team: linked(GroupLinks(owners: left, groups: [part])),
          part: linked(GroupLinks(groups: [ids[2]], parents: [team])), ids[2]: linked(GroupLinks(parents: [part])),
        ], "The links that are left")
      let rows = try await driver.changes(of: people[1]).filter { $0.collection == Change.ownerships }
      try expectEqual(rows.map(\.kind), [.created, .created, .deleted, .deleted], "The rows of the log")
      try expectEqual(rows.map { $0.item?.text }, ["team", "part", "part", "team"], "The groups that they name")
      try expectEqual(try await driver.changes(of: people[2]), before, "The log of another owner")
      let found = LinkProbe(group: team) { state throws(ProfileError) in
        guard Set(state.people.keys) == Set(left), state.links.owners == left else { throw .userNotFound }
        return .linking(GroupLinkChange(owners: [people[0]]), after: nil)
      }
      try expectEqual(await driver.write(found), .success(.done), "What a write finds")
      try expectEqual(try await reader.links(of: [team]).get()[team]?.links.owners, [people[0]], "The owners then")
      try await driver.add(try Probe.person(#"b"\ö"#))
      try expectEqual(
        try await reader.links(of: [team]).get()[team]?.links.owners, [people[0]], "When the id is given out again")
      try expectEqual(try await driver.changes(of: people[0]).map(\.collection), [nil, "ownedObjects"], "The log")
      try expectEqual(try await reader.countMembers(of: team).get(), 0, "Owners who are no members")
    },
    ConformanceCase(.basic, "A group is put with its first owners and groups, or nothing of it is") { driver in
      let ann = try await driver.add(["ann"])[0]
      let part = try await driver.addGroups(["part"])[0]
      let team = try Probe.group("team")
      let put = LinkProbe(group: team.id, nested: [part], people: [ann]) { state in
        .linking(
          GroupLinkChange(owners: [ann], added: [part]),
          after: .put(team, adding: [Probe.membership(.created, of: ann, in: team.id)]))
      }
      try expectEqual(await driver.write(put), .success(.group(team)), "Put")
      let reader = try driver.reader()
      try expectEqual(
        try await reader.links(of: [team.id, part]).get(),
        [
          team.id: linked(GroupLinks(owners: [ann], groups: [part])), part: linked(GroupLinks(parents: [team.id])),
        ], "The links")
      try expectEqual(try await reader.countMembers(of: team.id).get(), 1, "The members")
      // A later put of the properties leaves the links.
      _ = await driver.write(ProbeGroupOperation.put(try Probe.group("team", name: "New")))
      try expectEqual(try await reader.links(of: [team.id]).get()[team.id]?.links.groups, [part], "The links then")
    },
    ConformanceCase(.basic, "Links come back from an export as they were, and an import makes no circle") { driver in
      let ann = try Probe.person("ann")
      let (team, part) = (try Probe.group("team"), try Probe.group("part"))
      let lines: [ImportLine] = [
        .group(part), .group(team), .nestedGroup(part.id, in: team.id), .user(ann), .owner(ann.id, of: team.id),
      ]
      try await driver.importLines(lines)
      try await driver.importLines(lines)
      try expectEqual(try await driver.export().map(\.line), lines.map(\.line), "The export")
      let foreign = try Probe.group("foreign", in: Probe.stranger)
      try await driver.importLines([.group(foreign)])
      for (line, error) in [
        (ImportLine.nestedGroup(team.id, in: part.id), ImportError.nesting(.circle)),
        (.nestedGroup(team.id, in: team.id), .nesting(.circle)),
        (.nestedGroup(foreign.id, in: team.id), .unknownGroup), (.nestedGroup(part.id, in: foreign.id), .unknownGroup),
        (.nestedGroup(try Probe.groupID("none"), in: team.id), .unknownGroup),
        (.owner(try Probe.user("nobody"), of: team.id), .unknownPerson),
        (.owner(ann.id, of: foreign.id), .unknownGroup), (.owner(ann.id, of: try Probe.groupID("none")), .unknownGroup),
      ] {
        do {
          try await driver.importLines([line])
          throw ConformanceFailure("An import took what links nothing.")
        } catch let found as ImportError { try expectEqual(found, error, "The refusal") }
      }
    },
    ConformanceCase(.concurrent, "Nobody is an owner who is deleted at the same moment") { driver in
      for round in 0..<8 {
        let people = try await driver.add(["kept\(round)", "gone\(round)"])
        let team = try await driver.addGroups(["owned\(round)"])[0]
        async let removal = driver.write(RemovePerson(user: people[1]))
        async let linking = driver.write(
          LinkProbe(group: team, people: people) { state throws(ProfileError) in
            .linking(GroupLinkChange(owners: people.filter { state.people[$0] != nil }), after: nil)
          })
        try expectEqual(await removal, .success(.removed), "The deletion")
        try expectEqual(await linking, .success(.done), "The owners")
        let owners = try await driver.reader().links(of: [team]).get()[team]?.links.owners
        try expectEqual(owners, [people[0]], "Who is left")
      }
    },
    ConformanceCase(.concurrent, "Of two groups that are put into one another at once, one is not") { driver in
      for round in 0..<8 {
        let ids = try await driver.addGroups(["a\(round)", "b\(round)"])
        async let first = driver.write(LinkProbe(group: ids[0], adding: [ids[1]]))
        async let second = driver.write(LinkProbe(group: ids[1], adding: [ids[0]]))
        let outcomes = await [first, second]
        try expectEqual(outcomes.count { $0 == .success(.done) }, 1, "Those that were put in")
        try expectEqual(outcomes.count { $0 == .failure(.nesting(.circle)) }, 1, "Those that were not")
      }
    },
  ]

  private static func linked(_ links: GroupLinks) -> LinkedGroup { LinkedGroup(tenant: Probe.tenant, links: links) }
}

/// An operation on the links of a group, which throws what the store finds in the way.
struct LinkProbe: GroupOperation {
  let group: GroupID
  var nested: [GroupID] = []
  var people: [UserID] = []
  let decide: @Sendable (GroupState) throws(ProfileError) -> GroupChange
  var linkedTenant: TenantID? { Probe.tenant }

  func change(_ state: GroupState) throws(ProfileError) -> GroupChange { try decide(state) }

  init(
    group: GroupID, nested: [GroupID] = [], people: [UserID] = [],
    decide: @escaping @Sendable (GroupState) throws(ProfileError) -> GroupChange
  ) {
    self.group = group
    self.nested = nested
    self.people = people
    self.decide = decide
  }

  /// Changes the links of a group that exists.
  init(group: GroupID, adding added: [GroupID] = [], removing removed: [GroupID] = [], owners: [UserID]? = nil) {
    self.init(group: group, nested: added, people: owners ?? []) { state throws(ProfileError) in
      guard state.group != nil else { throw .groupNotFound }
      for member in added {
        guard let found = state.nested[member] else { throw .groupNotFound }
        if let obstacle = found.obstacle { throw .nesting(obstacle) }
      }
      let log = (owners ?? []).map { user in
        Change(
          time: Probe.time(1), kind: .created, user: user, tenant: Probe.tenant, collection: Change.ownerships,
          item: ItemID(group.text), properties: [], versionBefore: nil, versionAfter: nil, actingUser: nil,
          actingApplication: "app")
      }
      return .linking(GroupLinkChange(owners: owners, added: added, removed: removed, log: log), after: nil)
    }
  }

  /// Deletes a group with its links.
  static func delete(_ group: GroupID) -> Self {
    Self(group: group) { state in
      .linking(
        GroupLinkChange(owners: [], removed: state.links.groups, leavesParents: true),
        after: .remove { Probe.membership(.deleted, of: $0, in: group) })
    }
  }
}

extension StoreDriver {
  /// Adds groups with these ids.
  func addGroups(_ names: [String]) async throws -> [GroupID] {
    var ids: [GroupID] = []
    for name in names {
      let group = try Probe.group(name)
      guard case .success = await write(ProbeGroupOperation.put(group)) else {
        throw ConformanceFailure("A group could not be put.")
      }
      ids.append(group.id)
    }
    return ids
  }
}
