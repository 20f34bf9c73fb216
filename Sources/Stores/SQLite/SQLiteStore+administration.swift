import OData
public import Profiles

extension SQLiteStore: AdministeredStore {
  /// See `AdministeredStore`.
  public var warning: String? { condition.warning }

  /// See `AdministeredStore`.
  public var nodeConditions: [StoreNodeCondition] { [] }

  /// See `AdministeredStore`.
  public var writeCounts: StoreWriteCounts { writer?.counts ?? StoreWriteCounts() }

  /// See `AdministeredStore`.
  public func isEmpty() throws -> Bool {
    try withReadConnection { try $0.value("select 1 from person where tenant is not null limit 1") == nil }
  }

  /// See `AdministeredStore`.
  public func totals() throws -> StoreTotals {
    try withReadConnection { connection in
      StoreTotals(
        users: try connection.count("person where tenant is not null"),
        items: try connection.count("profile where id is not null"), changes: try connection.count("audit_log"))
    }
  }

  /// See `AdministeredStore`.
  public func person(_ reference: String, in tenant: TenantID) throws -> StoredUser? {
    guard !condition.isClosed else { throw StoreError.closed }
    return try SQLiteReadConnection(path: path, condition: condition).read { statements throws(SQLiteFailure) in
      if let found = try statements.user(principalName: reference, orID: true, in: tenant) { return found }
      // By id a person of another tenant is found, too.
      return try UserID(reference).map { id throws(SQLiteFailure) in try statements.user(id) } ?? nil
    }.get()
  }

  /// See `AdministeredStore`.
  public func tenants() throws -> [TenantSettings] { try withReadConnection { try SQLiteExport($0).tenants() } }

  /// See `AdministeredStore`.
  public func addTenant(_ id: TenantID) throws {
    try withWriter { writer in try writer.transaction { try writer.tables.add(id) } }
  }

  /// See `AdministeredStore`.
  @discardableResult
  public func changeTenant(_ id: TenantID, _ change: (inout TenantSettings) throws -> Void) throws -> Bool {
    try withWriter { writer in
      try writer.transaction {
        guard let old = try writer.tables.relations.decided(id) else { return false }
        var new = old
        try change(&new)
        if new != old { try writer.tables.put(new) }
        return true
      }
    }
  }

  /// See `AdministeredStore`.
  public func hasGroup(_ id: GroupID, in tenant: TenantID) throws -> Bool {
    try withReadConnection { try SQLiteDirectoryStatements($0, try SQLiteNames($0)).group(id)?.tenant == tenant }
  }

  /// See `AdministeredStore`. The whole check reads one snapshot, so that a server may write meanwhile.
  public func check() throws -> [CheckFinding] {
    guard !condition.isClosed else { throw StoreError.closed }
    do {
      let connection = try SQLiteConnection(path, .readPatiently)
      try SQLiteSchema.checkCurrent(connection)
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      return try SQLiteCheck(connection, try AuditKey.existing(in: Self.directory(of: path))).findings()
    } catch let refusal as SQLiteSchema.Refusal {
      return [.inDatabase(refusal.message)]
    } catch let failure as SQLiteFailure {
      return [.inDatabase(failure.isDamage ? failure.reason : "The check could not go on: \(failure.reason).")]
    }
  }
}

extension SQLiteConnection {
  fileprivate func count(_ rows: String) throws(SQLiteFailure) -> Int {
    try value("select count(*) from \(rows)").flatMap { Int($0) } ?? 0
  }
}
