// Functions that take a closure are inlined into their callers, in other targets too: a call for each byte would cost
// more than the work on it.

extension String {
  /// Calls `read` with the UTF-8 of the string. The bytes are copied only when the string has no contiguous storage of
  /// its own, as a bridged one.
  @inlinable @inline(__always)
  public func withBytes<Answer>(_ read: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
    utf8.withContiguousStorageIfAvailable(read) ?? Array(utf8).withUnsafeBufferPointer(read)
  }

  /// Whether both strings are the same bytes. Swift's `==` is canonical equivalence, which equates strings that a store
  /// keeps apart. Comparing the UTF-8 views element by element takes ten times as long as this.
  public func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && withBytes { left in other.withBytes { left.hasSameBytes(as: $0) } }
  }

  /// Whether these bytes are the same name in any ASCII case.
  public func isSameName(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    utf8.count == other.count && withBytes { $0.isSameName(as: other) }
  }

  /// Whether both are the same name in any ASCII case.
  public func isSameName(as other: String) -> Bool {
    utf8.count == other.utf8.count && other.withBytes { isSameName(as: $0) }
  }

  /// Whether the UTF-8 of the string contains this byte.
  public func contains(byte: UInt8) -> Bool { withBytes { $0.holds(byte) } }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether both are the same bytes.
  public func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    let (left, right) = (UnsafeRawBufferPointer(self), UnsafeRawBufferPointer(other))
    guard count >= 8 else { return (0..<count).allSatisfy { left[$0] == right[$0] } }
    func isSame(_ offset: Int) -> Bool {
      left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    var offset = 0
    while offset + 8 <= count {
      guard isSame(offset) else { return false }
      offset += 8
    }
    // The last eight bytes may overlap those that were compared before.
    return offset == count || isSame(count - 8)
  }

  /// Whether every byte is printable ASCII, or a space, and none is `excluded`.
  public func isPrintableASCII(without excluded: UInt8 = 0x7F) -> Bool {
    wordsSatisfy { word in
      let highs = word | word.bytesEqual(to: excluded) | word.bytesEqual(to: 0x7F) | word.controlBytes
      return highs & UInt64.highBits == 0
    }
  }

  /// Whether a JSON string may hold the bytes as they are (RFC 8259 section 7), provided that they are UTF-8.
  var isFreeOfEscapes: Bool {
    wordsSatisfy { word in
      let marks = word.bytesEqual(to: UInt8(ascii: "\"")) | word.bytesEqual(to: UInt8(ascii: "\\"))
      return (marks | word.controlBytes) & UInt64.highBits == 0
    }
  }

  /// Whether the bytes contain this one.
  func holds(_ byte: UInt8) -> Bool {
    !wordsSatisfy(filler: ~byte) { $0.bytesEqual(to: byte) & UInt64.highBits == 0 }
  }

  /// Whether every eight bytes satisfy the predicate. The last eight may overlap those before; fewer than eight are
  /// filled up with `filler`.
  @inline(__always)
  private func wordsSatisfy(filler: UInt8 = UInt8(ascii: "a"), _ predicate: (UInt64) -> Bool) -> Bool {
    let bytes = UnsafeRawBufferPointer(self)
    guard count >= 8 else {
      return predicate(reduce(UInt64.lowBits &* UInt64(filler)) { $0 << 8 | UInt64($1) })
    }
    var offset = 0
    while offset + 8 <= count {
      guard predicate(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) else { return false }
      offset += 8
    }
    return offset == count || predicate(bytes.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
  }

  /// Whether any byte satisfies the predicate. All bytes are visited: a loop without an early exit is vectorized, and
  /// faster.
  @inlinable @inline(__always)
  public func holdsAny(_ predicate: (UInt8) -> Bool) -> Bool {
    var found: UInt8 = 0
    for byte in self { found |= predicate(byte) ? 1 : 0 }
    return found != 0
  }

  fileprivate func isSameName(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where self[index] != other[index] {
      guard Self.lowercased(self[index]) == Self.lowercased(other[index]) else { return false }
    }
    return true
  }
}

/// Tests of eight bytes at once. In a result, the highest bit of each matching byte is set; the other bits have no
/// meaning.
extension UInt64 {
  fileprivate static let highBits: UInt64 = 0x8080_8080_8080_8080
  fileprivate static let lowBits: UInt64 = 0x0101_0101_0101_0101

  /// The bytes that equal `byte`. A byte above a match may be marked by mistake, so the result reliably shows only
  /// whether there is a match.
  @inline(__always)
  fileprivate func bytesEqual(to byte: UInt8) -> UInt64 {
    let difference = self ^ (Self.lowBits &* UInt64(byte))
    return (difference &- Self.lowBits) & ~difference
  }

  /// The place, from the lowest byte, of the first byte that equals one of two; nil when none does.
  @inline(__always)
  func firstByte(among first: UInt8, _ second: UInt8) -> Int? {
    // The lowest match is always right.
    let meant = (bytesEqual(to: first) | bytesEqual(to: second)) & Self.highBits
    return meant == 0 ? nil : meant.trailingZeroBitCount / 8
  }

  /// The bytes below 0x20, with false matches as in `bytesEqual`.
  @inline(__always)
  fileprivate var controlBytes: UInt64 { (self &- Self.lowBits &* 0x20) & ~self }
}

extension Sequence<UInt8> {
  /// Whether both are the same bytes in any ASCII case.
  func elementsEqualIgnoringCase(_ other: some Sequence<UInt8>) -> Bool {
    elementsEqual(other) { left, right in left == right || Self.lowercased(left) == Self.lowercased(right) }
  }

  fileprivate static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
