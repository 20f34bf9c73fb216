import GRDBSQLite
import OData
import Profiles

/// Copies people with their states and items, in the order of their ids, and assigns their numbers in that order.
/// People who are named only by a chain or an item get a number, too.
final class SQLitePeopleCopy {
  private let copy: SQLiteLayoutCopy
  private let names: SQLiteLayoutNames
  private let users, chains: SQLitePersonRows
  private let items: SQLiteItemsCopy
  private let insertPerson, insertNobody, insertState: SQLiteStatement
  private var number: Int64

  /// Reads the people who have not been copied.
  init(_ copy: SQLiteLayoutCopy, _ names: SQLiteLayoutNames) throws(SQLiteFailure) {
    self.copy = copy
    self.names = names
    let last = try copy.lastPerson()
    users = try SQLitePersonRows(
      copy.old,
      """
      id, tenant, principal_name, principal_name_folded, display_name, display_name_folded, version, json from user
      """, after: last)
    chains = try SQLitePersonRows(copy.old, "user, tenant, length, last, tip, seal from chain", after: last)
    items = try SQLiteItemsCopy(copy, names, after: last)
    insertPerson = try copy.new.prepare(
      """
      insert into person (number, id, tenant, principal_name, principal_name_folded, display_name, display_name_folded,
      version, json) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    insertNobody = try copy.new.prepare("insert into person (number, id) values (?, ?)")
    insertState = try copy.new.prepare("insert into profile (key, json) values (?, ?)")
    number =
      try copy.new.prepare("select max(number) from person").first { row throws(SQLiteFailure) in row.int64(0) } ?? 0
  }

  /// Copies them all.
  func run() throws {
    while next() != nil {
      try copy.transaction {
        var (people, bytes) = (0, 0)
        var last: String?
        while people < copy.options.migrationPeople, bytes < Limits.migrationBytesMax, let id = next() {
          try copy.step()
          bytes += try person(id)
          people += 1
          last = id
        }
        if let last { try copy.setLastPerson(last) }
      }
      copy.report(people: number)
    }
  }

  /// The smallest id that has rows left to copy; nil when there is none.
  private func next() -> String? {
    [users.person, chains.person, items.person].compactMap { $0 }
      .min { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Copies everything of one person, and returns how many bytes their items have.
  private func person(_ id: String) throws(SQLiteFailure) -> Int {
    number += 1
    if users.isAt(id) {
      let row = users.row
      try insertPerson.bind(
        number, id, try names.tenants.number(of: row.text(1)), row.value(2), row.value(3), row.value(4), row.value(5),
        row.value(6), SQLiteEntityJSON.stored(row.bytes(7), SQLiteIdentifier(id), id))
      try insertPerson.run()
      try users.advance()
    } else {
      try insertNobody.bind(number, id)
      try insertNobody.run()
    }
    var state = SQLitePersonState()
    while chains.isAt(id) {
      guard state.chains.count < SQLitePersonState.chainsMax else { throw .result(SQLITE_TOOBIG) }
      state.chains.append(try chainEnd(chains.row))
      try chains.advance()
    }
    let rows = try items.read(of: id, number, &state)
    try insertState.bind(SQLiteProfileKey(stateOf: number).number, state.stored)
    try insertState.run()
    try items.write(rows)
    return state.bytes
  }

  private func chainEnd(_ row: SQLiteStatement) throws(SQLiteFailure) -> SQLitePersonState.ChainEnd {
    SQLitePersonState.ChainEnd(
      tenant: try names.tenants.number(of: row.text(1)),
      chain: AuditChain(length: row.int64(2), tip: Self.code(row.bytes(4))), last: row.int64(3),
      seal: Self.code(row.bytes(5)))
  }

  /// A code; zeros when it has another length, which makes it no less wrong.
  private static func code(_ bytes: [UInt8]) -> [UInt8] {
    bytes.count == AuditKey.codeBytes ? bytes : [UInt8](repeating: 0, count: AuditKey.codeBytes)
  }
}
