// What takes a closure is inlined where it is called, also in other targets: a call for each byte would cost more than what
// is done with it.

extension String {
  /// Gives the bytes of the text to a reader. They are copied only where the text was bridged from elsewhere and has no
  /// storage of its own.
  @inlinable @inline(__always)
  public func withBytes<Answer>(_ read: (UnsafeBufferPointer<UInt8>) -> Answer) -> Answer {
    utf8.withContiguousStorageIfAvailable(read) ?? Array(utf8).withUnsafeBufferPointer(read)
  }

  /// Whether both are the same bytes. Swift's `==` is canonical equivalence, which makes one of two texts that a store
  /// keeps apart; and to compare the views byte after byte takes ten times as long.
  public func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && withBytes { left in other.withBytes { left.hasSameBytes(as: $0) } }
  }

  /// Whether these bytes are the same name but for the case of letters in ASCII. Most differ in their length already.
  public func isSameName(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    utf8.count == other.count && withBytes { $0.isSameName(as: other) }
  }

  /// Whether both are the same name but for the case of letters in ASCII.
  public func isSameName(as other: String) -> Bool {
    utf8.count == other.utf8.count && other.withBytes { isSameName(as: $0) }
  }

  /// Whether this byte is among those of the text.
  public func contains(byte: UInt8) -> Bool { withBytes { $0.contains(byte) } }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether both are the same bytes.
  public func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    let (left, right) = (UnsafeRawBufferPointer(self), UnsafeRawBufferPointer(other))
    var offset = 0
    // Eight at once; what is left over, one after the other.
    while offset + 8 <= count {
      let word = left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      guard word == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
      offset += 8
    }
    while offset < count {
      guard left[offset] == right[offset] else { return false }
      offset += 1
    }
    return true
  }

  /// Whether any byte is meant. All of them are looked at, which takes the machine less time than to stop at the first.
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

extension Sequence<UInt8> {
  /// Whether both are the same bytes when ASCII letters are folded to lower case.
  func elementsEqualIgnoringCase(_ other: some Sequence<UInt8>) -> Bool {
    elementsEqual(other) { left, right in left == right || Self.lowercased(left) == Self.lowercased(right) }
  }

  fileprivate static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
