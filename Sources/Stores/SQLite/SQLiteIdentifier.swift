import OData
import Profiles

/// An id of an item, of a person who acted or of an application, as a column keeps it: 16 bytes when the id is a GUID
/// in the canonical form (RFC 9562 section 4), else its text. SQLite sorts every text before every blob.
enum SQLiteIdentifier {
  case guid(high: UInt64, low: UInt64)
  case text(String)

  /// The stored form of an id.
  init(_ text: String) {
    guard let (high, low) = text.withBytes({ GUID.bits(of: $0) }) else {
      self = .text(text)
      return
    }
    self = .guid(high: high, low: low)
  }

  /// The id as clients write it.
  var text: String {
    switch self {
    case .guid(let high, let low): GUID.text(high: high, low: low)
    case .text(let text): text
    }
  }
}

extension SQLiteIdentifier: Comparable {
  /// The order in which SQLite sorts ids: texts by their bytes, then GUIDs.
  static func < (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
    case (.text, .guid): true
    case (.guid, .text): false
    case (.guid(let high, let low), .guid(let otherHigh, let otherLow)): (high, low) < (otherHigh, otherLow)
    }
  }

  static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.text(let left), .text(let right)): left.hasSameBytes(as: right)
    case (.guid(let high, let low), .guid(let otherHigh, let otherLow)): (high, low) == (otherHigh, otherLow)
    case (.text, .guid), (.guid, .text): false
    }
  }
}

extension SQLiteIdentifier: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch self {
    case .guid(let high, let low):
      withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { $0.bind(to: statement, at: index) }
    case .text(let text): text.bind(to: statement, at: index)
    }
  }
}

extension SQLiteIdentifier {
  /// The id in a column of the current row; an empty text, which is nobody's id, when the column holds none.
  init(column: Int32, of row: SQLiteStatement) {
    guard row.isBlob(column) else {
      self = .text(row.text(column))
      return
    }
    self = row.withBlob(column) { bytes in
      guard bytes.count == 16 else { return .text("") }
      return .guid(
        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }
}

extension SQLiteStatement {
  /// The id in `column`, as clients write it; empty, which is nobody's id, when the column holds none.
  func identifier(_ column: Int32) -> String { SQLiteIdentifier(column: column, of: self).text }

  /// The id in `column`, or nil for null.
  func optionalIdentifier(_ column: Int32) -> String? { isNull(column) ? nil : identifier(column) }
}
