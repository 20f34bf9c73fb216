import OData
import Profiles

/// The number and the sum of the seals of all chains. A transaction reads and writes them once.
final class SQLiteAuditTotal {
  /// The key of the audit log.
  let key: AuditKey
  private let select, update: SQLiteStatement
  /// nil while the open transaction has not needed it.
  private var total: AuditTotal?

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ key: AuditKey) throws(SQLiteFailure) {
    self.key = key
    select = try connection.prepare("select count, sum from audit_total")
    update = try connection.prepare("update audit_total set count = ?, sum = ?, seal = ?")
  }

  /// Replaces the seal of a chain; nil stands for a new chain.
  func replace(_ old: [UInt8]?, with new: [UInt8]) throws(SQLiteFailure) {
    if total == nil {
      total = try select.first { row throws(SQLiteFailure) in AuditTotal(count: row.int64(0), sum: row.bytes(1)) }
    }
    total?.replace(old, with: new)
  }

  /// Writes the total, if it has changed.
  func finish() throws(SQLiteFailure) {
    guard let total else { return }
    try write(total)
    self.total = nil
  }

  /// Begins anew, without chains.
  func reset() throws(SQLiteFailure) {
    try write(AuditTotal())
    total = nil
  }

  private func write(_ total: AuditTotal) throws(SQLiteFailure) {
    try update.bind(total.count, total.sum, total.seal(key))
    try update.run()
  }

  /// Forgets what the open transaction has changed, which is rolled back.
  func forget() { total = nil }
}
