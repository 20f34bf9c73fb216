import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// Databases from before names were compared by folding, in which two people may have what is one name now.
@Suite("Names of older databases")
struct FoldedNamesTests {
  private static let people: [(id: String, name: String?)] = [
    ("ann", "Ann@Contoso.example"), ("p1", "straße@x"), ("p2", "STRASSE@x"), ("p3", "zoe\u{308}"), ("p4", "zoë"),
    ("none", nil), ("zero", "a\u{0}B"),
  ]

  private static func person(_ id: String, _ name: String?, job: String? = nil) -> StoredUser {
    func member(_ name: String, _ text: String?) -> String {
      text.map { #","\#(name)":"\#($0.replacing("\u{0}", with: "\\u0000"))""# } ?? ""
    }
    let json =
      #"{"id":"\#(id)"\#(member("displayName", "Ä\(id)"))\#(member("userPrincipalName", name))\#(member("jobTitle", job))}"#
    return StoredUser(
      id: Sample.userID(id), tenant: .demo, principalName: name, displayName: "Ä\(id)", version: .first,
      json: Array(json.utf8))
  }

  /// Each person by a name of their own; the real ones are put in their place behind the store.
  private static let lines = people.map { person in
    ImportLine.user(Self.person(person.id, person.name == nil ? nil : person.id))
  }

  /// Rewrites a person as a partial update does: everything but their job stays.
  private struct Promote: PersonOperation {
    let user: UserID
    var name: String??

    func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
      guard let old = state.person else { throw .userNotFound }
      let made = FoldedNamesTests.person(user.text, name ?? old.principalName, job: "Boss")
      let new = StoredUser(
        id: user, tenant: .demo, principalName: made.principalName, displayName: made.displayName,
        version: old.version.next, json: made.json)
      return .put(
        new,
        Change(
          time: Sample.time, kind: .updated, user: user, tenant: .demo, collection: nil, item: nil, properties: [],
          versionBefore: old.version, versionAfter: new.version, actingUser: nil, actingApplication: nil))
    }
  }

  private func write(_ operation: Promote, _ store: any ProfileStore) async -> Result<PersonOutcome, ProfileError> {
    await withCheckedContinuation { continuation in
      store.submit(.person(operation) { continuation.resume(returning: $0) })
    }
  }

  /// What both stores make of such people: each is still there with their name, one of two is found by it, both can be
  /// written, and renaming one lets the other be found.
  private func expectWhole(_ store: any AdministeredStore) async throws {
    var lines: [ImportLine] = []
    try store.exportLines { lines.append($0) }
    var names: [String: String?] = [:]
    for case .user(let user) in lines { names[user.id.text] = user.principalName }
    #expect(names.count == Self.people.count)
    for (id, name) in Self.people {
      #expect(names[id]??.utf8.elementsEqual((name ?? "").utf8) ?? (name == nil), "\(id)")
    }

    func find(_ name: String) throws -> String? { try store.person(name, in: .demo)?.id.text }
    for (name, id) in [("ANN@contoso.EXAMPLE", "ann"), ("Strasse@X", "p1"), ("ZOË", "p3"), ("A\u{0}b", "zero")] {
      #expect(try find(name) == id, "\(name)")
    }
    let faults = try store.check()
    #expect(
      faults.allSatisfy { $0.message == StoredUser.sharedNameFinding } && (2...4).contains(faults.count), "\(faults)")

    // The name of a person who keeps it is not checked.
    for id in ["p1", "p2"] {
      let outcome = await write(Promote(user: Sample.userID(id)), store)
      guard case .success(.written) = outcome else { throw StoreError.failed("\(outcome)") }
    }
    #expect(try find("strasse@x") == "p1")
    #expect(await write(Promote(user: Sample.userID("ann"), name: "STRASSE@X"), store) == .failure(.principalNameTaken))
    _ = await write(Promote(user: Sample.userID("p1"), name: "other"), store)
    #expect(try find("straße@x") == "p2" && find("OTHER") == "p1")
    #expect(await write(Promote(user: Sample.userID("ann"), name: "Straße@X"), store) == .failure(.principalNameTaken))
    _ = await write(Promote(user: Sample.userID("p4"), name: .some(nil)), store)
    #expect(try find("zoë") == "p3")
    #expect(try store.check().isEmpty)
  }

  @Test("A database of SQLite")
  func sqlite() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let old = try SQLiteLegacyDatabase(scratch.database)
    for (id, name) in Self.people { try old.add(Self.person(id, name)) }
    try old.close()
    #expect(throws: StoreOpenError.older) { try SQLiteStore.openReadOnly(scratch.database) }
    let store = try SQLiteStore.open(scratch.database)
    #expect(store.health == .healthy)
    try await expectWhole(store)
    store.close()
  }

  @Test("A database of PostgreSQL")
  func postgresql() async throws {
    let database = try await ThrowawayDatabase(isPlain: true)
    let maker = try database.store()
    var rest = Self.lines[...]
    _ = try maker.importLines(at: Sample.time) { rest.popFirst() }
    maker.close()
    try await database.revert(to: 1)
    var older = ""
    func bytes(_ text: String) -> String { "'\\x\(text.utf8.map { String(format: "%02x", $0) }.joined())'::bytea" }
    for (id, name) in Self.people {
      let json = String(decoding: Self.person(id, name).json, as: UTF8.self)
      let text = name.map(bytes) ?? "null"
      older += "update person set principal_name = \(text), json = \(bytes(json)) where user_id = '\(id)';"
      if let name {
        older += "insert into principal_name values ('\(TenantID.demo.text)', \(bytes(name.lowercased())), '\(id)');"
      }
    }
    try await database.psql(older)
    let store = try database.store()
    try await expectWhole(store)
    store.close()
    try await database.remove()
  }
}
