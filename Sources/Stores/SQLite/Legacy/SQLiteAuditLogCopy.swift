import OData
import Profiles

/// Copies the rows of the audit log, which keep their places and codes. The people already have their numbers.
final class SQLiteAuditLogCopy {
  private let copy: SQLiteLayoutCopy
  private let names: SQLiteLayoutNames
  private let selectNumber, insertNobody, insertState, insertRow: SQLiteStatement
  private var numbers: [UserID: Int64] = [:]
  /// The person of the previous row, who is usually that of the next one, too.
  private var last: (id: String, number: Int64)?
  /// The place of the last row that was copied.
  private var place: Int64

  /// Continues after the last row that was copied.
  init(_ copy: SQLiteLayoutCopy, _ names: SQLiteLayoutNames) throws(SQLiteFailure) {
    self.copy = copy
    self.names = names
    selectNumber = try copy.new.prepare("select number from person where id = ?")
    insertNobody = try copy.new.prepare("insert into person (id) values (?)")
    insertState = try copy.new.prepare("insert into profile (key, json) values (?, ?)")
    insertRow = try copy.new.prepare(
      """
      insert into audit_log (seq, previous, person, tenant, position, time, kind, collection, item, properties,
      version_before, version_after, acting_user, acting_app, code) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    place =
      try copy.new.prepare("select max(seq) from audit_log").first { row throws(SQLiteFailure) in row.int64(0) } ?? 0
  }

  /// Copies them all.
  func run() throws {
    let select = try copy.old.prepare(
      """
      select seq, previous, user, tenant, position, time, kind, collection, item, properties, version_before,
      version_after, acting_user, acting_app, code from record where seq > ? order by seq
      """)
    try select.bind(place)
    let rowsMax = copy.options.migrationPeople * Limits.migrationRowsPerPerson
    var isRow = try select.next()
    while isRow {
      try copy.transaction {
        var rows = 0
        while isRow, rows < rowsMax {
          if rows.isMultiple(of: 64) { try copy.step() }
          try append(select)
          rows += 1
          isRow = try select.next()
        }
      }
      copy.report(rows: place)
    }
  }

  private func append(_ row: SQLiteStatement) throws(SQLiteFailure) {
    place = row.int64(0)
    let collection = try row.optionalText(7).map { name throws(SQLiteFailure) in try names.collections.number(of: name)
    }
    try insertRow.bind(
      place, row.value(1), try person(row), try names.tenants.number(of: row.text(3)), row.value(4), row.value(5),
      row.value(6), collection, row.optionalText(8).map { SQLiteIdentifier($0) }, try names.properties(row.text(9)),
      row.value(10), row.value(11), row.optionalText(12).map { SQLiteIdentifier($0) },
      row.optionalText(13).map { SQLiteIdentifier($0) }, row.value(14))
    try insertRow.run()
  }

  /// The number of the person of a row.
  private func person(_ row: SQLiteStatement) throws(SQLiteFailure) -> Int64 {
    if let last, row.isText(2, last.id) { return last.number }
    let id = row.text(2)
    let number = try number(of: id)
    last = (id, number)
    return number
  }

  private func number(of id: String) throws(SQLiteFailure) -> Int64 {
    let user = UserID(id)
    if let user, let known = numbers[user] { return known }
    try selectNumber.bind(id)
    let found = try selectNumber.first { row throws(SQLiteFailure) in row.int64(0) }
    let number: Int64
    if let found { number = found } else { number = try giveNumber(to: id) }
    if numbers.count >= Limits.rememberedPeopleMax { numbers.removeAll(keepingCapacity: true) }
    if let user { numbers[user] = number }
    return number
  }

  /// Assigns a number to somebody of whom only audit log rows are left, which happens only if rows were altered.
  private func giveNumber(to id: String) throws(SQLiteFailure) -> Int64 {
    try insertNobody.bind(id)
    try insertNobody.run()
    let number = copy.new.lastInsertedRow
    try insertState.bind(SQLiteProfileKey(stateOf: number).number, SQLitePersonState().stored)
    try insertState.run()
    return number
  }
}
