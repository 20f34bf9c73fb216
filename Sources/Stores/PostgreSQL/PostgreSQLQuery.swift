import OData
import Profiles

/// A value of a parameter.
enum PostgreSQLValue: Hashable, Sendable {
  case null
  case int(Int64)
  /// A number of 32 bits.
  case integer(Int32)
  case text(String)
  case bytes([UInt8])
  /// The values of one column, all of the same type.
  case column([PostgreSQLValue], PostgreSQLType)

  /// Appends the value in PostgreSQL's binary form; appends nothing for null, and returns false.
  func append(to bytes: inout [UInt8]) -> Bool {
    switch self {
    case .null: return false
    case .int(let number): Self.append(number, to: &bytes)
    case .integer(let number): Self.append(number, to: &bytes)
    case .text(let text): bytes += text.utf8
    case .bytes(let value): bytes += value
    case .column(let values, let type): Self.append(values, type, to: &bytes)
    }
    return true
  }

  private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
  }

  /// Appends an array of one dimension in binary form: the number of dimensions, whether nulls may occur, the type, the
  /// length, the first index, and each element behind its length (`array_recv` of PostgreSQL).
  private static func append(_ values: [PostgreSQLValue], _ type: PostgreSQLType, to bytes: inout [UInt8]) {
    for number in [Int32(1), 1, type.rawValue, Int32(values.count), 1] { append(number, to: &bytes) }
    for value in values {
      var element: [UInt8] = []
      let isThere = value.append(to: &element)
      append(isThere ? Int32(element.count) : -1, to: &bytes)
      bytes += element
    }
  }

  /// A column of texts.
  static func texts(_ texts: [String]) -> PostgreSQLValue { .column(texts.map(PostgreSQLValue.text), .text) }

  /// The bytes of a text. A `text` of PostgreSQL cannot hold a zero byte, which a `bytea` can.
  static func bytes(of text: String?) -> PostgreSQLValue { text.map { .bytes(Array($0.utf8)) } ?? .null }

  /// A text, or null for nil.
  init(_ text: String?) { self = text.map(PostgreSQLValue.text) ?? .null }
  /// A number, or null for nil.
  init(_ number: Int64?) { self = number.map(PostgreSQLValue.int) ?? .null }
}

/// The types of parameters, by their OID in `pg_type`.
enum PostgreSQLType: Int32 {
  case bytea = 17
  case bigint = 20
  case integer = 23
  case text = 25
}

/// A statement. Each connection prepares it once, under its name; one with an empty name is not prepared.
struct PostgreSQLStatement: Hashable, Sendable {
  let name: String
  let sql: String

  /// The statement `sql`, whose parameters are `$1` and so on, each followed by its type.
  init(_ name: String, _ sql: String) {
    self.name = name
    self.sql = sql
  }

  static func == (left: Self, right: Self) -> Bool { left.name == right.name }

  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A statement with the values of its parameters.
struct PostgreSQLQuery: Hashable, Sendable {
  let statement: PostgreSQLStatement
  let values: [PostgreSQLValue]

  /// The statement with these values.
  init(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) {
    self.init(statement, values: values)
  }

  /// The statement with these values.
  init(_ statement: PostgreSQLStatement, values: [PostgreSQLValue]) {
    self.statement = statement
    self.values = values
  }
}

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

/// The parameters of a query in the form that libpq takes: all values in one buffer, each followed by a zero byte.
struct PostgreSQLParameters {
  private var bytes: [UInt8] = []
  /// Where each value begins; nil for null.
  private var offsets: [Int?] = []
  private var lengths: [Int32] = []

  /// The parameters with these values.
  init(_ values: [PostgreSQLValue]) {
    offsets.reserveCapacity(values.count)
    lengths.reserveCapacity(values.count)
    for value in values {
      let start = bytes.count
      let isThere = value.append(to: &bytes)
      offsets.append(isThere ? start : nil)
      lengths.append(Int32(bytes.count - start))
      bytes.append(0)
    }
  }

  /// Calls `body` with pointers to the values, nil for null, their lengths and their formats, all of which are binary.
  func withPointers<Answer>(
    _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) -> Answer
  ) -> Answer {
    bytes.withUnsafeBytes { buffer in
      let start = buffer.bindMemory(to: CChar.self).baseAddress
      let pointers = offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } }
      return body(pointers, lengths, [Int32](repeating: 1, count: offsets.count))
    }
  }
}
