import GRDBSQLite
import OData
import Profiles

/// Appends to the audit log inside the open transaction. The ends of the chains are in the states of the people.
final class SQLiteAuditTable {
  private let connection: SQLiteConnection
  private let key: AuditKey
  private let names: SQLiteNames
  private let people: SQLitePersonStates
  /// False only in the benchmark that measures the cost of the audit log.
  private let isKept: Bool
  private let insertRow: SQLiteStatement

  /// Prepares every statement.
  init(
    _ connection: SQLiteConnection, _ key: AuditKey, _ names: SQLiteNames, _ people: SQLitePersonStates, isKept: Bool
  ) throws(SQLiteFailure) {
    self.connection = connection
    self.key = key
    self.names = names
    self.people = people
    self.isKept = isKept
    insertRow = try connection.prepare(
      """
      insert into audit_log (person, tenant, code, \(SQLiteColumns.change))
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
  }

  /// Appends a row to the chain of its person, who has or had a number.
  func append(_ change: Change) throws(SQLiteFailure) {
    guard isKept else { return }
    guard let number = try people.number(of: change.user) else { throw .row(DamagedRow.change) }
    let tenant = try names.give(change.tenant)
    let collection = try change.collection.map { name throws(SQLiteFailure) in try names.give(collection: name) }
    let properties = try names.give(properties: change.properties)
    try people.change(change.user, number) { person throws(SQLiteFailure) in
      let index = try person.chain(of: tenant)
      let previous = person.state.chains[index].last
      let code = person.state.chains[index].chain.append(change, key)
      try insertRow.bind(
        number, tenant, code, change.time.ticks, change.kind.rawValue, collection,
        change.item.map { SQLiteIdentifier($0.text) }, properties, change.versionBefore?.number,
        change.versionAfter?.number, change.actingUser.map { SQLiteIdentifier($0.text) },
        change.actingApplication.map { SQLiteIdentifier($0) }, person.state.chains[index].chain.length,
        previous == 0 ? nil : previous)
      try insertRow.run()
      person.state.chains[index].last = connection.lastInsertedRow
    }
  }

  /// Deletes every row. The chains go with the states of the people.
  func deleteEverything() throws(SQLiteFailure) { try connection.execute("delete from audit_log") }
}

extension SQLitePersonStates.Touched {
  /// The index of the chain of a tenant, which begins if there is none. It counts as grown. Throws when the state of
  /// the person has no room for one more.
  fileprivate mutating func chain(of tenant: Int64) throws(SQLiteFailure) -> Int {
    if !grown.contains(tenant) { grown.append(tenant) }
    if let index = state.chains.firstIndex(where: { $0.tenant == tenant }) { return index }
    guard state.chains.count < SQLitePersonState.chainsMax else { throw .result(SQLITE_TOOBIG) }
    state.chains.append(SQLitePersonState.ChainEnd(tenant: tenant))
    return state.chains.endIndex - 1
  }
}
