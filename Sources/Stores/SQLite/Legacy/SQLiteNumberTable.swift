import OData

/// The numbers that a migration assigns to the names in one table of a new database. Unlike `SQLiteNames`, it takes the
/// names of an older database as they are, whether or not they are valid.
final class SQLiteNumberTable {
  private let connection: SQLiteConnection
  private let insert: SQLiteStatement
  private var numbers: [[UInt8]: Int64] = [:]
  /// The last name that was looked up, which is usually the next one, too.
  private var last: (name: String, number: Int64)?

  /// The names that are in the table already. `column` is the unique text of `table`; `insert` adds one.
  init(_ connection: SQLiteConnection, _ table: String, _ column: String, insert: String) throws(SQLiteFailure) {
    self.connection = connection
    self.insert = try connection.prepare(insert)
    let rows = try connection.prepare("select number, \(column) from \(table)").all { row throws(SQLiteFailure) in
      (number: row.int64(0), name: row.text(1))
    }
    for row in rows { numbers[Array(row.name.utf8)] = row.number }
  }

  /// The number of a name, which gets one if it has none.
  func number(of name: String) throws(SQLiteFailure) -> Int64 {
    if let last, last.name.hasSameBytes(as: name) { return last.number }
    let bytes = Array(name.utf8)
    let number: Int64
    if let known = numbers[bytes] { number = known } else { number = try give(name) }
    numbers[bytes] = number
    last = (name, number)
    return number
  }

  private func give(_ name: String) throws(SQLiteFailure) -> Int64 {
    try insert.bind(name)
    try insert.run()
    return connection.lastInsertedRow
  }
}
