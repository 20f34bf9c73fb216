import OData

/// Rows of a database of the former layout, in the order of their first column, the id of a person. Several tables are
/// read side by side.
final class SQLitePersonRows {
  /// The statement, which stands at the current row.
  let row: SQLiteStatement
  /// The person whose row it is; nil after the last row.
  private(set) var person: String?

  /// Reads the columns of a table, `order` after the id, of the people after `last`; nil stands for all.
  init(
    _ connection: SQLiteConnection, _ columns: String, order: String = "", after last: String?
  ) throws(SQLiteFailure) {
    let id = String(columns.prefix { $0 != "," })
    row = try connection.prepare(
      "select \(columns) \(last == nil ? "" : "where \(id) > ?") order by \(id)\(order)")
    if let last { try row.bind(last) }
    person = try row.next() ? row.text(0) : nil
  }

  /// Whether the current row is of this person.
  func isAt(_ id: String) -> Bool { person.map { $0.hasSameBytes(as: id) } ?? false }

  /// Steps to the next row. Not to be called after the last one.
  func advance() throws(SQLiteFailure) {
    guard try row.next() else {
      person = nil
      return
    }
    // Most rows are of the same person, whose id is then not read again.
    if let person, row.isText(0, person) { return }
    person = row.text(0)
  }
}
