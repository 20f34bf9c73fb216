import OData
public import Profiles

extension PostgreSQLStore: AdministeredStore {
  /// See `AdministeredStore`.
  public var warning: String? {
    let sentences = [nodes.settingsWarning ?? condition.warning, nodes.warning].compactMap(\.self)
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  /// See `AdministeredStore`.
  public var nodeConditions: [StoreNodeCondition] { nodes.conditions }

  /// See `AdministeredStore`.
  public var writeCounts: StoreWriteCounts {
    var counts = counter.counts
    counts.waiting = nodes.waiting
    return counts
  }

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
        try reads.answer(.number(at: .severalNodes, PostgreSQLStatement("", "select count(*)::bigint from \(table)")))
      }
      return StoreTotals(users: try count("person"), items: try count("item"), changes: try count("record"))
    }
  }

  /// See `AdministeredStore`.
  public func person(_ reference: String, in tenant: TenantID) throws -> StoredUser? {
    try withReads { reads in
      if let found = try reads.answer(.user(principalName: reference, orID: true, in: tenant)) { return found }
      // By id a person of another tenant is found, too.
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
  public func addTenant(_ id: TenantID) throws {
    // A write asks every node, and one that is away must not keep a server from starting.
    guard try !tenants().contains(where: { $0.id == id }) else { return }
    try withTables { $0.add(id) }
  }

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
  public func check() throws -> [CheckFinding] {
    try withReads { reads in
      let key = try Self.existingKey(options.keyDirectory, reads.connection)
      guard let key else { return [.inDatabase(AuditKey.foreignKeySentence)] }
      return try PostgreSQLCheck(reads.connection, key).findings()
    }
  }
}

extension PostgreSQLStore {
  /// Spreads the tables with their rows over the nodes of Citus, and returns how many nodes hold them. No server may
  /// write meanwhile: the tables are locked. Blocks.
  ///
  /// Throws `StoreError.readOnly` when the database has no Citus or another form than this program knows, or when a node
  /// lacks a setting that writes need; a setting that only operators need becomes the `warning` of the store. Throws
  /// `StoreError.unavailable` when the server cannot be reached.
  public func distribute() throws -> Int {
    do throws(PostgreSQLFailure) {
      let connection = try commandConnection()
      try PostgreSQLSchema.check(connection)
      try PostgreSQLDistribution.checkExtension(connection)
      condition.warning = try PostgreSQLNodeSettings.check(connection)
      return try PostgreSQLDistribution.distribute(connection)
    } catch {
      throw error.commandError
    }
  }
}
