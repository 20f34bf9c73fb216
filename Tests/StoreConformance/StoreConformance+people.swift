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
    ConformanceCase(.basic, "A principal name that is taken is left out of a new person") { driver in
      let ann = try Probe.person("ann", principalName: "ann@contoso.example")
      let second = try Probe.person("second", principalName: "ANN@contoso.example")
      try await driver.add(ann)
      try await driver.add(second)
      let reader = try driver.reader()
      let found = try unwrap(try await reader.user(second.id).get(), "The second person")
      try expectEqual(found, try unwrap(second.withoutPrincipalName, "The person without the name"), "The person")
      try expectEqual(
        try await reader.user(principalName: "ann@contoso.example", in: Probe.tenant).get()?.id, ann.id, "The holder")
    },
    ConformanceCase(.basic, "People without principal names do not stand in each other's way") { driver in
      for name in ["ann", "bob"] { try await driver.add(try Probe.person(name, displayName: nil)) }
      let found = try await driver.reader().user(try Probe.user("bob")).get()
      try expectEqual(found, try Probe.person("bob", displayName: nil), "The second person")
    },
  ]
}
