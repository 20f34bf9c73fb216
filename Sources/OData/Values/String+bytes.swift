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
  public func contains(byte: UInt8) -> Bool { withBytes { $0.contains(byte) } }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether both are the same bytes.
  public func hasSameBytes(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    let (left, right) = (UnsafeRawBufferPointer(self), UnsafeRawBufferPointer(other))
    var offset = 0
    // Eight bytes at a time, then the rest one by one.
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

extension Sequence<UInt8> {
  /// Whether both are the same bytes in any ASCII case.
  func elementsEqualIgnoringCase(_ other: some Sequence<UInt8>) -> Bool {
    elementsEqual(other) { left, right in left == right || Self.lowercased(left) == Self.lowercased(right) }
  }

  fileprivate static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
