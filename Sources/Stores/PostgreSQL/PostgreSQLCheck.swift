import OData
import Profiles

/// Checks a database person by person: whether everything is of its type and agrees with what is stored beside it, and
/// whether the audit log is whole and ends with what is stored. Here no seal covers the ends of all chains together,
/// because it would make every write wait for every other.
struct PostgreSQLCheck {
  private let connection: PostgreSQLConnection
  private let key: AuditKey

  /// Checks the database of a connection, whose audit log has this key.
  init(_ connection: PostgreSQLConnection, _ key: AuditKey) {
    self.connection = connection
    self.key = key
  }

  /// At most `Limits.checkFindingsMax` faults.
  func findings() throws -> [CheckFinding] {
    var findings: [CheckFinding] = []
    var last = ""
    while findings.count < Limits.checkFindingsMax {
      let people = try connection.rows(Self.people, .text(last))
      guard let end = people.rows.last.map(PostgreSQLRow.init) else { break }
      for row in people.rows.map(PostgreSQLRow.init) { findings += try self.findings(of: row.text(0)) }
      last = end.text(0)
    }
    let groups = try connection.rows(Self.groups).map { row throws(PostgreSQLFailure) in try row.group() }
    findings += groups.compactMap(CheckFinding.ofGroup)
    findings += CheckFinding.ofLinks(try PostgreSQLGroupLinks.read(connection.rows(PostgreSQLGroupLinks.selectAll)))
    let known = Set(groups.map(\.id))
    findings += try connection.rows(Self.photos).map { row throws(PostgreSQLFailure) in try row.groupPhoto() }
      .compactMap { CheckFinding.ofPhoto($0, hasGroup: known.contains($0.group)) }
    findings += try PostgreSQLMemberCheck(connection).findings(groups.map(\.id))
    return Array(findings.prefix(Limits.checkFindingsMax))
  }

  /// The faults of everything with this id: the person, the items, and every chain.
  private func findings(of text: String) throws -> [CheckFinding] {
    guard let user = UserID(text) else { return [.inDatabase("A stored person has no valid id.")] }
    func fault(_ message: String, _ collection: String? = nil, _ item: ItemID? = nil) -> CheckFinding {
      CheckFinding(user: user, collection: collection, item: item, message: message)
    }
    var findings: [CheckFinding] = []
    let person = try connection.rows(PostgreSQLTables.selectPerson, .text(text)).first?.person()
    if let person, let message = try person.fault ?? nameFault(person) { findings.append(fault(message)) }
    let noted = try connection.rows(PostgreSQLMailTable.selectNoted, .text(text)).rows.map {
      PostgreSQLRow($0).bytes(0)
    }
    if noted != (person?.foldedMail.map { [Array($0.utf8)] } ?? []) {
      findings.append(fault(CheckFinding.otherMail))
    }
    if let person, let mail = person.foldedMail {
      let holders = try connection.rows(
        PostgreSQLMailTable.selectHolder, .text(person.tenant.text), .bytes(of: mail), .text(text))
      if !holders.rows.isEmpty { findings.append(fault(StoredUser.sharedMailFault)) }
    }
    let disabled = try connection.rows(Self.disabledAccount, .text(text)).rows.map { PostgreSQLRow($0).text(0) }
    if disabled != (person.map { $0.isDisabled ? [$0.tenant.text] : [] } ?? []) {
      findings.append(fault(CheckFinding.otherAccount))
    }
    for row in try connection.rows(Self.items, .text(text)).rows.map(PostgreSQLRow.init) {
      let itemKey = ItemKey(user: user, collection: row.text(0), id: try row.itemID(1))
      let listed = row.optionalText(8).flatMap(UserID.init).map {
        ListedPerson($0, as: Audience(rawValue: row.int64(9)))
      }
      let item = try row.item(itemKey, from: 2).listing(listed)
      if let message = item.fault(hasOwner: person != nil) {
        findings.append(fault(message, itemKey.collection, itemKey.id))
      }
    }
    var tenants: Set<TenantID> = []
    for row in try connection.rows(Self.chains, .text(text)).rows.map(PostgreSQLRow.init) {
      let owner = AuditChainOwner(user: user, tenant: try row.tenantID(0))
      tenants.insert(owner.tenant)
      findings += try self.findings(of: owner, row, person)
      if PostgreSQLChainOwners.owner(row, from: 4) != PostgreSQLChainOwners.Owner(person, of: owner.tenant) {
        findings.append(fault(PostgreSQLChainOwners.fault))
      }
    }
    if let person, !tenants.contains(person.tenant) {
      findings.append(fault(CheckFinding.noAuditLog))
    }
    return findings
  }

