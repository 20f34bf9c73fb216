import OData
import Profiles

/// Appends to the record, inside the open transaction. Nothing is remembered between two rows: another process may have
/// written in between.
final class SQLiteRecordTable {
  private let connection: SQLiteConnection
  private let key: RecordKey
  /// False only in the benchmark that measures what the record costs.
  private let isKept: Bool
  private let selectChain, insertChain, updateChain, insertRow, updateChains: SQLiteStatement
  /// Chains that the open transaction began.
  private var begun: Int64 = 0

  /// Prepares every statement.
  init(_ connection: SQLiteConnection, _ key: RecordKey, isKept: Bool) throws(SQLiteFailure) {
    self.connection = connection
    self.key = key
    self.isKept = isKept
    selectChain = try connection.prepare("select length, tip from chain where user = ?")
    insertChain = try connection.prepare("insert into chain (length, tip, seal, user) values (?, ?, ?, ?)")
    updateChain = try connection.prepare("update chain set length = ?, tip = ?, seal = ? where user = ?")
    insertRow = try connection.prepare(
      """
      insert into record (\(SQLiteRows.changeColumns), position, code) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    updateChains = try connection.prepare("update chains set count = ?, seal = ?")
  }

  /// Appends a row to the chain of its person.
  func append(_ change: Change) throws(SQLiteFailure) {
    guard isKept else { return }
    try selectChain.bind(change.user.text)
    let found = try selectChain.first { row throws(SQLiteFailure) in
      RecordChain(length: row.int64(0), tip: row.bytes(1))
    }
    var chain = found ?? RecordChain()
    let code = chain.append(change, key)
    try insertRow.bind(
      change.user.text, change.time.ticks, change.kind.rawValue, change.collection, change.item?.text,
      change.properties.joined(separator: ","), change.versionBefore?.number, change.versionAfter?.number,
      change.actingUser?.text, change.actingApplication, chain.length, code)
    try insertRow.run()
    let statement = found == nil ? insertChain : updateChain
    try statement.bind(chain.length, chain.tip, chain.seal(of: change.user, key), change.user.text)
    try statement.run()
    if found == nil { begun += 1 }
  }

  /// Counts the chains that were begun. To be called before the commit of every transaction that appends.
  func finish() throws(SQLiteFailure) {
    guard begun > 0 else { return }
    let count = try connection.value("select count from chains").flatMap { Int64($0) } ?? 0
    try write(count + begun)
    begun = 0
  }

  /// Counts the chains that the open transaction began, after a part of it was undone.
  func recount() throws(SQLiteFailure) {
    guard begun > 0 else { return }
    let chains = try connection.value("select count(*) from chain").flatMap { Int64($0) } ?? 0
    begun = chains - (try connection.value("select count from chains").flatMap { Int64($0) } ?? 0)
  }

  /// Forgets what a transaction counted that is undone.
  func undo() { begun = 0 }

  /// Takes every row away, to begin again.
  func deleteEverything() throws(SQLiteFailure) {
    try connection.execute("delete from record")
    try connection.execute("delete from chain")
    try write(0)
    begun = 0
  }

  private func write(_ count: Int64) throws(SQLiteFailure) {
    try updateChains.bind(count, RecordChain.seal(ofChains: count, key))
    try updateChains.run()
  }
}
