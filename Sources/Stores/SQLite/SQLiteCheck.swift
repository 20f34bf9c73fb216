import OData
import Profiles

/// Checks a database: the structure of the file, whether each person and item is of its type and agrees with what is
/// stored beside it, and the audit log. To be run in one transaction, so that all is of one snapshot.
struct SQLiteCheck {
  private let connection: SQLiteConnection
  /// nil when the directory has no key.
  private let key: AuditKey?

  /// Checks the database of a connection, whose directory has this key.
  init(_ connection: SQLiteConnection, _ key: AuditKey?) {
    self.connection = connection
    self.key = key
  }

  /// At most `Limits.checkFindingsMax` faults. Rows are not looked at when the structure of the file is damaged.
  func findings() throws -> [CheckFinding] {
    var findings = try structuralFaults()
    if findings.isEmpty {
      let names = try SQLiteNames(connection)
      let chains = try SQLiteAuditCheck.faults(connection, names, key)
      let index = try SQLitePersonIndexCheck(connection)
      var keys = 0
      findings = try personFaults(names, index, &keys)
      findings += try SQLiteProfileCheck.faults(connection, names, chainsKnown: Set(chains.compactMap(\.user)))
      findings += try groupFaults() + tenantFaults() + chains
      // Otherwise it may follow from what was found.
      if findings.isEmpty { findings = try index.excess(over: keys) }
    }
    return Array(findings.prefix(Limits.checkFindingsMax))
  }

  /// The answer; nil when it would come from a damaged row. Other failures are thrown.
  static func unlessDamaged<Answer>(
    _ read: () throws(SQLiteFailure) -> Answer
  ) throws(SQLiteFailure) -> Answer? {
    do throws(SQLiteFailure) {
      return try read()
    } catch {
      guard case .row = error else { throw error }
      return nil
    }
  }

  private func structuralFaults() throws(SQLiteFailure) -> [CheckFinding] {
    let lines = try connection.prepare("pragma integrity_check(\(Limits.checkFindingsMax))")
      .all { row throws(SQLiteFailure) in row.text(0) }
    return lines == ["ok"] ? [] : lines.map { .inDatabase($0) }
  }

