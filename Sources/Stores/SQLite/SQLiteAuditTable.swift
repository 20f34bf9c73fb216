import OData
import Profiles

/// Appends to the audit log inside the open transaction. The end of a chain is read and written once in a transaction;
/// nothing is cached between two transactions.
final class SQLiteAuditTable {
  /// The end of a person's chain.
  fileprivate struct ChainEnd {
    var chain: AuditChain
    /// The place of the last row; nil in an empty chain.
    var last: Int64?
    /// The seal before the transaction; nil when the transaction began the chain.
    let seal: [UInt8]?
  }

  /// The chains as a transaction has left them so far, to go back to.
  struct Savepoint {
    fileprivate let ends: [AuditChainOwner: ChainEnd]
  }

  private let connection: SQLiteConnection
  private let key: AuditKey
  /// False only in the benchmark that measures the cost of the audit log.
  private let isKept: Bool
  private let selectEnd, insertEnd, updateEnd, insertRow, selectTotal, updateTotal: SQLiteStatement
  /// The chains that the open transaction has touched.
  private var ends: [AuditChainOwner: ChainEnd] = [:]

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ key: AuditKey, isKept: Bool) throws(SQLiteFailure) {
    self.connection = connection
    self.key = key
    self.isKept = isKept
    selectEnd = try connection.prepare("select length, tip, last, seal from chain where user = ? and tenant = ?")
    insertEnd = try connection.prepare(
      "insert into chain (length, last, tip, seal, user, tenant) values (?, ?, ?, ?, ?, ?)")
    updateEnd = try connection.prepare(
      "update chain set length = ?, last = ?, tip = ?, seal = ? where user = ? and tenant = ?")
    insertRow = try connection.prepare(
      """
      insert into record (\(SQLiteColumns.change), position, code, previous)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    selectTotal = try connection.prepare("select count, sum from chains")
    updateTotal = try connection.prepare("update chains set count = ?, sum = ?, seal = ?")
  }

  /// Appends a row to the chain of its person.
  func append(_ change: Change) throws(SQLiteFailure) {
    guard isKept else { return }
    let owner = AuditChainOwner(user: change.user, tenant: change.tenant)
    var end = try self.end(of: owner)
    let code = end.chain.append(change, key)
    try insertRow.bind(
      change.user.text, change.tenant.text, change.time.ticks, change.kind.rawValue, change.collection,
      change.item?.text, change.properties.joined(separator: ","), change.versionBefore?.number,
      change.versionAfter?.number, change.actingUser?.text, change.actingApplication, end.chain.length, code, end.last)
    try insertRow.run()
    end.last = connection.lastInsertedRow
    ends[owner] = end
  }

  private func end(of owner: AuditChainOwner) throws(SQLiteFailure) -> ChainEnd {
    if let end = ends[owner] { return end }
    try selectEnd.bind(owner.user.text, owner.tenant.text)
    let found = try selectEnd.first { row throws(SQLiteFailure) in
      ChainEnd(
        chain: AuditChain(length: row.int64(0), tip: row.bytes(1)), last: row.int64(2), seal: row.bytes(3))
    }
    return found ?? ChainEnd(chain: AuditChain(), last: nil, seal: nil)
  }

  /// Writes the ends of the chains that were touched. To be called before every commit.
  func finish() throws(SQLiteFailure) {
    guard !ends.isEmpty else { return }
    var total = try selectTotal.first { row throws(SQLiteFailure) in
      AuditTotal(count: row.int64(0), sum: row.bytes(1))
    }
    for (owner, end) in ends {
      let seal = end.chain.seal(of: owner, key)
      total?.replace(end.seal, with: seal)
      let statement = end.seal == nil ? insertEnd : updateEnd
      try statement.bind(
        end.chain.length, end.last, end.chain.tip, seal, owner.user.text, owner.tenant.text)
      try statement.run()
    }
    ends.removeAll(keepingCapacity: true)
    if let total { try write(total) }
  }

  /// The chains as the open transaction has left them so far.
  var savepoint: Savepoint { Savepoint(ends: ends) }

  /// Forgets what was appended since a savepoint, to which the database was rolled back.
  func undo(to savepoint: Savepoint) { ends = savepoint.ends }

  /// Forgets what the open transaction appended, which is rolled back.
  func undo() { ends.removeAll() }

  /// Deletes every row and every chain.
  func deleteEverything() throws(SQLiteFailure) {
    try connection.execute("delete from record")
    try connection.execute("delete from chain")
    try write(AuditTotal())
    ends.removeAll()
  }

  private func write(_ total: AuditTotal) throws(SQLiteFailure) {
    try updateTotal.bind(total.count, total.sum, total.seal(key))
    try updateTotal.run()
  }
}
