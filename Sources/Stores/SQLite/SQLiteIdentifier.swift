import OData
import Profiles

/// An id of an item, of a person who acted or of an application, as a column keeps it: 16 bytes when the id is a GUID in
/// the canonical form (RFC 9562 section 4), else its text. SQLite sorts every text before every blob.
enum SQLiteIdentifier: Equatable {
  case guid(high: UInt64, low: UInt64)
  case text(String)

  /// The form of an id.
  init(_ text: String) {
    guard let (high, low) = text.withBytes({ Self.parse($0) }) else {
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

  /// Reads exactly what `GUID.text` writes, so that every id comes back byte for byte.
  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
    guard bytes.count == 36 else { return nil }
    var halves: (high: UInt64, low: UInt64) = (0, 0)
    var digits = 0
    for (index, byte) in bytes.enumerated() {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard byte < UInt8(ascii: "A") || byte > UInt8(ascii: "F"), let digit = Hexadecimal.value(of: byte) else {
        return nil
      }
      if digits < 16 {
        halves.high = halves.high << 4 | UInt64(digit)
      } else {
        halves.low = halves.low << 4 | UInt64(digit)
      }
      digits += 1
    }
    return halves
  }
}

extension SQLiteIdentifier: SQLiteParameter {
  func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch self {
    case .guid(let high, let low):
      withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Array($0).bind(to: statement, at: index) }
    case .text(let text): text.bind(to: statement, at: index)
    }
  }
}

extension SQLiteStatement {
  /// The id in `column`, as clients write it; empty, which is nobody's id, when the column holds none.
  func identifier(_ column: Int32) -> String {
    guard isBlob(column) else { return text(column) }
    let halves = withBlob(column) { bytes -> (high: UInt64, low: UInt64)? in
      guard bytes.count == 16 else { return nil }
      return (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    return halves.map { GUID.text(high: $0.high, low: $0.low) } ?? ""
  }

  /// The id in `column`, or nil for null.
  func optionalIdentifier(_ column: Int32) -> String? { isNull(column) ? nil : identifier(column) }
}
