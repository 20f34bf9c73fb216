import GRDBSQLite
import OData
import Profiles

/// A prepared statement that is stepped directly. Belongs to one thread at a time, like its connection.
///
/// Every way to run it resets it before returning: an open statement would keep its read transaction open, and the
/// write-ahead log from being emptied.
final class SQLiteStatement {
  private let pointer: OpaquePointer
  /// Whether there was no memory for a column of the current row, so that it looked empty.
  @exclusivity(unchecked) private var hasLostColumn = false

  /// Prepares `sql`; `handle` must outlive the statement.
  init(_ sql: String, on handle: OpaquePointer) throws(SQLiteFailure) {
    var pointer: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
    guard code == SQLITE_OK, let pointer else { throw .result(code == SQLITE_OK ? SQLITE_MISUSE : code) }
    self.pointer = pointer
  }

  deinit { sqlite3_finalize(pointer) }

  // MARK: Running

  /// Binds the parameters, from the first on.
  func bind<each Parameter: SQLiteParameter>(_ values: repeat each Parameter) throws(SQLiteFailure) {
    var index: Int32 = 0
    for value in repeat each values {
      index += 1
      let code = value.bind(to: pointer, at: index)
      guard code == SQLITE_OK else { throw .result(code) }
    }
  }

  /// Binds the parameters of a statement whose text was composed, from the first on.
  func bind(all values: [any SQLiteParameter]) throws(SQLiteFailure) {
    for (index, value) in values.enumerated() {
      let code = value.bind(to: pointer, at: Int32(index + 1))
      guard code == SQLITE_OK else { throw .result(code) }
    }
  }

  /// Runs to the end, and ignores rows.
  func run() throws(SQLiteFailure) {
    defer { sqlite3_reset(pointer) }
    while try step() {}
  }

  /// Runs to the first row and reads it; nil when there is none.
  func first<Answer>(
    _ read: (SQLiteStatement) throws(SQLiteFailure) -> Answer
  ) throws(SQLiteFailure) -> Answer? {
    defer { sqlite3_reset(pointer) }
    guard try step() else { return nil }
    return try row(read)
  }

  /// Reads every row.
  func all<Answer>(
    _ read: (SQLiteStatement) throws(SQLiteFailure) -> Answer
  ) throws(SQLiteFailure) -> [Answer] {
    defer { sqlite3_reset(pointer) }
    var answers: [Answer] = []
    while try step() { answers.append(try row(read)) }
    return answers
  }

  /// Reads at most `limit` rows, and stops once they hold `Limits.pageBytesMax` bytes according to `size`. The
  /// statement must return one row more than `limit`, which shows whether any follow.
  func page<Element: Sendable>(
    limit: Int, size: (Element) -> Int, _ read: (SQLiteStatement) throws(SQLiteFailure) -> Element
  ) throws(SQLiteFailure) -> StoredPage<Element> {
    defer { sqlite3_reset(pointer) }
    var elements: [Element] = []
    var bytes = 0
    while try step() {
      guard elements.count < limit, bytes < Limits.pageBytesMax else { return StoredPage(elements, isLast: false) }
      let element = try row(read)
      bytes += size(element)
      elements.append(element)
    }
    return StoredPage(elements, isLast: true)
  }

  /// Passes every row to `body`. Throws what `body` throws, and `SQLiteFailure`.
  func forEach(_ body: (SQLiteStatement) throws -> Void) throws {
    defer { sqlite3_reset(pointer) }
    while try step() {
      do {
        try body(self)
      } catch {
        if hasLostColumn { throw SQLiteFailure.memory }
        throw error
      }
      if hasLostColumn { throw SQLiteFailure.memory }
    }
  }

  /// Steps to the next row, for a caller that reads several statements side by side. Returns false after the last row;
  /// then it must not be called again. The statement stays open until it is reset or released.
  func next() throws(SQLiteFailure) -> Bool {
    guard !hasLostColumn else { throw .memory }
    return try step()
  }

  /// Ends a run by `next`, at whichever row.
  func reset() { sqlite3_reset(pointer) }

