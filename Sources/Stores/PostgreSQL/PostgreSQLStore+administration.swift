import OData
public import Profiles

extension PostgreSQLStore: AdministeredStore {
  /// See `AdministeredStore`; there is nothing of the kind.
  public var warning: String? { nil }

  /// See `AdministeredStore`.
  public var writeCounts: StoreWriteCounts { counter.counts }

  /// See `AdministeredStore`.
  public func isEmpty() throws -> Bool {
    try withReads { reads in
      try reads.connection.rows(PostgreSQLStatement("", "select 1::bigint from person limit 1")).rows.isEmpty
    }
  }

  /// See `AdministeredStore`.
  public func totals() throws -> StoreTotals {
    try withReads { reads in
      func count(_ table: String) throws(PostgreSQLFailure) -> Int {
        try reads.answer(.number(PostgreSQLStatement("", "select count(*)::bigint from \(table)")))
      }
      return StoreTotals(users: try count("person"), items: try count("item"), changes: try count("record"))
    }
  }

  /// See `AdministeredStore`.
  public func person(_ reference: String, in tenant: TenantID) throws -> StoredUser? {
    try withReads { reads in
      if let found = try reads.answer(.user(principalName: reference, orID: true, in: tenant)) { return found }
      // By id somebody of another tenant is found too.
      return try UserID(reference).flatMap { try reads.answer(.user($0)) }
    }
  }

  /// See `AdministeredStore`.
  public func tenants() throws -> [TenantSettings] {
    try withReads { reads in
      try reads.connection.rows(PostgreSQLStatement("", "select id, json from tenant order by id")).map {
        row throws(PostgreSQLFailure) in
        try PostgreSQLOwnerRelations.decided(try row.tenantID(0), row.bytes(1))
      }
    }
  }

  /// See `AdministeredStore`.
  public func addTenant(_ id: TenantID) throws { try withTables { $0.add(id) } }

  /// See `AdministeredStore`.
  @discardableResult
  public func changeTenant(_ id: TenantID, _ change: (inout TenantSettings) throws -> Void) throws -> Bool {
    try withTables { tables in
      guard let old = try tables.lockedTenant(id) else { return false }
      var new = old
      try change(&new)
      if new != old { tables.put(new) }
      return true
    }
  }

  /// See `AdministeredStore`.
  public func hasGroup(_ id: GroupID, in tenant: TenantID) throws -> Bool {
    try withReads { reads in try reads.answer(.group(id))?.tenant == tenant }
  }

  /// See `AdministeredStore`.
  public func export(
    _ user: UserID, in tenant: TenantID, lines: (ImportLine) throws -> Void,
    changes: (AuditEntry) throws -> Void
  ) throws {
    try withReads { reads in
      if let person = try reads.answer(.user(user)), person.tenant == tenant {
        try PostgreSQLExport(reads.connection).export(person, lines)
      }
      let rows = try reads.connection.rows(Self.changesOfPerson, .text(user.text), .text(tenant.text))
      for row in rows.rows.map(PostgreSQLRow.init) {
        let position = row.int64(11)
        try changes(
          AuditEntry(position: position, change: try row.change(), older: position > 1 ? position - 1 : nil))
      }
    }
  }

  private static let changesOfPerson = PostgreSQLStatement(
    "",
    """
    select \(PostgreSQLColumns.change), position from record
    where tenant = $2::text and (user_id = $1::text or acting_user = $1::text)
    order by user_id <> $1::text, user_id, position
    """)

  /// Reads as of one moment, on a connection of its own.
  func withReads<Answer>(_ body: (PostgreSQLReads) throws -> Answer) throws -> Answer {
    guard !isClosed else { throw StoreError.closed }
    do {
      let connection = try commandConnection()
      try PostgreSQLSchema.check(connection)
      try connection.execute("begin isolation level repeatable read read only")
      let answer = try body(PostgreSQLReads(connection, PostgreSQLOwnerRelations(options.undecided)))
      try connection.execute("commit")
      return answer
    } catch let failure as PostgreSQLFailure {
      throw failure.commandError
    }
  }

  /// See `AdministeredStore`.
  public func check() throws -> [CheckFinding] {
    try withReads { reads in
      let key = try Self.existingKey(options.keyDirectory, reads.connection)
      guard let key else { return [.inFile(SQLiteStore.foreignKeySentence)] }
      return try PostgreSQLCheck(reads.connection, key).findings()
    }
  }
}