  /// What is wrong with the names that a person is found by; nil when nothing is.
  private func nameFault(_ person: StoredUser) throws -> String? {
    guard let row = try connection.rows(Self.names, .text(person.id.text)).first else { return nil }
    if let fault = person.fault(principalName: row.optionalText(0), displayName: row.optionalText(1)) { return fault }
    guard let key = person.principalNameKey else { return nil }
    let holder = try connection.rows(PostgreSQLTables.selectHolder, .text(person.tenant.text), .bytes(of: key)).first
    return holder?.text(0).hasSameBytes(as: person.id.text) == true ? nil : StoredUser.sharedNameFinding
  }

  private func findings(
    of owner: AuditChainOwner, _ end: PostgreSQLRow, _ person: StoredUser?
  ) throws -> [CheckFinding] {
    var chain = AuditChainVerifier(owner: owner)
    for row in try connection.rows(Self.line, .text(owner.user.text), .text(owner.tenant.text)).rows.map(
      PostgreSQLRow.init)
    {
      let position = row.int64(11)
      chain.append(
        try row.change(), key, position: position, code: row.bytes(12), place: position,
        previous: position > 1 ? position - 1 : nil)
    }
    let isWhole =
      end.int64(1) == chain.chain.length && end.bytes(2) == chain.chain.tip
      && end.bytes(3) == chain.chain.seal(of: owner, key)
    if let message = chain.fault ?? (isWhole ? nil : "The end of the audit log was altered, or rows are missing.") {
      return [.ofPerson(owner.user, message)]
    }
    var comparison = AuditLogComparison(owner.user, chain.expected)
    if let person, person.tenant == owner.tenant {
      comparison.comparePerson(person.version)
      for row in try connection.rows(PostgreSQLTables.selectVersions, .text(owner.user.text)).rows.map(
        PostgreSQLRow.init)
      {
        comparison.compareItem(row.text(0), row.text(1), Version(number: row.int64(2)))
      }
      for row in try connection.rows(PostgreSQLMemberTable.selectGroups, .text(owner.user.text)).rows.map(
        PostgreSQLRow.init)
      {
        comparison.compareMembership(row.text(0))
      }
    }
    return comparison.findings
  }

  private static let people = PostgreSQLStatement(
    "check_ids",
    """
    select id from (select user_id as id from person union select user_id from item union select user_id from chain
    union select user_id from record union select user_id from membership) known
    where id > $1::text order by id limit 500
    """)
  private static let names = PostgreSQLStatement(
    "check_names", "select principal_name_folded, display_name_folded from person where user_id = $1::text")
  private static let disabledAccount = PostgreSQLStatement(
    "check_disabled_account", "select tenant from disabled_account where user_id = $1::text")
  private static let items = PostgreSQLStatement(
    "check_items",
    """
    select collection, id, \(PostgreSQLColumns.item), listed, listed_as from item where user_id = $1::text
    order by collection, id
    """)
  private static let chains = PostgreSQLStatement(
    "check_chains",
    """
    select tenant, length, tip, seal, \(PostgreSQLChainOwners.columns) from chain where user_id = $1::text
    order by tenant
    """)
  private static let line = PostgreSQLStatement(
    "check_record",
    """
    select \(PostgreSQLColumns.change), position, code from record where user_id = $1::text and tenant = $2::text
    order by position
    """)
  private static let photos = PostgreSQLStatement(
    "check_group_photos", "select \(PostgreSQLColumns.groupPhoto) from group_photo order by group_id")
  private static let groups = PostgreSQLStatement(
    "check_groups", "select \(PostgreSQLColumns.group) from directory_group order by id")
}
