import OData
import Profiles

/// The state of a person: how much they hold, and the ends of the chains of their audit log, one for each tenant that
/// they have been in. Like the audit log, it outlives the person.
///
/// The stored form, in bytes, with integers least significant byte first:
///
/// - the format, 1 byte; the size of all items, 8; the number of collections with items, 1; the number of chains, 1
/// - for each of these collections its number, 1, and the number of its items, 2
/// - for each chain the number of its tenant, 8; its length, 8; the place of its last row, 8; its tip, 32; its seal, 32
/// - zeros up to a multiple of `step`, so that most changes keep the size: SQLite then writes the row in place and does
///   not move its neighbours
struct SQLitePersonState: Equatable {
  /// The end of a chain.
  struct ChainEnd: Equatable {
    /// The number of the tenant.
    let tenant: Int64
    var chain = AuditChain()
    /// The place of the last row in the audit log; 0 in an empty chain.
    var last: Int64 = 0
    /// The seal; nil in a chain that the open transaction began.
    var seal: [UInt8]?
  }

  /// The size of all items, in bytes of JSON.
  var bytes = 0
  /// The number of items in each collection, sorted by the number of the collection. Collections without items are left
  /// out.
  private(set) var counts: [(collection: UInt8, count: Int)] = []
  /// The chains. Nearly everybody has exactly one.
  var chains: [ChainEnd] = []

  /// The state of a person who holds nothing.
  init() {}

  static func == (left: Self, right: Self) -> Bool {
    left.bytes == right.bytes && left.chains == right.chains
      && left.counts.elementsEqual(right.counts) { $0.collection == $1.collection && $0.count == $1.count }
  }

  /// The number of items in a collection.
  func count(of collection: Int64) -> Int { counts.first { $0.collection == collection }?.count ?? 0 }

  /// Adds `difference` to the number of items in a collection: 1 for an item that was added, -1 for one that was
  /// deleted.
  mutating func add(_ difference: Int, to collection: Int64) {
    let collection = UInt8(truncatingIfNeeded: collection)
    let index = counts.firstIndex { $0.collection >= collection } ?? counts.endIndex
    if index < counts.endIndex, counts[index].collection == collection {
      counts[index].count += difference
      if counts[index].count == 0 { counts.remove(at: index) }
    } else {
      counts.insert((collection, difference), at: index)
    }
  }

  // MARK: The stored form

  private static let format: UInt8 = 1
  private static let headBytes = 11
  private static let collectionBytes = 3
  private static let chainBytes = 24 + 2 * AuditKey.codeBytes
  private static let numberMax: Int64 = .max >> 1

  /// Largest number of chains: as many as the byte that counts them holds.
  static let chainsMax = 255

  /// The size of the stored form is a multiple of this, and at least three times this, which holds one chain and seven
  /// collections. In bytes.
  static let step = 40

  /// The size of the stored form of a state, in bytes.
  static func storedBytes(collections: Int, chains: Int) -> Int {
    let used = headBytes + collectionBytes * collections + chainBytes * chains
    return max(3 * step, (used + step - 1) / step * step)
  }

  /// Reads the stored form; nil when the bytes do not have that form.
  init?(stored: UnsafeRawBufferPointer) {
    guard stored.count >= Self.headBytes, stored[0] == Self.format, let bytes = Self.number(stored, 1) else {
      return nil
    }
    let (collections, chains) = (Int(stored[9]), Int(stored[10]))
    let chainsStart = Self.headBytes + Self.collectionBytes * collections
    let end = chainsStart + Self.chainBytes * chains
    guard stored.count == Self.storedBytes(collections: collections, chains: chains),
      stored[end...].allSatisfy({ $0 == 0 })
    else { return nil }
    self.bytes = Int(bytes)
    counts.reserveCapacity(collections)
    for start in stride(from: Self.headBytes, to: chainsStart, by: Self.collectionBytes) {
      counts.append((stored[start], Int(stored[start + 1]) | Int(stored[start + 2]) << 8))
    }
    for start in stride(from: chainsStart, to: end, by: Self.chainBytes) {
      guard let chain = ChainEnd(stored: stored, start) else { return nil }
      self.chains.append(chain)
    }
  }

  /// The stored form. Every chain must have its seal.
  var stored: [UInt8] {
    let size = Self.storedBytes(collections: counts.count, chains: chains.count)
    var stored: [UInt8] = []
    stored.reserveCapacity(size)
    stored.append(Self.format)
    Self.append(Int64(bytes), to: &stored)
    stored.append(UInt8(truncatingIfNeeded: counts.count))
    stored.append(UInt8(truncatingIfNeeded: chains.count))
    for (collection, count) in counts {
      stored.append(collection)
      stored.append(UInt8(truncatingIfNeeded: count))
      stored.append(UInt8(truncatingIfNeeded: count >> 8))
    }
    for end in chains {
      Self.append(end.tenant, to: &stored)
      Self.append(end.chain.length, to: &stored)
      Self.append(end.last, to: &stored)
      stored.append(contentsOf: end.chain.tip)
      stored.append(contentsOf: end.seal ?? [])
    }
    stored.append(contentsOf: repeatElement(0, count: size - stored.count))
    return stored
  }

  /// The number at `offset`; nil when it is negative, or so large that counting on could overflow.
  fileprivate static func number(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int64? {
    let number = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    return (0...numberMax).contains(number) ? number : nil
  }

  private static func append(_ number: Int64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

extension SQLitePersonState.ChainEnd {
  /// Reads the stored form that begins at `start`, whose bytes must all be there; nil when a number is not valid.
  fileprivate init?(stored: UnsafeRawBufferPointer, _ start: Int) {
    let codes = start + 24
    let seal = codes + AuditKey.codeBytes
    guard let tenant = SQLitePersonState.number(stored, start),
      let length = SQLitePersonState.number(stored, start + 8), let last = SQLitePersonState.number(stored, start + 16)
    else { return nil }
    self.init(
      tenant: tenant, chain: AuditChain(length: length, tip: Array(stored[codes..<seal])), last: last,
      seal: Array(stored[seal..<(seal + AuditKey.codeBytes)]))
  }
}

extension SQLiteStatement {
  /// The state of a person in `column`. Throws `SQLiteFailure.row` when it is damaged.
  func personState(_ column: Int32) throws(SQLiteFailure) -> SQLitePersonState {
    guard let state = withBlob(column, { SQLitePersonState(stored: $0) }) else {
      throw .row("The state of a person is damaged.")
    }
    return state
  }
}
