import OData
import Profiles

/// Checks a database: the structure of the file, whether each person and item is of its type and agrees with what is stored
/// beside it, and the audit log. To be run in one transaction, so that all is of one snapshot.
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
      findings =
        try userFaults() + itemFaults() + groupFaults() + tenantFaults() + SQLiteAuditCheck.faults(connection, key)
    }
    return Array(findings.prefix(Limits.checkFindingsMax))
  }

  private func structuralFaults() throws(SQLiteFailure) -> [CheckFinding] {
    let lines = try connection.prepare("pragma integrity_check(\(Limits.checkFindingsMax))")
      .all { row throws(SQLiteFailure) in row.text(0) }
    return lines == ["ok"] ? [] : lines.map { .inDatabase($0) }
  }

  private func userFaults() throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let select = try connection.prepare(
      """
      select \(SQLiteColumns.user), principal_name_folded, display_name_folded, exists (select 1 from user o
      where o.tenant = u.tenant and o.principal_name_folded = u.principal_name_folded and o.id <> u.id
      and \(SQLiteSchema.sortKey("o.principal_name_folded")) = \(SQLiteSchema.sortKey("u.principal_name_folded"))),
      (select group_concat(folded) from mail_address m where m.user = u.id and m.tenant = u.tenant),
      exists (select 1 from mail_address m join mail_address o on o.tenant = m.tenant and o.folded = m.folded
      and o.user <> m.user where m.user = u.id) from user u
      """)
    try select.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      do throws(SQLiteFailure) {
        let user = try row.user()
        let fault =
          user.fault ?? user.fault(principalName: row.optionalText(6), displayName: row.optionalText(7))
          ?? (row.int64(8) == 1 ? StoredUser.sharedNameFinding : nil)
          ?? (row.optionalText(9) == user.foldedMail ? nil : CheckFinding.otherMail)
          ?? (row.int64(10) == 1 ? StoredUser.sharedMailFault : nil)
        guard let fault else { return }
        findings.append(.ofPerson(user.id, fault))
      } catch {
        findings.append(.ofPerson(UserID(row.text(0)), error.reason))
      }
    }
    return findings
  }

  private func itemFaults() throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let select = try connection.prepare(
      """
      select i.user, i.collection, i.id, i.\(SQLiteColumns.item.replacing(", ", with: ", i.")), u.id,
      i.listed, i.listed_as from item i left join user u on u.id = i.user
      """)
    try select.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      do throws(SQLiteFailure) {
        guard let user = UserID(row.text(0)) else { throw .row("A stored item has no valid person.") }
        let key = ItemKey(user: user, collection: row.text(1), id: try row.itemID(2))
        let listed = row.optionalText(10).flatMap(UserID.init).map {
          ListedPerson($0, as: Audience(rawValue: row.int64(11)))
        }
        let item = try row.item(key, from: 3).listing(listed)
        guard let fault = item.fault(hasOwner: !row.isNull(9)) else { return }
        findings.append(CheckFinding(user: user, collection: key.collection, item: key.id, message: fault))
      } catch {
        findings.append(
          CheckFinding(
            user: UserID(row.text(0)), collection: row.text(1), item: ItemID(row.text(2)), message: error.reason))
      }
    }
    return findings
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

  /// Finds groups that are not of their type, and memberships without a person or a group of the same tenant.
  private func groupFaults() throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    try connection.prepare("select \(SQLiteColumns.group) from directory_group").forEach { row in
      guard findings.count < Limits.checkFindingsMax, let finding = CheckFinding.ofGroup(try row.group()) else {
        return
      }
      findings.append(finding)
    }
    let joinless = try connection.prepare(
      """
      select m.user from membership m left join user u on u.id = m.user
      left join directory_group g on g.id = m.group_id where u.tenant is not g.tenant or u.id is null
      """)
    try joinless.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      findings.append(.ofPerson(UserID(row.text(0)), "A membership joins what is not there, or two tenants."))
    }
    return findings
  }
}
