import OData
import Profiles

extension StoreConformance {
  static let people: [ConformanceCase] = [
    ConformanceCase(.basic, "A person is found by id, and by principal name in any case in their tenant only") {
      driver in
      let ann = try Probe.person("ann", principalName: "Ann@Contoso.Example")
      let other = try Probe.person("other", principalName: "ann@contoso.example", in: Probe.otherTenant)
      try await driver.add(ann)
      try await driver.add(other)
      let reader = try driver.reader()
      try expectEqual(try await reader.user(ann.id).get(), ann, "The person by id")
      for name in ["Ann@Contoso.Example", "ANN@CONTOSO.EXAMPLE", "ann@contoso.example"] {
        try expectEqual(
          try await reader.user(principalName: name, in: Probe.tenant).get(), ann, "The person by name")
        try expectEqual(
          try await reader.user(principalName: name, in: Probe.otherTenant).get(), other, "The other tenant's person")
      }
      try expectEqual(
        try await reader.user(principalName: "bob@contoso.example", in: Probe.tenant).get(), nil, "Nobody")
    },
    ConformanceCase(.basic, "A person who exists is not added again") { driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      try await driver.add(try Probe.person("ann", displayName: "Somebody else"))
      try expectEqual(try await driver.reader().user(ann.id).get(), ann, "The person")
      try expectEqual(try await driver.changes(of: ann.id).count, 1, "The number of rows in the log")
    },
    ConformanceCase(.basic, "A principal name that is taken is refused, in any case, and nothing is written") {
      driver in
      let ann = try Probe.person("ann", principalName: "ann@contoso.example")
      let second = try Probe.person("second", principalName: "ANN@contoso.example")
      try await driver.add(ann)
      try expectEqual(
        await driver.write(AddPerson(person: second)), .failure(.principalNameTaken), "The answer")
      try expectEqual(try await driver.reader().user(second.id).get(), nil, "The second person")
      try expectEqual(try await driver.changes(of: second.id).count, 0, "The number of rows in the log")
    },
    ConformanceCase(.basic, "People of one tenant are listed by id and counted") { driver in
      for number in 0..<5 { try await driver.add(try Probe.person("p\(number)")) }
      try await driver.add(try Probe.person("p1x", in: Probe.otherTenant))
      let reader = try driver.reader()
      let first = try await reader.users(in: Probe.tenant, after: nil, limit: 2).get()
      let rest = try await reader.users(
        in: Probe.tenant, after: KeysetPosition(values: [], id: Array("p1".utf8)), limit: 100
      ).get()
      try expectEqual(first.elements.map(\.id.text), ["p0", "p1"], "The first page")
      try expectEqual([first.isLast, rest.isLast], [false, true], "Whether they are the last")
      try expectEqual(rest.elements.map(\.id.text), ["p2", "p3", "p4"], "The rest")
      try expectEqual(try await reader.countUsers(in: Probe.tenant).get(), 5, "The number of people")
    },
    ConformanceCase(.atomic, "With a person all they hold goes, and each item that went is in the log") { driver in
      let ann = try Probe.person("ann", principalName: "ann@contoso.example")
      try await driver.add(ann)
      let keys = [try Probe.key(ann.id, "1"), try Probe.key(ann.id, "2", in: "emails")]
      for key in keys { try await driver.put(.create(Probe.item(key, ["a": "b"]))) }
      try expectEqual(await driver.write(RemovePerson(user: ann.id)), .success(.removed), "The answer")
      let reader = try driver.reader()
      try expectEqual(try await reader.user(ann.id).get(), nil, "The person")
      for key in keys { try expectEqual(try await reader.item(key).get(), nil, "An item of theirs") }
      let deleted = try await driver.changes(of: ann.id).filter { $0.kind == .deleted }
      try expectEqual(deleted.map { $0.item?.text }, ["2", "1", nil], "The items in the log")
      try await driver.add(try Probe.person("bob", principalName: "ann@contoso.example"))
    },
    ConformanceCase(.atomic, "Of a person's items only those go that are for one of the audiences") { driver in
      let ann = try Probe.person("ann")
      try await driver.add(ann)
      for (id, audience) in [("1", Audience.organization), ("2", .me), ("3", [.everyone, .family])] {
        try await driver.put(.create(Probe.item(try Probe.key(ann.id, id), ["a": id], audience: audience)))
      }
      let reader = try driver.reader()
      for (authorization, count) in [
        (AuthorizationContext.everything, 3), (AuthorizationContext(of: try Probe.caller("bob")), 2),
        (AuthorizationContext(of: try Probe.caller("eve", of: Probe.stranger)), 1),
        (AuthorizationContext(of: try Probe.caller("ann")), 3),
      ] {
        let found = try await reader.count(of: ann.id, in: "phones", for: authorization).get()
        try expectEqual(found, count, "The number of items")
        let page = try await reader.page(of: ann.id, in: "phones", for: authorization, limit: 10).get()
        try expectEqual(page.elements.count, count, "The items listed")
        try expectEqual(try await reader.count(of: ann.id, in: "emails", for: authorization).get(), 0, "Elsewhere")
      }
      let removal = RemoveItems(user: ann.id, audiences: [.organization, .everyone])
      try expectEqual(await driver.write(removal), .success(.removed), "The answer")
      try expectEqual(try await reader.count(of: ann.id, in: "phones", for: .everything).get(), 1, "What is left")
    },
    ConformanceCase(.basic, "People without principal names do not stand in each other's way") { driver in
      for name in ["ann", "bob"] { try await driver.add(try Probe.person(name, displayName: nil)) }
      let found = try await driver.reader().user(try Probe.user("bob")).get()
      try expectEqual(found, try Probe.person("bob", displayName: nil), "The second person")
    },
  ]
}