  /// What is wrong with people. Adds to `keys` how many keys the indexes should hold.
  private func personFaults(
    _ names: SQLiteNames, _ index: SQLitePersonIndexCheck, _ keys: inout Int
  ) throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let selectState = try connection.prepare("select 1 from profile where key = ?")
    let select = try connection.prepare(
      """
      select \(SQLiteColumns.user), number, principal_name_folded, display_name_folded,
      exists (select 1 from person o
        where o.tenant = p.tenant and o.principal_name_folded = p.principal_name_folded and o.number <> p.number
        and \(SQLiteSchema.sortKey("o.principal_name_folded")) = \(SQLiteSchema.sortKey("p.principal_name_folded"))),
      (select group_concat(folded) from mail_address m where m.user = p.id
        and m.tenant is (select t.id from tenant t where t.number = p.tenant)),
      exists (select 1 from mail_address m join mail_address o on o.tenant = m.tenant and o.folded = m.folded
        and o.user <> m.user where m.user = p.id),
      exists (select 1 from person o where o.id = p.id and o.number <> p.number)
      from person p order by number
      """)
    try select.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      let id = UserID(row.text(0))
      do throws(SQLiteFailure) {
        let user = try row.isNull(1) ? nil : row.user(names)
        let entry = user.map { PersonIndexEntry(of: $0) }
        keys += entry?.keys.count ?? 0
        let fault = user.map { Self.fault(of: $0, row) } ?? Self.faultOfDeleted(row)
        if let fault { findings.append(.ofPerson(id, fault)) }
        if let user, let entry, fault == nil, try !index.holds(entry, of: user.id, row.int64(6), in: row.int64(1)) {
          findings.append(.ofPerson(id, StoredUser.indexFault))
        }
        if row.int64(12) == 1 { findings.append(.ofPerson(id, "Somebody else has the same id.")) }
      } catch {
        guard case .row = error else { throw error }
        findings.append(.ofPerson(id, error.reason))
      }
      try selectState.bind(SQLiteProfileKey(stateOf: row.int64(6)).number)
      guard try selectState.first({ _ throws(SQLiteFailure) in true }) == nil else { return }
      findings.append(.ofPerson(id, "The state of the person is gone."))
    }
    return findings
  }

  private static func fault(of user: StoredUser, _ row: SQLiteStatement) -> String? {
    user.fault ?? user.fault(principalName: row.optionalText(7), displayName: row.optionalText(8))
      ?? (row.int64(9) == 1 ? StoredUser.sharedNameFinding : nil)
      ?? (row.optionalText(10) == user.foldedMail ? nil : CheckFinding.otherMail)
      ?? (row.int64(11) == 1 ? StoredUser.sharedMailFault : nil)
  }

  /// What is wrong with the row of somebody who was deleted, which holds their id and number alone.
  private static func faultOfDeleted(_ row: SQLiteStatement) -> String? {
    let isEmpty = [2, 3, 4, 5, 7, 8, 10].allSatisfy { row.isNull($0) }
    return isEmpty ? nil : "The person was deleted, but not all that belongs to them."
  }

  /// Finds tenants whose settings cannot be read.
  private func tenantFaults() throws -> [CheckFinding] {
    try connection.prepare("select id, json from tenant").all { row throws(SQLiteFailure) -> CheckFinding? in
      guard let id = TenantID(row.text(0)), TenantSettings(id: id, json: row.bytes(1)) != nil else {
        return .inDatabase("The settings of a tenant are damaged.")
      }
      return nil
    }.compactMap { $0 }
  }

  /// Finds groups and photos of them that are not of their type, and memberships without a person or a group of the same
  /// tenant.
  private func groupFaults() throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    try connection.prepare("select \(SQLiteColumns.group) from directory_group").forEach { row in
      guard findings.count < Limits.checkFindingsMax, let finding = CheckFinding.ofGroup(try row.group()) else {
        return
      }
      findings.append(finding)
    }
    var linked: [GroupID: LinkedGroup] = [:]
    try connection.prepare("select id, tenant, links from directory_group").forEach { row in
      guard let id = GroupID(row.text(0)), let tenant = TenantID(row.text(1)),
        let links = GroupLinks(json: row.bytes(2))
      else { throw SQLiteFailure.row(DamagedRow.group) }
      linked[id] = LinkedGroup(tenant: tenant, links: links)
    }
    findings += CheckFinding.ofLinks(linked)
    let photos = try connection.prepare(
      """
      select \(SQLiteColumns.of("p", SQLiteColumns.groupPhoto)), g.id is not null from group_photo p
      left join directory_group g on g.id = p.group_id
      """)
    try photos.forEach { row in
      let hasGroup = row.int64(3) == 1
      guard findings.count < Limits.checkFindingsMax,
        let finding = CheckFinding.ofPhoto(try row.groupPhoto(), hasGroup: hasGroup)
      else { return }
      findings.append(finding)
    }
    let joinless = try connection.prepare(
      """
      select m.user from membership m left join person p on p.id = m.user left join tenant t on t.number = p.tenant
      left join directory_group g on g.id = m.group_id where t.id is null or t.id is not g.tenant
      """)
    try joinless.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      findings.append(.ofPerson(UserID(row.text(0)), "A membership joins what is not there, or two tenants."))
    }
    return findings
  }
}

extension SQLiteStatement {
  /// Whether the column holds an id in the form in which it is looked for.
  func hasIdentifier(_ column: Int32) -> Bool {
    switch SQLiteIdentifier(identifier(column)) {
    case .guid: isBlob(column)
    case .text(let text): !isBlob(column) && !text.isEmpty
    }
  }
}
