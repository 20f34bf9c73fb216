import GRDBSQLite
import OData
import Profiles
import Testing

@testable import Stores

/// How SQLite runs the statements of requests: each on an index, and those about a viewer on nothing that is hidden.
@Suite("Plans of the statements on SQLite")
struct SQLitePlanTests {
  /// Opens a new database, and passes `body` what reads it and what writes it.
  private static func withStatements(
    _ lines: [ImportLine] = [], _ body: (SQLiteReadStatements, SQLiteTables) throws -> Void
  ) throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    let store = try SQLiteStore.open(scratch.database)
    try store.load(lines)
    store.close()
    let connection = try SQLiteConnection(scratch.database, .write)
    let key = try #require(try AuditKey.existing(in: scratch.directory))
    let tables = try SQLiteTables(connection, key, SQLiteOptions())
    try body(try SQLiteReadStatements(scratch.database, [:]), tables)
  }

  /// The plan of a statement, a step in each line.
  private static func plan(_ sql: String, _ connection: SQLiteConnection) throws -> [String] {
    try connection.prepare("explain query plan \(sql)").all { row throws(SQLiteFailure) in row.text(3) }
  }

  @Test("No statement of a request looks through a table, or sorts")
  func indexes() throws {
    try Self.withStatements { reads, tables in
      var count = 0
      for connection in [reads.connection, tables.connection] {
        for sql in connection.statements {
          for step in try Self.plan(sql, connection) {
            // The one row of the total, rows that were found by an index before, and rows that the full-text index finds.
            let isScan =
              step.hasPrefix("SCAN")
              && !step.contains(
                #/SCAN (?:audit_total|CONSTANT ROW|\(subquery-\d+\)|person_search VIRTUAL TABLE INDEX \d+:=?M)/#)
            #expect(!isScan && !step.contains("AUTOMATIC"), "\(step)\n\(sql)")
            // What several indexes find is counted once.
            let isUnion = step == "UNION USING TEMP B-TREE" && sql.hasPrefix("select count(*) from (select")
            #expect(isUnion || !step.contains("TEMP B-TREE"), "\(step)\n\(sql)")
          }
          count += 1
        }
      }
      #expect(count > 60, "Only \(count) statements were found")
    }
  }

  @Test("A read of an item reads an index of people and the row of the item, no row of a person")
  func item() throws {
    try Self.withStatements { reads, _ in
      let joined = reads.connection.statements.filter { $0.contains("cross join profile") }
      #expect(joined.count == 1)
      for sql in joined {
        let plan = try Self.plan(sql, reads.connection)
        #expect(plan.count == 2)
        #expect(plan.first?.hasPrefix("SEARCH o USING COVERING INDEX person_owner (id=?") == true, "\(plan)")
        #expect(plan.last == "SEARCH i USING INDEX profile_item (<expr>=? AND id=?)", "\(plan)")
      }
      let owners = reads.connection.statements.filter { $0.hasPrefix("select number, tenant, display_name") }
      #expect(owners.count == 1)
      for sql in owners {
        let plan = try Self.plan(sql, reads.connection)
        #expect(plan.allSatisfy { $0.contains("USING COVERING INDEX person_owner (id=?") }, "\(plan)")
      }
    }
  }

  @Test("A page of items is found by the index of each flag alone, in the order of the page")
  func page() throws {
    let indexes = [
      "contacts", "everyone", "family", "federated_organizations", "group_members", "organization", "owner_only",
    ]
    try Self.withStatements { reads, _ in
      let statements = reads.connection.statements
      let pages = try statements.filter { $0.contains("order by created, id limit ?4") }.map { sql in
        try Self.plan(sql, reads.connection)
      }
      #expect(pages.allSatisfy { $0.count == 1 }, "One search each, and no sorting: \(pages)")
      let counts = try statements.filter { $0.contains(" union select") }.map { sql in
        try Self.plan(sql, reads.connection).filter { $0.hasPrefix("SEARCH") }
      }
      for (searches, kind) in [(pages.flatMap(\.self), "INDEX"), (counts.flatMap(\.self), "COVERING INDEX")] {
        let found = searches.compactMap { search -> String? in
          guard let name = search.firstMatch(of: #/ USING ([A-Z ]+) profile_(\w+) \(<expr>=\?/#) else { return nil }
          return name.output.1 == kind ? String(name.output.2) : nil
        }
        #expect(found.sorted() == indexes, "\(searches)")
      }
    }
  }

  // MARK: Hidden items

  /// People with the same 20 items for their tenant, one of whom has 980 more that a colleague may not see. The last of
  /// all is nobody who is read, because the end of an index is found a step earlier than that of a person.
  private static var people: [ImportLine] {
    var lines: [ImportLine] = [.user(Sample.person("viewer"))]
    for id in ["hiding", "shown", "last"] {
      let user = Sample.person(id)
      lines.append(.user(user))
      for number in 0..<1_000 where number % 50 == 0 || id == "hiding" {
        let audience: Audience =
          number % 50 == 0 ? [.organization, .everyone] : number % 2 == 0 ? .me : [.contacts, .federatedOrganizations]
        let phone = Sample.phone("phone-\(number)", of: user)
        lines.append(
          .item(
            StoredItem(
              key: phone.key, version: .first, audience: audience,
              created: DateTimeOffset(unixSeconds: 1_600_000_000 + Int64(number)), json: phone.json, collapsible: nil)))
      }
    }
    return lines
  }

  @Test("The writer reads an item for those who see it, and for others as little as one that does not exist")
  func writer() throws {
    func authorization(_ id: String) -> AuthorizationContext {
      AuthorizationContext(
        of: Caller(actor: .user(Sample.userID(id)), tenant: .demo, permissions: Set(Permission.allCases)),
        needsPolicy: true)
    }
    try Self.withStatements(Self.people) { _, tables in
      let hiding = Sample.person("hiding")
      for (number, isVisible) in [(0, true), (1, false), (2, false)] {
        let key = Sample.key("phone-\(number)", of: hiding)
        for all in [.everything, authorization("hiding")] {
          let state = try tables.state(of: key, for: all)
          #expect(state.owner != nil && state.item?.key == key)
        }
        let state = try tables.state(of: key, for: authorization("viewer"))
        #expect(state.owner != nil && (state.item != nil) == isVisible, "\(number)")
      }
      let nobody = try tables.state(
        of: Sample.key("phone-0", of: Sample.person("nobody")), for: authorization("viewer"))
      #expect(nobody == ItemState(owner: nil, item: nil))
    }
  }

  @Test("Pages and counts of what a viewer sees take SQLite as many steps whatever is hidden")
  func hidden() throws {
    let viewer = Caller(actor: .user(Sample.userID("viewer")), tenant: .demo, permissions: Set(Permission.allCases))
    let authorization = AuthorizationContext(of: viewer)
    try Self.withStatements(Self.people) { reads, _ in
      func steps(_ id: String, _ read: (UserID) throws -> Void) throws -> Int {
        // Names are looked up the first time.
        try read(Sample.userID(id))
        let before = reads.connection.steps
        try read(Sample.userID(id))
        return reads.connection.steps - before
      }
      func expectSame(_ name: String, _ read: (UserID) throws -> Void) throws {
        let shown = try steps("shown", read)
        #expect(shown > 10)
        #expect(try steps("hiding", read) == shown, "\(name)")
      }
      for limit in [1, 7, 20, 100] {
        try expectSame("A page of \(limit)") { user in
          let page = try reads.items(of: user, in: "phones", for: authorization, after: nil, limit: limit).page
          #expect(page.elements.count == min(limit, 20))
          guard let last = page.elements.last else { return }
          let next = try reads.items(
            of: user, in: "phones", for: authorization,
            after: ItemPosition(of: last), limit: limit
          ).page
          #expect(next.elements.count == min(limit, 20 - page.elements.count))
        }
      }
      try expectSame("The count") { user in
        let count = try reads.count(of: user, in: "phones", for: authorization)
        #expect(count == 20)
      }
      // What is counted is not the same for everybody.
      let all = try steps("hiding") { user in
        let page = try reads.items(of: user, in: "phones", for: .everything, after: nil, limit: 1_000).page
        #expect(page.elements.count == 1_000)
      }
      #expect(all > 10_000)
    }
  }
}

extension SQLiteConnection {
  /// Calls `body` with every statement that is prepared on the connection.
  private func forEachStatement(_ body: (OpaquePointer) -> Void) {
    var statement = sqlite3_next_stmt(handle, nil)
    while let current = statement {
      body(current)
      statement = sqlite3_next_stmt(handle, current)
    }
  }

  /// The text of the statements that are prepared, but for those of transactions and of GRDB, which writes in capitals.
  fileprivate var statements: [String] {
    var texts: [String] = []
    forEachStatement { if let text = sqlite3_sql($0) { texts.append(String(cString: text)) } }
    return texts.filter { text in ["select", "insert", "update", "delete"].contains { text.hasPrefix($0) } }
  }

  /// How many steps of SQLite's virtual machine the statements took that are prepared now.
  fileprivate var steps: Int {
    var steps = 0
    forEachStatement { steps += Int(sqlite3_stmt_status($0, SQLITE_STMTSTATUS_VM_STEP, 0)) }
    return steps
  }
}
