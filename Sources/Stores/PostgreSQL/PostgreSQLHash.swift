/// PostgreSQL's hash of the bytes of a `text` or a `bytea` (`hash_any` in `src/common/hashfn.c`), by which Citus spreads
/// rows over shards (`worker_hash`). The servers of the database must be little-endian, as x86-64 and ARM64 are.
enum PostgreSQLHash {
  /// The hash of a text's UTF-8.
  static func value(of text: String) -> Int32 {
    var text = text
    return text.withUTF8(value)
  }

  /// The hash of bytes.
  static func value(of bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
    var state = State(count: bytes.count)
    var start = 0
    while bytes.count - start >= 12 {
      state.add(word(bytes, at: start), word(bytes, at: start + 4), word(bytes, at: start + 8))
      state.mix()
      start += 12
    }
    // The lowest byte of the third word stands for the length, which is part of the initial state.
    state.add(word(bytes, at: start), word(bytes, at: start + 4), word(bytes, at: start + 8) << 8)
    return state.final()
  }

  /// Four bytes as a number; those behind the end count as 0.
  private static func word(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32 {
    var word: UInt32 = 0
    for index in start..<max(start, min(start + 4, bytes.count)) {
      word |= UInt32(bytes[index]) << UInt32(8 * (index - start))
    }
    return word
  }

  /// The three words of Bob Jenkins' hash "lookup3".
  private struct State {
    private var a: UInt32
    private var b: UInt32
    private var c: UInt32

    init(count: Int) {
      a = 0x9e37_79b9 &+ UInt32(truncatingIfNeeded: count) &+ 3_923_095
      (b, c) = (a, a)
    }

    mutating func add(_ first: UInt32, _ second: UInt32, _ third: UInt32) {
      a &+= first
      b &+= second
      c &+= third
    }

    mutating func mix() {
      a = (a &- c) ^ rotated(c, 4)
      c &+= b
      b = (b &- a) ^ rotated(a, 6)
      a &+= c
      c = (c &- b) ^ rotated(b, 8)
      b &+= a
      a = (a &- c) ^ rotated(c, 16)
      c &+= b
      b = (b &- a) ^ rotated(a, 19)
      a &+= c
      c = (c &- b) ^ rotated(b, 4)
      b &+= a
    }

    mutating func final() -> Int32 {
      c = (c ^ b) &- rotated(b, 14)
      a = (a ^ c) &- rotated(c, 11)
      b = (b ^ a) &- rotated(a, 25)
      c = (c ^ b) &- rotated(b, 16)
      a = (a ^ c) &- rotated(c, 4)
      b = (b ^ a) &- rotated(a, 14)
      c = (c ^ b) &- rotated(b, 24)
      return Int32(bitPattern: c)
    }

    private func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
  }
}
