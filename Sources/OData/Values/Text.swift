extension String {
  /// Whether both are the same bytes. Swift's `==` is canonical equivalence, which makes one of two texts that a store
  /// keeps apart; and to compare the views byte after byte takes ten times as long.
  public func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isSame = utf8.withContiguousStorageIfAvailable { left in
      other.utf8.withContiguousStorageIfAvailable { right in left.hasSameBytes(as: right) }
    }
    // Only strings that were bridged from elsewhere have no storage of their own.
    return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
  }

  /// Whether these bytes are the same name but for the case of letters in ASCII.
  public func isSameName(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard utf8.count == other.count else { return false }
    return utf8.withContiguousStorageIfAvailable { $0.isSameName(as: other) } ?? utf8.isSameName(as: other)
  }

  /// Whether both are the same name but for the case of letters in ASCII.
  public func isSameName(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    return other.utf8.withContiguousStorageIfAvailable { isSameName(as: $0) } ?? utf8.isSameName(as: other.utf8)
  }

  /// Whether this byte is among those of the text.
  public func contains(byte: UInt8) -> Bool {
    utf8.withContiguousStorageIfAvailable { $0.contains(byte) } ?? utf8.contains(byte)
  }
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
}

extension UnsafeBufferPointer<UInt8> {
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
  public func elementsEqualIgnoringCase(_ other: some Sequence<UInt8>) -> Bool {
    elementsEqual(other) { left, right in left == right || Self.lowercased(left) == Self.lowercased(right) }
  }

  fileprivate static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}

extension Collection<UInt8> {
  /// Whether two names are the same but for the case of letters in ASCII. Most differ in their length already.
  public func isSameName(as other: some Collection<UInt8>) -> Bool {
    count == other.count && elementsEqualIgnoringCase(other)
  }
}
