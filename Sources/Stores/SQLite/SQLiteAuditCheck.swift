import OData
import Profiles

/// Checks the audit log for rows that were altered, moved, added or removed, and compares it with what people hold. To
/// be run in one transaction with the rest of a check.
struct SQLiteAuditCheck {
  private let connection: SQLiteConnection
  private let key: AuditKey
  private let reader: SQLiteChainReader
  private var findings: [CheckFinding] = []
  private var total = AuditTotal()

  private init(_ connection: SQLiteConnection, _ names: SQLiteNames, _ key: AuditKey) throws(SQLiteFailure) {
    self.connection = connection
    self.key = key
    reader = try SQLiteChainReader(connection, names, key)
  }

  /// The faults, in the order of people. Without the key the only finding is that it is missing.
  static func faults(
    _ connection: SQLiteConnection, _ names: SQLiteNames, _ key: AuditKey?
  ) throws -> [CheckFinding] {
    guard let key, try connection.value("select hex(key) from audit_total") == SQLiteStore.hexadecimal(key.fingerprint)
    else { return [.inDatabase(AuditKey.foreignKeySentence)] }
    var check = try SQLiteAuditCheck(connection, names, key)
    try check.checkChains()
    try check.checkTotal()
    return Array(check.findings.prefix(Limits.checkFindingsMax))
  }

  /// Verifies every chain. Its rows are scattered over the table, so they are sorted once for all chains.
  private mutating func checkChains() throws {
    let rows = try connection.prepare(
      """
      select \(SQLiteColumns.change), person, tenant, code, seq from audit_log order by person, tenant, position
      """)
    var current: SQLiteChainReader.Chain?
    try rows.forEach { row in
      guard findings.count < Limits.checkFindingsMax else { return }
      let (person, tenant) = (row.int64(SQLiteColumns.changeCount), row.int64(SQLiteColumns.changeCount + 1))
      if let chain = current, chain.person != person || chain.tenant != tenant {
        findings += try reader.faults(atEndOf: chain, &total)
        current = nil
      }
      var chain = try current.take() ?? reader.begin(person, tenant)
      try reader.append(row, to: &chain)
      current = chain
    }
    if let current { findings += try reader.faults(atEndOf: current, &total) }
  }

  private mutating func checkTotal() throws {
    let select = try connection.prepare("select count, sum, seal from audit_total")
    let kept = try select.first { row throws(SQLiteFailure) in
      (total: AuditTotal(count: row.int64(0), sum: row.bytes(1)), seal: row.bytes(2))
    }
    guard let kept, kept.total.seal(key) == kept.seal else {
      return findings.append(.inDatabase("What is known of the whole audit log was altered."))
    }
    guard kept.total != total, findings.isEmpty else { return }
    findings.append(
      .inDatabase(
        kept.total.count == total.count
          ? "The audit log of somebody is not the one that was written last: it was put back to an earlier state."
          : "The audit log has the chains of \(total.count) people, and should have those of \(kept.total.count)."))
  }
}

/// Verifies chains row by row, and compares them with their ends and with what people hold.
final class SQLiteChainReader {
  /// A chain of which some rows were read.
  struct Chain {
    /// The number of the person.
    let person: Int64
    /// The number of the tenant.
    let tenant: Int64
    /// nil when nobody has the number.
    let user: UserID?
    /// nil when it is not known whose chain it is.
    var verifier: AuditChainVerifier?
    /// Whether a row cannot be read.
    var isDamaged = false
  }

