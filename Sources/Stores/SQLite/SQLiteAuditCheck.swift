import OData
import Profiles

/// Checks the audit log for rows that were altered, moved, added or removed, and compares it with what people hold. To
/// be run in one transaction with the rest of a check.
struct SQLiteAuditCheck {
  private let connection: SQLiteConnection
  private let key: AuditKey
  private var findings: [CheckFinding] = []
  private var total = AuditTotal()

  private init(_ connection: SQLiteConnection, _ key: AuditKey) {
    self.connection = connection
    self.key = key
  }

  /// The faults, in the order of people. Without the key the only finding is that it is missing.
  static func faults(_ connection: SQLiteConnection, _ key: AuditKey?) throws -> [CheckFinding] {
    guard let key, try connection.value("select hex(key) from chains") == SQLiteStore.hexadecimal(key.fingerprint)
    else { return [.inDatabase(AuditKey.foreignKeySentence)] }
    var check = SQLiteAuditCheck(connection, key)
    try check.checkChains()
    try check.checkStrays()
    try check.checkTotal()
    return Array(check.findings.prefix(Limits.checkFindingsMax))
  }

  /// Verifies every chain. Its rows are scattered over the table, so they are sorted once for all chains.
  private mutating func checkChains() throws {
    let reader = try SQLiteChainReader(connection, key)
    let rows = try connection.prepare(
      "select \(SQLiteColumns.change), position, code, seq, previous from record order by user, tenant, position")
    var current: AuditChainVerifier?
    var (found, total) = ([CheckFinding](), self.total)
    func finish(_ chain: AuditChainVerifier?) throws {
      guard let chain else { return }
      found += try reader.faults(atEndOf: chain, &total)
    }
    try rows.forEach { row in
      guard found.count < Limits.checkFindingsMax else { return }
      let change = try row.change()
      let owner = AuditChainOwner(user: change.user, tenant: change.tenant)
      if current?.owner != owner {
        try finish(current)
        current = AuditChainVerifier(owner: owner)
      }
      let columns = SQLiteColumns.changeCount
      current?.append(
        change, key, position: row.int64(columns), code: row.bytes(columns + 1), place: row.int64(columns + 2),
        previous: row.optionalInt64(columns + 3))
    }
    try finish(current)
    findings += found
    self.total = total
  }

  /// Finds people without a chain, and chains without a row.
  private mutating func checkStrays() throws {
    for (sql, message) in [
      (
        "select id from user u where not exists (select 1 from chain c where c.user = u.id and c.tenant = u.tenant)",
        CheckFinding.noAuditLog
      ),
      (
        "select user from chain where (user, tenant) not in (select user, tenant from record)",
        "The rows of the audit log are gone."
      ),
    ] {
      let users = try connection.prepare(sql).all { row throws(SQLiteFailure) in row.text(0) }
      findings += users.map { .ofPerson(UserID($0), message) }
    }
  }

  private mutating func checkTotal() throws {
    let select = try connection.prepare("select count, sum, seal from chains")
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

/// Compares verified chains with their ends, and with what people hold.
final class SQLiteChainReader {
  private let key: AuditKey
  private let selectEnd, selectItems, selectUser, selectMemberships: SQLiteStatement

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ key: AuditKey) throws(SQLiteFailure) {
    self.key = key
    selectEnd = try connection.prepare("select length, tip, seal, last from chain where user = ? and tenant = ?")
    selectItems = try connection.prepare(
      """
      select i.collection, i.id, i.version from item i join user u on u.id = i.user where u.id = ? and u.tenant = ?
      """)
    selectUser = try connection.prepare("select version from user where id = ? and tenant = ?")
    selectMemberships = try connection.prepare(
      "select m.group_id from membership m join user u on u.id = m.user where u.id = ? and u.tenant = ?")
  }

  /// What is wrong with a chain of which every row was verified, or with what its person holds. Adds its seal to
  /// `total`.
  func faults(atEndOf chain: AuditChainVerifier, _ total: inout AuditTotal) throws -> [CheckFinding] {
    let owner = chain.owner
    let seal = chain.chain.seal(of: owner, key)
    total.replace(nil, with: seal)
    let fault = chain.fault == nil ? try endFault(of: chain, seal) : chain.fault
    if let fault {
      return [.ofPerson(owner.user, fault)]
    }
    return try differences(of: owner, chain.expected)
  }

  private func endFault(of chain: AuditChainVerifier, _ seal: [UInt8]) throws(SQLiteFailure) -> String? {
    try selectEnd.bind(chain.owner.user.text, chain.owner.tenant.text)
    let end = try selectEnd.first { row throws(SQLiteFailure) in
      (chain: AuditChain(length: row.int64(0), tip: row.bytes(1)), seal: row.bytes(2), last: row.int64(3))
    }
    guard let end else { return "The end of the audit log is gone." }
    guard end.chain.length == chain.chain.length else {
      return "The audit log has \(chain.chain.length) rows, and should have \(end.chain.length)."
    }
    let isWhole = end.chain == chain.chain && end.seal == seal && end.last == chain.last
    return isWhole ? nil : "The end of the audit log was altered."
  }

  /// Where what is stored differs from what the audit log ends with.
  private func differences(of owner: AuditChainOwner, _ expected: Set<String>) throws -> [CheckFinding] {
    var comparison = AuditLogComparison(owner.user, expected)
    for statement in [selectUser, selectItems, selectMemberships] {
      try statement.bind(owner.user.text, owner.tenant.text)
    }
    try selectUser.forEach { row in comparison.comparePerson(Version(number: row.int64(0))) }
    try selectItems.forEach { row in
      comparison.compareItem(row.text(0), row.text(1), Version(number: row.int64(2)))
    }
    try selectMemberships.forEach { row in comparison.compareMembership(row.text(0)) }
    return comparison.findings
  }
}
