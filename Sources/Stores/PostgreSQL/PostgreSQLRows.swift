import OData

/// The rows that a statement returned, in the binary form of PostgreSQL.
struct PostgreSQLRows {
  /// Each column's bytes; nil for null.
  let rows: [[[UInt8]?]]
  /// The number of rows that the statement wrote.
  let changes: Int

  /// The first row; nil when there is none.
  var first: PostgreSQLRow? { rows.first.map(PostgreSQLRow.init) }

  /// Reads every row.
  func map<Answer>(
    _ read: (PostgreSQLRow) throws(PostgreSQLFailure) -> Answer
  ) throws(PostgreSQLFailure) -> [Answer] {
    var answers: [Answer] = []
    answers.reserveCapacity(rows.count)
    for row in rows { answers.append(try read(PostgreSQLRow(row))) }
    return answers
  }
}

/// One row.
struct PostgreSQLRow {
  private let columns: [[UInt8]?]

  /// A row of these columns.
  init(_ columns: [[UInt8]?]) { self.columns = columns }

  /// Whether the column is null.
  func isNull(_ column: Int) -> Bool { columns[column] == nil }

  /// A number; 0 for null.
  func int64(_ column: Int) -> Int64 { optionalInt64(column) ?? 0 }

  /// A number of 1, 2, 4 or 8 bytes, or nil for null.
  func optionalInt64(_ column: Int) -> Int64? {
    guard let bytes = columns[column], let first = bytes.first else { return nil }
    var number = Int64(Int8(bitPattern: first))
    for byte in bytes.dropFirst() { number = number << 8 | Int64(byte) }
    return number
  }

  /// A text; empty for null.
  func text(_ column: Int) -> String { optionalText(column) ?? "" }

  /// A text, or nil for null.
  func optionalText(_ column: Int) -> String? { columns[column].map { String(decoding: $0, as: UTF8.self) } }

  /// Bytes; none for null.
  func bytes(_ column: Int) -> [UInt8] { columns[column] ?? [] }
}