  private let names: SQLiteNames
  private let key: AuditKey
  private let selectID, selectState, selectVersion, selectItems, selectMemberships: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ names: SQLiteNames, _ key: AuditKey) throws(SQLiteFailure) {
    self.names = names
    self.key = key
    selectID = try connection.prepare("select id from person where number = ?")
    selectState = try connection.prepare("select json from profile where key = ?")
    selectVersion = try connection.prepare("select version from person where number = ? and tenant = ?")
    selectItems = try connection.prepare(
      "select key, id, version from profile where key between ? and ? and id is not null")
    selectMemberships = try connection.prepare("select group_id from membership where user = ?")
  }

  /// Begins a chain, before its first row.
  func begin(_ person: Int64, _ tenant: Int64) throws(SQLiteFailure) -> Chain {
    try selectID.bind(person)
    let user = try selectID.first { row throws(SQLiteFailure) in UserID(row.text(0)) } ?? nil
    let tenantID = try SQLiteCheck.unlessDamaged { () throws(SQLiteFailure) in try names.tenant(tenant) }
    var chain = Chain(person: person, tenant: tenant, user: user)
    if let user, let tenantID { chain.verifier = AuditChainVerifier(owner: AuditChainOwner(user: user, tenant: tenantID)) }
    return chain
  }

  /// Verifies the next row: the columns of a change, then its person, its tenant, its code and its place.
  func append(_ row: SQLiteStatement, to chain: inout Chain) throws(SQLiteFailure) {
    guard let owner = chain.verifier?.owner, !chain.isDamaged else { return }
    let entry = try SQLiteCheck.unlessDamaged { () throws(SQLiteFailure) in try row.auditEntry(of: owner, names) }
    guard let entry, row.hasIdentifiersOfChange else {
      chain.isDamaged = true
      return
    }
    let columns = SQLiteColumns.changeCount
    chain.verifier?.append(
      entry.change, key, position: entry.position, code: row.bytes(columns + 2), place: row.int64(columns + 3),
      previous: entry.older)
  }

  /// What is wrong with a chain of which every row was read, or with what its person holds. Adds its seal to `total`.
  func faults(atEndOf chain: Chain, _ total: inout AuditTotal) throws -> [CheckFinding] {
    guard let user = chain.user else { return [.inDatabase("Rows of the audit log belong to nobody.")] }
    guard let verifier = chain.verifier, !chain.isDamaged else { return [.ofPerson(user, DamagedRow.change)] }
    let seal = verifier.chain.seal(of: verifier.owner, key)
    total.replace(nil, with: seal)
    if let fault = try verifier.fault ?? endFault(of: chain, verifier, seal) { return [.ofPerson(user, fault)] }
    return try differences(of: chain, verifier)
  }

  private func endFault(
    of chain: Chain, _ verifier: AuditChainVerifier, _ seal: [UInt8]
  ) throws(SQLiteFailure) -> String? {
    try selectState.bind(SQLiteProfileKey(stateOf: chain.person).number)
    let state = try selectState.first { row throws(SQLiteFailure) in
      row.withBlob(0) { SQLitePersonState(stored: $0) }
    }
    guard let end = state??.chains.first(where: { $0.tenant == chain.tenant }) else {
      return "The end of the audit log is gone."
    }
    guard end.chain.length == verifier.chain.length else {
      return "The audit log has \(verifier.chain.length) rows, and should have \(end.chain.length)."
    }
    let isWhole = end.chain == verifier.chain && end.seal == seal && end.last == verifier.last
    return isWhole ? nil : "The end of the audit log was altered."
  }

  /// Where what is stored differs from what the audit log ends with.
  private func differences(of chain: Chain, _ verifier: AuditChainVerifier) throws -> [CheckFinding] {
    var comparison = AuditLogComparison(verifier.owner.user, verifier.expected)
    try selectVersion.bind(chain.person, chain.tenant)
    let version = try selectVersion.first { row throws(SQLiteFailure) in Version(number: row.int64(0)) }
    guard let version else { return comparison.findings }
    comparison.comparePerson(version)
    let keys = SQLiteProfileKey.all(of: chain.person)
    try selectItems.bind(keys.lowerBound, keys.upperBound)
    try selectItems.forEach { row in
      let number = SQLiteProfileKey(row.int64(0)).collection
      // An item in a collection that is not declared is missing here, and reported with the profile.
      let collection = try SQLiteCheck.unlessDamaged { () throws(SQLiteFailure) in try names.collection(number) }
      guard let collection else { return }
      comparison.compareItem(collection, row.identifier(1), Version(number: row.int64(2)))
    }
    try selectMemberships.bind(verifier.owner.user.text)
    try selectMemberships.forEach { row in comparison.compareMembership(row.text(0)) }
    return comparison.findings
  }
}

extension SQLiteStatement {
  /// Whether the item and the person who acted are in the form in which they are looked for.
  fileprivate var hasIdentifiersOfChange: Bool { [3, 7].allSatisfy { isNull($0) || hasIdentifier($0) } }
}