  /// Reads the current row. Throws `memory` when a column could not be read, whatever `read` made of it.
  func row<Answer>(
    _ read: (SQLiteStatement) throws(SQLiteFailure) -> Answer
  ) throws(SQLiteFailure) -> Answer {
    do throws(SQLiteFailure) {
      let answer = try read(self)
      if hasLostColumn { throw .memory }
      return answer
    } catch {
      throw hasLostColumn ? .memory : error
    }
  }

  private func step() throws(SQLiteFailure) -> Bool {
    hasLostColumn = false
    let code = sqlite3_step(pointer)
    switch code {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw .result(code)
    }
  }

  // MARK: Columns of the current row

  /// A number; 0 for null.
  func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

  /// Whether the column is null.
  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_NULL }

  /// A number, or nil for null.
  func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }

  /// A text; empty for null.
  func text(_ column: Int32) -> String {
    guard let start = sqlite3_column_text(pointer, column) else {
      noteLoss(column)
      return ""
    }
    let count = Int(sqlite3_column_bytes(pointer, column))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  /// Whether the column is this text, byte for byte.
  func isText(_ column: Int32, _ text: String) -> Bool {
    guard let start = sqlite3_column_text(pointer, column) else {
      noteLoss(column)
      return false
    }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column)))
    return text.withBytes { bytes.hasSameBytes(as: $0) }
  }

  /// A text, or nil for null.
  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  /// The column as it is, to be bound to another statement before the next step.
  func value(_ column: Int32) -> SQLiteColumnValue { SQLiteColumnValue(row: pointer, column: column) }

  /// Whether the column is a blob.
  func isBlob(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_BLOB }

  /// Passes a blob to `read` without copying it; no bytes for null.
  func withBlob<Answer>(_ column: Int32, _ read: (UnsafeRawBufferPointer) -> Answer) -> Answer {
    guard let start = sqlite3_column_blob(pointer, column) else {
      noteLoss(column)
      return read(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    return read(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, column))))
  }

  /// A blob; empty for null.
  func bytes(_ column: Int32) -> [UInt8] {
    withBlob(column) { Array($0) }
  }
}

extension SQLiteStatement {
  /// Records whether a column that gave nothing was lost for want of memory; otherwise it is null or empty.
  private func noteLoss(_ column: Int32) {
    if sqlite3_errcode(sqlite3_db_handle(pointer)) == SQLITE_NOMEM { hasLostColumn = true }
  }
}

/// A value that can be bound to a parameter. It is copied, so it need not outlive the call.
protocol SQLiteParameter {
  /// Binds the value and returns SQLite's result code.
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32
}

/// Makes SQLite copy what is bound (`SQLITE_TRANSIENT`, a macro that Swift cannot import).
///
/// Safety: SQLite compares this pointer with -1 and never calls it.
private var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

extension Int64: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { sqlite3_bind_int64(statement, index, self) }
}

extension Int: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    sqlite3_bind_int64(statement, index, Int64(self))
  }
}

extension String: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    var text = self
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        // An empty string may have no address, which would bind null.
        guard let start = characters.baseAddress, !characters.isEmpty else {
          return sqlite3_bind_text(statement, index, "", 0, copied)
        }
        return sqlite3_bind_text(statement, index, start, Int32(clamping: characters.count), copied)
      }
    }
  }
}

extension [UInt8]: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    guard !isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
    return withUnsafeBytes { sqlite3_bind_blob(statement, index, $0.baseAddress, Int32(clamping: $0.count), copied) }
  }
}

/// A column of the current row of another statement, of whatever type it is.
struct SQLiteColumnValue: SQLiteParameter {
  fileprivate let row: OpaquePointer
  fileprivate let column: Int32

  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    sqlite3_bind_value(statement, index, sqlite3_column_value(row, column))
  }
}

extension UnsafeRawBufferPointer: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    sqlite3_bind_blob(statement, index, baseAddress, Int32(clamping: count), copied)
  }
}

extension Optional: SQLiteParameter where Wrapped: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch self {
    case .some(let value): value.bind(to: statement, at: index)
    case nil: sqlite3_bind_null(statement, index)
    }
  }
}
