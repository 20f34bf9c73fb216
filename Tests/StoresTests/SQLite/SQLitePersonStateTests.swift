import OData
import Profiles
import Testing

@testable import Stores

@Suite("The state of a person as SQLite keeps it")
struct SQLitePersonStateTests {
  private static func chain(_ tenant: Int64, length: Int64 = 3, last: Int64 = 17) -> SQLitePersonState.ChainEnd {
    SQLitePersonState.ChainEnd(
      tenant: tenant, chain: AuditChain(length: length, tip: Array(1...32)), last: last, seal: Array(101...132))
  }

  private static func restored(_ bytes: [UInt8]) -> SQLitePersonState? {
    bytes.withUnsafeBytes { SQLitePersonState(stored: $0) }
  }

  private static func state(_ counts: [(Int64, Int)], bytes: Int, _ chains: [SQLitePersonState.ChainEnd])
    -> SQLitePersonState
  {
    var state = SQLitePersonState()
    state.bytes = bytes
    for (collection, count) in counts { state.add(count, to: collection) }
    state.chains = chains
    return state
  }

  @Test("A state comes back from its bytes, up to the bounds")
  func roundTrip() {
    let large = Int64.max >> 1
    let states = [
      SQLitePersonState(), Self.state([(1, 1)], bytes: 300, [Self.chain(1)]),
      Self.state(
        (1...63).map { ($0, 1_000) }, bytes: 16 << 20, (1...5).map { Self.chain($0, length: large, last: large) }),
      Self.state([], bytes: 0, (1...SQLitePersonState.chainsMax).map { Self.chain(Int64($0)) }),
      Self.state([(5, 65_535), (63, 256)], bytes: Int(large), [Self.chain(large, length: 0, last: 0)]),
    ]
    for state in states {
      #expect(Self.restored(state.stored) == state)
    }
    for (index, state) in states.enumerated() {
      for other in states.dropFirst(index + 1) { #expect(state != other && state.stored != other.stored) }
    }
    #expect(65_535 >= Limits.itemsPerCollectionMax)
  }

  @Test("A person who has been in as many tenants as their state holds cannot be in one more, and keeps the state")
  func tenants() throws {
    let scratch = try Scratch()
    defer { scratch.remove() }
    var store = try SQLiteStore.open(scratch.database)
    try store.load([.user(Sample.ann)])
    store.close()
    // Other chains fill the state up, or leave room for one.
    for others in [SQLitePersonState.chainsMax, SQLitePersonState.chainsMax - 1] {
      try scratch.changeState(of: "ann") { state in
        state.chains = (0..<others).map { Self.chain(Int64(1_000 + $0)) }
      }
      store = try SQLiteStore.open(scratch.database)
      if others == SQLitePersonState.chainsMax {
        #expect(throws: StoreError.self) { try store.load([.user(Sample.ann)]) }
      } else {
        try store.load([.user(Sample.ann)])
      }
      #expect(store.health == .healthy)
      #expect(try store.read(Sample.key("none")).get() == nil)
      store.close()
      try scratch.changeState(of: "ann") { state in #expect(state.chains.count == SQLitePersonState.chainsMax) }
    }
  }

  @Test("The bytes are those that the format declares")
  func format() {
    let bytes: [UInt8] =
      [1, 44, 1, 0, 0, 0, 0, 0, 0, 2, 1, 3, 1, 0, 9, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]
      + [17, 0, 0, 0, 0, 0, 0, 0] + Array(1...32) + Array(101...132)
      + [UInt8](repeating: 0, count: 15)
    let state = Self.state([(9, 256), (3, 1)], bytes: 300, [Self.chain(2)])
    #expect(state.stored == bytes)
    #expect(Self.restored(bytes) == state)
  }

  @Test("A row keeps its size while one chain and nine collections are in it, and grows by steps")
  func sizes() {
    for collections in 0...63 {
      for chains in 0...5 {
        let state = Self.state(
          (0..<collections).map { (Int64($0 + 1), 1) }, bytes: 1, (0..<chains).map { Self.chain(Int64($0 + 1)) })
        let size = SQLitePersonState.storedBytes(collections: collections, chains: chains)
        #expect(state.stored.count == size && size.isMultiple(of: SQLitePersonState.step))
        #expect(size >= 11 + 3 * collections + 88 * chains)
      }
    }
    #expect(SQLitePersonState.storedBytes(collections: 0, chains: 0) == 120)
    #expect(SQLitePersonState.storedBytes(collections: 7, chains: 1) == 120)
    #expect(SQLitePersonState.storedBytes(collections: 8, chains: 1) == 160)
  }

  @Test("Items are counted by collection, in the order of collections, and none are left out")
  func counts() {
    var state = SQLitePersonState()
    for collection: Int64 in [9, 3, 63, 3, 1] { state.add(1, to: collection) }
    #expect(state.counts.map(\.collection) == [1, 3, 9, 63])
    #expect(state.count(of: 3) == 2 && state.count(of: 63) == 1 && state.count(of: 2) == 0)
    state.add(-1, to: 9)
    state.add(-1, to: 3)
    #expect(state.counts.map(\.collection) == [1, 3, 63])
    #expect(state.counts.map(\.count) == [1, 1, 1])
    for collection: Int64 in [1, 3, 63] { state.add(-1, to: collection) }
    #expect(state == SQLitePersonState())
  }

  @Test("Damaged bytes are no state, of whatever length they are")
  func damaged() {
    let whole = Self.state([(3, 1), (9, 2)], bytes: 300, [Self.chain(2), Self.chain(4)]).stored
    for count in 0..<whole.count { #expect(Self.restored(Array(whole.prefix(count))) == nil, "\(count) bytes") }
    #expect(Self.restored(whole + [0]) == nil)
    var other = whole
    other[0] = 2
    #expect(Self.restored(other) == nil)
    for (offset, value) in [(9, 255), (9, 30), (10, 255), (10, 1), (whole.count - 1, 1)] as [(Int, UInt8)] {
      var other = whole
      other[offset] = value
      #expect(Self.restored(other) == nil, "\(value) at \(offset)")
    }
    // Numbers with which further counting would overflow: the bytes, a tenant, a length, a place.
    for offset in [1, 17, 25, 33] {
      for byte: UInt8 in [0x40, 0x7F, 0x80, 0xFF] {
        var large = whole
        large[offset + 7] = byte
        #expect(Self.restored(large) == nil, "\(byte) at \(offset)")
      }
    }
  }
}
