/// One state of an entity. Each write that changes the entity draws a number at random, so that none comes twice at one
/// address: not after the entity was deleted and came back, was imported, or was restored from a backup, wherever the
/// database came from and whatever the clock says. Of a million writes of one entity, two have the same number with a
/// probability of 5 in 100 million.
public struct Version: Hashable, Sendable {
  /// Positive, but for `unwritten`.
  public let number: Int64

  /// Of what is yet to be written. No store keeps it.
  public static let unwritten = Version(number: 0)

  /// The version with this number, as a store kept it.
  public init(number: Int64) { self.number = number }

  /// A version that nothing had before.
  public static func random() -> Version { Version(number: .random(in: 1...(.max))) }

  /// The number in 11 digits of base 64, most significant first, in the alphabet of RFC 4648 section 5.
  public var opaqueTag: String {
    String(unsafeUninitializedCapacity: Self.digitCount) { bytes in
      for index in 0..<Self.digitCount { bytes[index] = digit(index) }
      return Self.digitCount
    }
  }

  /// The entity tag of this version (RFC 9110 section 8.8.3), weak because an answer has several forms. Its 15 bytes are
  /// the most for which a `String` needs no memory of its own.
  public var entityTag: String { "W/\"\(opaqueTag)\"" }

  private static let digitCount = 11

  private func digit(_ index: Int) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: UInt64(bitPattern: number) >> (60 - 6 * UInt64(index))) & 63
    return switch value {
    case 0..<26: UInt8(ascii: "A") + value
    case 26..<52: UInt8(ascii: "a") + value - 26
    case 52..<62: UInt8(ascii: "0") + value - 52
    case 62: UInt8(ascii: "-")
    default: UInt8(ascii: "_")
    }
  }
}
