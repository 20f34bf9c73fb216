import Crypto
import OData
import Profiles

/// How the rows of a person's record are authenticated: each code covers the row, its position, and the code of the row
/// before, so that no row can be altered, moved, added or taken out without the key. What stands at the end is covered
/// by the chain's own row.
struct RecordChain: Equatable {
  /// How many rows there are.
  var length: Int64 = 0
  /// The code of the last row; zeros before the first.
  var tip = [UInt8](repeating: 0, count: SHA256.byteCount)

  /// Adds a row and returns its code.
  mutating func append(_ change: Change, _ key: RecordKey) -> [UInt8] {
    length += 1
    tip = key.authenticate(Self.covered(change, at: length, after: tip))
    return tip
  }

  /// The code of the chain of a person as it is now.
  func seal(of user: UserID, _ key: RecordKey) -> [UInt8] {
    var bytes = Self.domain("chain")
    Self.append(user.text, to: &bytes)
    Self.append(length, to: &bytes)
    return key.authenticate(bytes + tip)
  }

  /// The code of the number of chains, so that a whole one cannot be taken away unseen.
  static func seal(ofChains count: Int64, _ key: RecordKey) -> [UInt8] {
    var bytes = domain("chains")
    append(count, to: &bytes)
    return key.authenticate(bytes)
  }

  // MARK: What codes cover

  private static func covered(_ change: Change, at position: Int64, after tip: [UInt8]) -> [UInt8] {
    var bytes = domain("row") + tip
    bytes.reserveCapacity(384)
    append(change.user.text, to: &bytes)
    append(position, to: &bytes)
    append(change.time.ticks, to: &bytes)
    append(change.kind.rawValue, to: &bytes)
    append(change.collection, to: &bytes)
    append(change.item?.text, to: &bytes)
    append(Int64(change.properties.count), to: &bytes)
    for property in change.properties { append(property, to: &bytes) }
    append(change.versionBefore?.number ?? 0, to: &bytes)
    append(change.versionAfter?.number ?? 0, to: &bytes)
    append(change.actingUser?.text, to: &bytes)
    append(change.actingApplication, to: &bytes)
    return bytes
  }

  private static func domain(_ name: String) -> [UInt8] { Array("facet record \(name)\n".utf8) }

  private static func append(_ number: Int64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// With its length before it, so that no two rows are covered by the same bytes; nothing has a length of its own.
  private static func append(_ text: String?, to bytes: inout [UInt8]) {
    guard let text else { return append(Int64(-1), to: &bytes) }
    append(Int64(text.utf8.count), to: &bytes)
    bytes.append(contentsOf: text.utf8)
  }
}
