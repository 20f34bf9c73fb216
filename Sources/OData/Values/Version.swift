/// The version of an entity: the number that its entity tag is made of.
///
/// Each write that changes the entity draws a new number at random. So no number comes back at the same URL: not when
/// the entity is deleted and created again, imported, or restored from a backup, and whatever the clock says. Among a
/// million writes of one entity, the probability that two draw the same number is 5 in 100 million.
public struct Version: Hashable, Sendable {
  /// The number: positive, or 0 for `unwritten`.
  public let number: Int64

  /// The version of an entity that is not written yet. No store keeps it.
  public static let unwritten = Version(number: 0)

  /// The version with this number, as a store kept it.
  public init(number: Int64) { self.number = number }

  /// A new version.
  public static func random() -> Version { Version(number: .random(in: 1...(.max))) }

  /// The number as 11 digits of base 64, most significant first, in the alphabet of RFC 4648 section 5. It is the
  /// opaque tag without its quotes (RFC 9110 section 8.8.3).
  public var opaqueTag: String {
    String(unsafeUninitializedCapacity: Self.digitCount) { bytes in
      writeDigits(to: bytes)
      return Self.digitCount
    }
  }

  /// The entity tag of this version (RFC 9110 section 8.8.3). It is weak, because one version has several
  /// representations. Its 15 bytes are the most that a `String` stores inline, without an allocation.
  public var entityTag: String {
    String(unsafeUninitializedCapacity: Self.digitCount + 4) { bytes in
      (bytes[0], bytes[1], bytes[2]) = (UInt8(ascii: "W"), UInt8(ascii: "/"), UInt8(ascii: "\""))
      writeDigits(to: UnsafeMutableBufferPointer(rebasing: bytes[3...]))
      bytes[Self.digitCount + 3] = UInt8(ascii: "\"")
      return Self.digitCount + 4
    }
  }

  /// Calls `body` with the bytes of `opaqueTag`, without making a string of them.
  func withOpaqueTag(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.digitCount) { bytes in
      writeDigits(to: bytes)
      body(UnsafeBufferPointer(bytes))
    }
  }

  private func writeDigits(to bytes: UnsafeMutableBufferPointer<UInt8>) {
    for index in 0..<Self.digitCount { bytes[index] = digit(index) }
  }

  private static let digitCount = 11

  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

  private func digit(_ index: Int) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: UInt64(bitPattern: number) >> (60 - 6 * UInt64(index))) & 63
    return Self.alphabet.utf8Start[Int(value)]
  }
}
