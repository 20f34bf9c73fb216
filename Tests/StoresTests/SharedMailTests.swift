import Foundation
import OData
import Profiles
import Testing

@testable import Stores

/// Databases from before mail addresses were unique, in which people share one.
@Suite("People who have shared a mail address since before it was unique")
struct SharedMailTests {
  private static func person(_ id: String, mail: String, name: String = "N", in tenant: TenantID = .demo) -> StoredUser
  {
    StoredUser(
      id: Sample.userID(id), tenant: tenant, principalName: nil, displayName: name, version: .first,
      json: Array(#"{"id":"\#(id)","displayName":"\#(name)","mail":"\#(mail)"}"#.utf8))
  }

  /// Two who share an address, one who has their own, and one of another tenant.
  private static let people = [
    person("ann", mail: "a@x.example"), person("bob", mail: "b@x.example"), person("eve", mail: "e@x.example"),
    person("zoe", mail: "team@x.example", in: .personalAccounts),
  ]
  private static let shared = #"{"id":"%","displayName":"N","mail":"Team@x.example"}"#

  /// Replaces a person.
  private struct Replace: PersonOperation {
    let person: StoredUser
    var user: UserID { person.id }

    func change(_ state: PersonState) throws(ProfileError) -> PersonChange {
      guard let old = state.person else { throw .userNotFound }
      let change = Change(
        time: Sample.time, kind: .updated, user: user, tenant: old.tenant, collection: nil, item: nil, properties: [],
        versionBefore: old.version, versionAfter: old.version.next, actingUser: nil, actingApplication: nil)
      return .put(
        StoredUser(
          id: user, tenant: old.tenant, principalName: nil, displayName: person.displayName, version: old.version.next,
          json: person.json), change)
    }
  }

  private static func replace(_ store: any ProfileStore, _ person: StoredUser) async -> ProfileError? {
    let result = await withCheckedContinuation { continuation in
      store.submit(.person(Replace(person: person)) { continuation.resume(returning: $0) })
    }
    if case .failure(let error) = result { return error }
    return nil
  }

  /// What holds of such a database once it was brought up to date.
  private static func expectPeace(_ store: any AdministeredStore) async throws {
    #expect(store.health == .healthy)
    let sharing = try store.check()
    #expect(sharing.compactMap(\.user?.text).sorted() == ["ann", "bob"])
    #expect(sharing.allSatisfy { $0.message == StoredUser.sharedMailFault })
    for id in ["ann", "bob"] {
      // Both are updated as if nothing were shared.
      #expect(await replace(store, person(id, mail: "team@X.example", name: "Other")) == nil, "\(id)")
    }
    #expect(await replace(store, person("eve", mail: "TEAM@x.example")) == .mailTaken)
    #expect(await replace(store, person("ann", mail: "a@x.example")) == nil)
    #expect(await replace(store, person("eve", mail: "TEAM@x.example")) == .mailTaken)
    #expect(await replace(store, person("bob", mail: "b@x.example")) == nil)
    #expect(await replace(store, person("eve", mail: "TEAM@x.example")) == nil)
    #expect(await replace(store, person("ann", mail: "team@x.example")) == .mailTaken)
    #expect(try store.check() == [])
  }

  @Test("A database in SQLite opens; people who share an address keep it, and nobody else gets it")
  func sqlite() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let old = try SQLiteLegacyDatabase(scratch.database)
    for person in Self.people {
      let isSharing = ["ann", "bob"].contains(person.id.text)
      let json = isSharing ? Array(Self.shared.replacing("%", with: person.id.text).utf8) : person.json
      try old.add(
        StoredUser(
          id: person.id, tenant: person.tenant, principalName: nil, displayName: person.displayName, version: .first,
          json: json))
    }
    try old.close()
    #expect(throws: StoreOpenError.older) { try SQLiteStore.openReadOnly(scratch.database) }
    let store = try SQLiteStore.open(scratch.database)
    try await Self.expectPeace(store)
    store.close()
  }

  @Test("A database in PostgreSQL is brought up to date by the first server, and refused to an older one")
  func postgreSQL() async throws {
    let database = try await ThrowawayDatabase()
    let old = try database.store()
    var people = Self.people[...]
    _ = try old.importLines(at: Sample.time) { people.popFirst().map { .user($0) } }
    old.close()
    for id in ["ann", "bob"] {
      let json = Self.shared.replacing("%", with: id)
      try await database.psql("update person set json = convert_to('\(json)', 'UTF8') where user_id = '\(id)'")
    }
    try await database.revert(to: 2)
    let store = try database.store()
    #expect(try await database.psql("select version from facet_schema") == "\(PostgreSQLSchema.version)")
    try await Self.expectPeace(store)
    store.close()
    try database.store().close()
    try await database.remove()
  }

  @Test("A check compares the table of mail addresses with people")
  func check() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load(Self.people.map { .user($0) })
    store.close()
    try scratch.tamper(
      "delete from mail_address where user = 'ann'; update mail_address set folded = 'x' where user = 'bob'")
    #expect(try scratch.findings().map(\.user?.text) == ["ann", "bob"])
  }
}
