import OData
import Profiles

/// Names of people, which are compared without regard to case and to how characters are composed.
extension StoreConformance {
  static let principalNames: [ConformanceCase] = [
    ConformanceCase(.basic, "A person is found by a name in any case and composition, and nobody else gets it") {
      driver in
      let pairs = [("Straße@x", "STRASSE@X"), ("zoe\u{308}", "ZOË"), ("ΣΑΣ", "σας"), ("ann", "ANN"), ("a b", "A B")]
      for (number, (name, other)) in pairs.enumerated() {
        let holder = try Probe.person("h\(number)", principalName: name)
        try await driver.add(holder)
        for spelling in [name, other] {
          for orID in [true, false] {
            let found = try await driver.reader().user(principalName: spelling, orID: orID, in: Probe.tenant)
            try expectEqual(try found.get(), holder, "The person by name")
          }
        }
        let second = try Probe.person("s\(number)", principalName: other)
        try expectEqual(await driver.write(AddPerson(person: second)), .failure(.principalNameTaken), "The same name")
        try await driver.add(try Probe.person("t\(number)", principalName: other, in: Probe.otherTenant))
      }
    },
    ConformanceCase(.basic, "Of an id and a name that are equal the id comes first, exactly and in its tenant alone") {
      driver in
      let ann = try Probe.person("ann", principalName: "login")
      let bob = try Probe.person("bob", principalName: "ann")
      let other = try Probe.person("login", in: Probe.otherTenant)
      for person in [ann, bob, other] { try await driver.add(person) }
      let reader = try driver.reader()
      let wanted: [(String, Bool, StoredUser?)] = [
        ("ann", true, ann), ("ann", false, bob), ("ANN", true, bob), ("login", true, ann), ("login", false, ann),
        ("bob", true, bob), ("bob", false, nil), ("nobody", true, nil),
      ]
      for (text, orID, person) in wanted {
        let found = try await reader.user(principalName: text, orID: orID, in: Probe.tenant).get()
        try expectEqual(found, person, "Whom \(text) means")
      }
      try expectEqual(
        try await reader.user(principalName: "login", orID: true, in: Probe.otherTenant).get(), other, "Elsewhere")
    },
    ConformanceCase(.atomic, "A renamed person is found by the present name only, whatever its spelling") {
      driver in
      let ann = try Probe.person("ann", principalName: "Ann")
      try await driver.add(ann)
      func find(_ name: String) async throws -> String? {
        try await driver.reader().user(principalName: name, in: Probe.tenant).get()?.id.text
      }
      for (name, found, lost) in [("ANN", "ann", "Anna"), ("Anna", "ANNA", "ann"), ("Straße", "strasse", "anna")] {
        try expectEqual(await driver.write(RenamePerson(user: ann.id, name: name)).isWritten, true, "Renaming")
        try expectEqual(try await find(found), "ann", "By the new name")
        try expectEqual(try await find(lost), nil, "By another name")
      }
      try await driver.add(try Probe.person("bob", principalName: "Anna"))
      try expectEqual(
        await driver.write(RenamePerson(user: ann.id, name: "ANNA")), .failure(.principalNameTaken), "Somebody's name")
      try expectEqual(await driver.write(RenamePerson(user: ann.id, name: nil)).isWritten, true, "Without a name")
      try expectEqual(try await find("strasse"), nil, "Who has no name")
      try await driver.add(try Probe.person("cy", principalName: "STRASSE"))
      try expectEqual(try await find("straße"), "cy", "Who took it")
    },
  ]
}

/// Gives a person another principal name.
struct RenamePerson: PersonOperation {
  let user: UserID
  let name: String?

  func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
    guard let old = state.person,
      let named = try? Probe.person(old.id.text, principalName: name, displayName: old.displayName)
    else { throw .userNotFound }
    let new = StoredUser(
      id: named.id, tenant: named.tenant, principalName: name, displayName: named.displayName,
      version: old.version.next, json: named.json)
    return .put(new, Probe.change(.updated, of: new))
  }
}

extension Result<PersonOutcome, ProfileError> {
  /// Whether something was written.
  fileprivate var isWritten: Bool { if case .success(.written) = self { true } else { false } }
}
