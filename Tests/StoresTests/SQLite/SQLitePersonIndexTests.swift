import OData
import Profiles
import Testing

@testable import Stores

/// How SQLite keeps the indexes of people, and makes pages from them.
@Suite("The indexes of people on SQLite")
struct SQLitePersonIndexTests {
  private static func person(_ number: Int, name: String? = nil) -> StoredUser {
    let name = name ?? "Name \(number % 7)"
    let job = number.isMultiple(of: 3) ? "null" : "\"Job \(number % 4)\""
    let json = """
      {"id":"u\(number)","displayName":"\(name)","jobTitle":\(job),"mail":"m\(number)@contoso.example",\
      "userPrincipalName":"p\(number)@contoso.example"}
      """
    return StoredUser(
      id: Sample.userID("u\(number)"), tenant: .demo, principalName: "p\(number)@contoso.example", displayName: name,
      version: .first, json: Array(json.utf8))
  }

  private static func selection(_ query: String) throws -> UserSelection {
    let options = try QueryOptions(query.utf8, of: ProfileModel.user, supporting: .list)
    let caller = Caller(actor: .application, tenant: .demo, permissions: [.userReadAll])
    return UserSelection(ListQuery(options, limit: 10), for: caller)
  }

  private static let queries = [
    "$filter=displayName eq 'name 3'", "$filter=startswith(displayName,'name')", "$filter=contains(mail,'m1')",
    "$filter=endswith(mail,'5@contoso.example')", "$search=contoso", "$filter=mail eq 'nobody@contoso.example'",
    "$filter=startswith(displayName,'name 1') or startswith(mail,'m2') or startswith(userPrincipalName,'p3')",
    "$filter=startswith(displayName,'name') and jobTitle eq 'job 1'", "$filter=displayName ge 'name 5'", "",
  ]
  private static let orders = ["", "displayName", "displayName desc", "jobTitle", "jobTitle desc", "mail desc"]

  /// Everybody who is found, page after page of four.
  private static func found(_ selection: UserSelection, _ search: SQLitePeopleSearch, in tenant: Int64) throws
    -> [StoredUser]
  {
    var found: [StoredUser] = []
    var place: KeysetPosition?
    repeat {
      let page = try search.page(in: tenant, selection, after: place, limit: 4)
      found += page.elements
      place = page.isLast ? nil : page.end
    } while place != nil
    return found
  }

  @Test("A page is the same in whichever way it is made", arguments: [1, 2, 5, 40, 1_000])
  func ways(bound: Int) throws {
    let people = (0..<60).map { Self.person($0) }
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load(people.map { .user($0) })
    store.close()
    let connection = try SQLiteConnection(scratch.database, .read)
    let names = try SQLiteNames(connection)
    let tenant = try #require(try names.number(of: .demo))
    for (few, passed) in [(0, 1), (bound, 3), (1_000, 50)] {
      let bounds = SQLitePeopleSearch.Bounds(found: bound, few: few, passed: passed)
      let search = try SQLitePeopleSearch(connection, names, bounds)
      for query in Self.queries {
        for order in Self.orders {
          let parts = [query, order.isEmpty ? "" : "$orderby=\(order)"].filter { !$0.isEmpty }
          let selection = try Self.selection(parts.joined(separator: "&"))
          guard selection != UserSelection() else { continue }
          let found = try Self.found(selection, search, in: tenant)
          let sorted = found.sorted { selection.precedes(selection.place(of: $0), selection.place(of: $1)) }
          #expect(found.map(\.id) == sorted.map(\.id), "\(parts)")
          #expect(Set(found.map(\.id)).count == found.count, "\(parts)")
          let wanted = people.filter { person in
            selection.condition.map { $0.holds(for: person, PersonIndexEntry(of: person)) } ?? true
          }
          #expect(Set(wanted.map(\.id)).isSubset(of: found.map(\.id)), "\(parts)")
          // Beyond the bound everybody may be given.
          if bound == 1_000 { #expect(Set(wanted.map(\.id)) == Set(found.map(\.id)), "\(parts)") }
        }
      }
    }
  }

  @Test("The deletion of a person leaves a small full-text index merged, and a check agrees")
  func remnants() async throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    let gone = Self.person(1, name: "Qxyzzy")
    try store.load((2..<40).map { .user(Self.person($0)) } + [.user(gone)])
    let result = await withCheckedContinuation { continuation in
      store.submit(.person(RemovePerson(user: gone.id)) { continuation.resume(returning: $0) })
    }
    #expect(try result.get() == .removed)
    #expect(try store.check() == [])
    store.close()
    let connection = try SQLiteConnection(scratch.database, .read)
    #expect(try connection.value("select count(*) from search_remnant") == "0")
    // One segment: the rows of averages and structure, and a leaf or several.
    #expect(try connection.value("select count(distinct segid) from person_search_idx") == "1")
    #expect(try connection.value("select people from person_count") == "38")
  }

  @Test("A check finds an index that disagrees with the people")
  func check() throws {
    for (sql, message) in [
      ("delete from person_text where property = 3 and id = 'user-0'", StoredUser.indexFault),
      ("insert into person_search (person_search) values ('delete-all')", StoredUser.indexFault),
      (
        "insert into person_text select tenant, 99, x'01', id, number from person where id = 'user-0'",
        "The indexes of people hold a text that nobody has."
      ),
      ("update person_count set people = 7", "The stored number of people of a tenant is another than there are."),
    ] {
      let scratch = try Scratch()
      defer { scratch.remove() }
      let store = try SQLiteStore.open(scratch.database)
      try store.load([.user(Self.person(0).renamed("user-0"))])
      store.close()
      try scratch.tamper(sql)
      #expect(try scratch.findings().map(\.message) == [message], "\(sql)")
    }
  }

  @Test("A database of before is indexed when it is opened")
  func migration() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load((0..<20).map { .user(Self.person($0)) })
    store.close()
    try scratch.tamper(
      """
      drop table manager; drop table person_text; drop table person_search; drop table search_remnant; drop table person_count;
      create index person_display_name on person (tenant, \(SQLiteSchema.sortKey("display_name_folded")), id)
        where tenant is not null;
      delete from grdb_migrations where identifier = 'indexes of people'
      """)
    let migrated = try SQLiteStore.open(scratch.database)
    #expect(migrated.health == .healthy)
    #expect(try migrated.check() == [])
    migrated.close()
  }
}

extension StoredUser {
  /// The same person under another id.
  fileprivate func renamed(_ id: String) -> StoredUser {
    let json = String(decoding: json, as: UTF8.self).replacing("\"id\":\"\(self.id.text)\"", with: "\"id\":\"\(id)\"")
    return StoredUser(
      id: Sample.userID(id), tenant: tenant, principalName: principalName, displayName: displayName, version: version,
      json: Array(json.utf8))
  }
}
