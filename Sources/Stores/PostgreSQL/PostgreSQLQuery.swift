import OData
import Profiles

/// A value that a statement takes.
enum PostgreSQLValue: Sendable {
  case null
  case int(Int64)
  case text(String)
  case bytes([UInt8])
  /// One value of each row, all of the same type.
  case column([PostgreSQLValue], PostgreSQLType)

  /// The value in PostgreSQL's binary form; nil for null.
  var binary: [UInt8]? {
    switch self {
    case .null: nil
    case .int(let number): Self.binary(number)
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    case .column(let values, let type): Self.binary(values, type)
    }
  }

  private static func binary(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  /// An array of one dimension: how many dimensions, whether nulls may occur, the type, the length, the first index, and
  /// each element behind its length (`array_recv` of PostgreSQL).
  private static func binary(_ values: [PostgreSQLValue], _ type: PostgreSQLType) -> [UInt8] {
    var bytes = [Int32(1), 1, type.rawValue, Int32(values.count), 1].flatMap(binary)
    for value in values {
      guard let element = value.binary else {
        bytes += binary(Int32(-1))
        continue
      }
      bytes += binary(Int32(element.count))
      bytes += element
    }
    return bytes
  }

  /// A column of texts.
  static func texts(_ texts: [String]) -> PostgreSQLValue { .column(texts.map(PostgreSQLValue.text), .text) }

  /// The bytes of a text, which PostgreSQL's own texts cannot hold when a zero is among them.
  static func bytes(of text: String?) -> PostgreSQLValue { text.map { .bytes(Array($0.utf8)) } ?? .null }

  init(_ text: String?) { self = text.map(PostgreSQLValue.text) ?? .null }
  init(_ number: Int64?) { self = number.map(PostgreSQLValue.int) ?? .null }
}

/// The types of columns, by the number that PostgreSQL's catalogue has for each.
enum PostgreSQLType: Int32 {
  case bytea = 17
  case bigint = 20
  case text = 25
}

/// A statement, by which it is prepared once on each connection.
struct PostgreSQLStatement: Hashable, Sendable {
  let name: String
  let sql: String

  /// The statement `sql`, whose parameters are `$1` and so on, each with its type written behind it.
  init(_ name: String, _ sql: String) {
    self.name = name
    self.sql = sql
  }

  static func == (left: Self, right: Self) -> Bool { left.name == right.name }

  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A statement with what it takes.
struct PostgreSQLQuery: Sendable {
  let statement: PostgreSQLStatement
  let values: [PostgreSQLValue]

  init(_ statement: PostgreSQLStatement, _ values: PostgreSQLValue...) {
    self.init(statement, values: values)
  }

  init(_ statement: PostgreSQLStatement, values: [PostgreSQLValue]) {
    self.statement = statement
    self.values = values
  }
}
