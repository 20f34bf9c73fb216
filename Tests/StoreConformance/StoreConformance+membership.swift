import OData
import Profiles

extension StoreConformance {
  static let membership: [ConformanceCase] = [
    ConformanceCase(.basic, "A group is kept with its members, who know it and are known in it") { driver in
      let people = try await driver.add(["ann", "bob", "eve"])
      let team = try Probe.group("team")
      try expectEqual(
        await driver.write(ProbeGroupOperation.put(team, adding: [people[0], people[1]])), .success(.group(team)), "Put"
      )
      let reader = try driver.reader()
      try expectEqual(try await reader.groups(.tenant(Probe.tenant), limit: 9).get().elements, [team], "The groups")
      try expectEqual(try await reader.countGroups(.tenant(Probe.tenant)).get(), 1, "Their number")
      try expectEqual(try await reader.countGroups(.tenant(Probe.otherTenant)).get(), 0, "The number elsewhere")
      try expectEqual(
        try await reader.members(of: team.id, limit: 9).get().elements.map(\.id), Array(people.prefix(2)), "The members"
      )
      let rest = try await reader.members(of: team.id, after: "ann", limit: 9).get()
      try expectEqual(rest.elements.map(\.id), [people[1]], "The members after the first")
      try expectEqual(try await reader.countMembers(of: team.id).get(), 2, "Their number")
      try expectEqual(try await reader.groups(.member(people[0]), limit: 9).get().elements, [team], "Whose it is")
      try expectEqual(try await reader.countGroups(.member(people[2])).get(), 0, "Whose it is not")
      for (user, tenant, isMember) in [
        (people[0], Probe.tenant, true), (people[2], Probe.tenant, false), (people[0], Probe.otherTenant, false),
      ] {
        let found = try await reader.isMember(TenantUser(user: user, tenant: tenant), of: team.id).get()
        try expectEqual(found, isMember, "Whether somebody is a member")
      }
    },
    ConformanceCase(.atomic, "Memberships end one by one, with the group, and with the person; each end is recorded") {
      driver in
      let people = try await driver.add(["ann", "bob", "eve"])
      let team = try Probe.group("team")
      _ = await driver.write(ProbeGroupOperation.put(team, adding: people))
      try expectEqual(
        await driver.write(ProbeGroupOperation.add(people[0], to: team.id)), .failure(.alreadyMember), "A second time")
      try expectEqual(await driver.write(ProbeGroupOperation.remove(people[0], from: team.id)), .success(.done), "One")
      _ = await driver.write(RemovePerson(user: people[1]))
      let reader = try driver.reader()
      try expectEqual(try await reader.members(of: team.id, limit: 9).get().elements.map(\.id), [people[2]], "Left")
      try expectEqual(await driver.write(ProbeGroupOperation.delete(team.id)), .success(.done), "The group")
      try expectEqual(try await reader.countGroups(.tenant(Probe.tenant)).get(), 0, "The groups")
      for user in people {
        let rows = try await driver.changes(of: user).filter { $0.collection == Change.memberships }
        try expectEqual(rows.map(\.kind), [.created, .deleted], "What is recorded of a member")
        try expectEqual(rows.map { $0.versionBefore ?? $0.versionAfter }, [nil, nil], "Memberships have no versions")
      }
    },
    ConformanceCase(.basic, "A person is a member of so many groups and of no more") { driver in
      let user = try await driver.add(["ann"])[0]
      var lines: [ImportLine] = []
      for number in 0..<Limits.groupsPerPersonMax {
        let group = try Probe.group("g\(number)")
        lines += [.group(group), .member(user, of: group.id)]
      }
      try await driver.importLines(lines)
      let last = try Probe.group("last")
      try expectEqual(
        await driver.write(ProbeGroupOperation.put(last, adding: [user])), .failure(.tooManyGroups), "One more")
      try expectEqual(
        try await driver.reader().countGroups(.tenant(Probe.tenant)).get(), Limits.groupsPerPersonMax, "The groups")
      _ = await driver.write(ProbeGroupOperation.put(last))
      do {
        try await driver.importLines([.member(user, of: last.id)])
        throw ConformanceFailure("An import made one membership too many.")
      } catch ImportError.tooManyGroups {}
    },
    ConformanceCase(.basic, "The relation of a requester to an owner is read with what they ask for") { driver in
      let people = try await driver.add(["ann", "bob"])
      let (ann, bob) = (people[0], people[1])
      let authorization = AuthorizationContext(of: try Probe.caller("bob"))
      let reader = try driver.reader()
      func relation() async throws -> OwnerRelation? { try await reader.owner(ann, for: authorization).get()?.relation }
      try expectEqual(try await relation(), OwnerRelation(policy: TenantPolicy()), "At first")
      try expectEqual(try await reader.owner(ann, for: .everything).get()?.relation, nil, "Not asked for")
      for (id, audience) in [("1", Audience.family), ("2", .contacts)] {
        let entry = Probe.item(try Probe.key(ann, id, in: "relationships"), ["n": id]).listing(
          ListedPerson(bob, as: audience))
        try await driver.put(.create(entry))
        try expect(try await relation()?.listed.contains(audience) ?? false, "A list was not found.")
      }
      try expectEqual(
        try await reader.owner(bob, for: AuthorizationContext(of: try Probe.caller("ann"))).get()?.relation?.listed,
        .me,
        "The other way")
      let first = try Probe.key(ann, "1", in: "relationships")
      try await driver.put(.replace(with: Probe.item(first, ["n": "other"])))
      try expectEqual(try await relation()?.listed, .contacts, "After a list was emptied")
      _ = await driver.write(ProbeOperation.remove(try Probe.key(ann, "2", in: "relationships")))
      try expectEqual(try await relation()?.listed, .me, "After a list was deleted")
      _ = await driver.write(ProbeGroupOperation.put(try Probe.group("team"), adding: [ann]))
      _ = await driver.write(ProbeGroupOperation.put(try Probe.group("others"), adding: [bob]))
      try expectEqual(try await relation()?.sharesGroup, false, "In different groups")
      _ = await driver.write(ProbeGroupOperation.add(bob, to: try Probe.groupID("team")))
      try expectEqual(try await relation()?.sharesGroup, true, "In a common group")
    },
    ConformanceCase(.basic, "What a tenant decided holds from the next read on") { driver in
      let ann = try await driver.add(["ann"])[0]
      let reader = try driver.reader()
      let authorization = AuthorizationContext(of: try Probe.caller("eve", of: Probe.stranger))
      try expectEqual(try await reader.tenant(Probe.stranger).get(), nil, "An unknown tenant")
      for tenant in TenantID.builtIn {
        try expectEqual(
          try await reader.tenant(tenant).get(), TenantSettings(id: tenant), "A tenant that is always there")
      }
      try await driver.put(
        .create(Probe.item(try Probe.key(ann, "p"), ["a": "b"], audience: [.federatedOrganizations])))
      try expectEqual(try await reader.hasItemsBeyondTenant(of: ann, for: authorization).get(), false, "Before")
      var settings = TenantSettings(id: Probe.tenant, name: "Ours", federatedWith: [Probe.stranger])
      try await driver.importLines([.tenant(settings)])
      try expectEqual(try await reader.tenant(Probe.tenant).get(), settings, "What it decided")
      try expectEqual(try await reader.owner(ann, for: authorization).get()?.relation?.isFederated, true, "Federated")
      try expectEqual(try await reader.hasItemsBeyondTenant(of: ann, for: authorization).get(), true, "Federated")
      settings.policy.audienceMasks = ["phones": [.everyone]]
      try await driver.importLines([.tenant(settings)])
      try expectEqual(try await reader.hasItemsBeyondTenant(of: ann, for: authorization).get(), false, "Behind a mask")
      try expectEqual(try await reader.count(of: ann, in: "phones", for: authorization).get(), 0, "Behind a mask")
      try expectEqual(try await reader.item(try Probe.key(ann, "p"), for: authorization).get(), nil, "Behind a mask")
      try expectEqual(
        try await reader.count(of: ann, in: "phones", for: AuthorizationContext(of: try Probe.caller("ann"))).get(), 1,
        "The owner")
      try expectEqual(try await driver.export().first, .tenant(settings), "The export")
    },
    ConformanceCase(.basic, "The audit log is read in pages, each row at its position") { driver in
      let person = try Probe.person("ann")
      try await driver.add(person)
      let key = try Probe.key(person.id, "p")
      try await driver.put(.create(Probe.item(key, ["n": "0"])))
      for number in 1..<100 { try await driver.put(.set(["n": "\(number)"], of: key)) }
      let reader = try driver.reader()
      let viewer = TenantUser(user: person.id, tenant: Probe.tenant)
      var rows: [AuditEntry] = []
      while true {
        let page = try await reader.changes(of: viewer, from: rows.last?.older, limit: 40).get()
        rows += page.elements
        if page.isLast { break }
      }
      try expectEqual(rows.map(\.position), (1...101).reversed(), "The positions")
      try expectEqual(rows.reversed().map(\.change), try await driver.changes(of: person.id), "The rows")
      try expectEqual(try await reader.countChanges(of: viewer).get(), 101, "Their number")
      let nobody = TenantUser(user: try Probe.user("nobody"), tenant: Probe.tenant)
      try expectEqual(try await reader.countChanges(of: nobody).get(), 0, "Nobody's")
    },
    ConformanceCase(.basic, "An id that is given out again in another tenant begins another audit log") { driver in
      let first = try Probe.person("ann")
      try await driver.add(first)
      _ = await driver.write(RemovePerson(user: first.id))
      try await driver.importLines([.user(try Probe.person("ann", in: Probe.otherTenant))])
      let reader = try driver.reader()
      for (tenant, kinds) in [(Probe.tenant, [Change.Kind.created, .deleted]), (Probe.otherTenant, [.imported])] {
        try expectEqual(try await driver.changes(of: first.id, in: tenant).map(\.kind), kinds, "The rows of a tenant")
        let viewer = TenantUser(user: first.id, tenant: tenant)
        let page = try await reader.changes(of: viewer, limit: 9).get()
        try expectEqual(page.elements.map(\.change.kind), kinds.reversed(), "The page of a tenant")
        try expectEqual(try await reader.countChanges(of: viewer).get(), kinds.count, "The number of a tenant")
      }
    },
    ConformanceCase(.basic, "Groups, memberships and tenants come back from an export as they were") { driver in
      let ann = try Probe.person("ann")
      let team = try Probe.group("team")
      let settings = TenantSettings(id: Probe.stranger, name: "Strangers")
      let lines: [ImportLine] = [
        .tenant(settings), .group(team), .user(ann), .member(ann.id, of: team.id),
      ]
      try await driver.importLines(lines)
      try expectEqual(try await driver.export().map(\.line), lines.map(\.line), "The export")
      try await driver.importLines([.member(ann.id, of: team.id)])
      try expectEqual(try await driver.reader().countMembers(of: team.id).get(), 1, "After a second import")
      for (line, error) in [
        (ImportLine.member(try Probe.user("nobody"), of: team.id), ImportError.unknownPerson),
        (.member(ann.id, of: try Probe.groupID("nothing")), .unknownGroup),
        (.group(try Probe.group("team", in: Probe.stranger)), .groupOfOtherTenant),
      ] {
        do {
          try await driver.importLines([line])
          throw ConformanceFailure("An import took what joins nothing.")
        } catch let found as ImportError { try expectEqual(found, error, "The refusal") }
      }
    },
  ]
}

extension StoreDriver {
  /// Adds people with these ids.
  func add(_ names: [String]) async throws -> [UserID] {
    var ids: [UserID] = []
    for name in names {
      let person = try Probe.person(name)
      try await add(person)
      ids.append(person.id)
    }
    return ids
  }
}
