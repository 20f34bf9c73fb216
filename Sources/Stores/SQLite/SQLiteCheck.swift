import OData
import Profiles

extension SQLiteStore {
  /// Looks through everything: the file's structure, and whether each person and item is of the declared type and
  /// agrees with what is stored beside it. Reports at most `Limits.checkFindingsMax` faults. Blocks; for commands.
  public func check() throws -> [CheckFinding] {
    guard !condition.isClosed else { throw StoreError.closed }
    var findings: [CheckFinding] = []
    do {
      let connection = try SQLiteConnection(path, .readPatiently)
      try SQLiteSchema.checkCurrent(connection)
      // As of one moment, so that a server may write meanwhile.
      try connection.execute("begin")
      defer { try? connection.execute("rollback") }
      findings = try Self.structuralFaults(connection)
      if findings.isEmpty {
        let key = try AuditKey.existing(in: Self.directory(of: path))
        findings =
          try Self.userFaults(connection) + Self.itemFaults(connection) + Self.groupFaults(connection)
          + Self.tenantFaults(connection)
          + SQLiteAuditCheck.faults(connection, key)
      }
    } catch let refusal as SQLiteSchema.Refusal {
      findings.append(.inFile(refusal.message))
    } catch let failure as SQLiteFailure {
      findings.append(.inFile(failure.isDamage ? failure.reason : "The check could not go on: \(failure.reason)."))
    }
    return Array(findings.prefix(Limits.checkFindingsMax))
  }

  private static func structuralFaults(_ connection: SQLiteConnection) throws(SQLiteFailure) -> [CheckFinding] {
    let lines = try connection.prepare("pragma integrity_check(\(Limits.checkFindingsMax))")
      .all { row throws(SQLiteFailure) in row.text(0) }
    return lines == ["ok"] ? [] : lines.map { .inFile($0) }
  }

  private static func userFaults(_ connection: SQLiteConnection) throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let select = try connection.prepare(
      """
      select \(SQLiteRows.userColumns), principal_name_folded, display_name_folded, exists (select 1 from user o
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
          ?? (row.optionalText(9) == user.foldedMail ? nil : "The mail address that is noted of the person is another.")
          ?? (row.int64(10) == 1 ? StoredUser.sharedMailFault : nil)
        guard let fault else { return }
        findings.append(CheckFinding(user: user.id, collection: nil, item: nil, message: fault))
      } catch {
        findings.append(CheckFinding(user: UserID(row.text(0)), collection: nil, item: nil, message: error.reason))
      }
    }
    return findings
  }

  private static func itemFaults(_ connection: SQLiteConnection) throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    let select = try connection.prepare(
      """
      select i.user, i.collection, i.id, i.\(SQLiteRows.itemColumns.replacing(", ", with: ", i.")), u.id,
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
        guard let fault = Self.fault(of: item, hasOwner: !row.isNull(9)) else { return }
        findings.append(CheckFinding(user: user, collection: key.collection, item: key.id, message: fault))
      } catch {
        findings.append(
          CheckFinding(
            user: UserID(row.text(0)), collection: row.text(1), item: ItemID(row.text(2)), message: error.reason))
      }
    }
    return findings
  }

  /// Tenants whose settings cannot be read.
  private static func tenantFaults(_ connection: SQLiteConnection) throws -> [CheckFinding] {
    try connection.prepare("select id, json from tenant").all { row throws(SQLiteFailure) -> CheckFinding? in
      guard let id = TenantID(row.text(0)), TenantSettings(id: id, json: row.bytes(1)) != nil else {
        return .inFile("The settings of a tenant are damaged.")
      }
      return nil
    }.compactMap { $0 }
  }

  /// Groups that are not of their type, and memberships that join nothing.
  private static func groupFaults(_ connection: SQLiteConnection) throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    try connection.prepare("select \(SQLiteRows.groupColumns) from directory_group").forEach { row in
      guard findings.count < Limits.checkFindingsMax, let fault = try row.group().fault else { return }
      findings.append(.inFile("A group: \(fault)"))
    }
    let joinless = try connection.prepare(
      """
      select m.user from membership m left join user u on u.id = m.user
      left join directory_group g on g.id = m.group_id where u.tenant is not g.tenant or u.id is null
      """)
    try joinless.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      findings.append(
        CheckFinding(
          user: UserID(row.text(0)), collection: nil, item: nil,
          message: "A membership joins what is not there, or two tenants."))
    }
    return findings
  }

  static func fault(of item: StoredItem, hasOwner: Bool) -> String? {
    guard hasOwner else { return "The item belongs to nobody." }
    guard let collection = ProfileModel.collection(named: item.key.collection) else {
      return "The item lies in a collection that is not declared."
    }
    return item.fault(as: collection.target)
  }
}
