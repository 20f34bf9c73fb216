#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An IPv4 or IPv6 address, classified by where it leads.
public struct NetworkAddress: Hashable, Sendable {
  /// 4 bytes or 16, most significant first.
  let bytes: [UInt8]

  /// The address that `text` spells, without brackets; nil for a name, and for the short and octal forms of IPv4.
  public init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = withUnsafeBytes(of: &four) { Array($0) }
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      bytes = withUnsafeBytes(of: &six) { Array($0) }
    } else {
      return nil
    }
  }

  /// The address with these bytes, 4 or 16 of them, most significant first.
  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The canonical text of the address, without brackets.
  var text: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether the address is a loopback address: 127.0.0.0/8, ::1, or 127.0.0.0/8 mapped into IPv6.
  public var isLoopback: Bool {
    Self.isIn(bytes, Self.loopback4) || Self.isIn(bytes, Self.loopback6) || Self.isIn(bytes, Self.mappedLoopback)
  }

  /// Whether the address belongs to the public Internet, by the registries of special-purpose addresses (RFC 6890). For
  /// IPv6 that means global unicast, except blocks that embed an IPv4 address.
  var isPublic: Bool {
    guard bytes.count == 16 else { return !Self.special4.contains { Self.isIn(bytes, $0) } }
    return Self.isIn(bytes, Self.globalUnicast) && !Self.special6.contains { Self.isIn(bytes, $0) }
  }

  // MARK: Blocks

  /// A block of addresses: all that begin with the first `bits` bits of `prefix`.
  private typealias Block = (prefix: [UInt8], bits: Int)

  private static func isIn(_ address: [UInt8], _ block: Block) -> Bool {
    guard address.count == (block.prefix.count == 4 ? 4 : 16) else { return false }
    for index in 0..<block.bits where (address[index / 8] ^ at(block, index / 8)) >> (7 - index % 8) & 1 != 0 {
      return false
    }
    return true
  }

  private static func at(_ block: Block, _ index: Int) -> UInt8 {
    index < block.prefix.count ? block.prefix[index] : 0
  }

  private static let loopback4: Block = ([127, 0, 0, 0], 8)
  private static let loopback6: Block = (Array(repeating: 0, count: 15) + [1], 128)
  private static let mappedLoopback: Block = (Array(repeating: 0, count: 10) + [0xFF, 0xFF, 127], 104)

  private static let special4: [Block] = [
    ([0, 0, 0, 0], 8), ([10, 0, 0, 0], 8), ([100, 64, 0, 0], 10), loopback4, ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12), ([192, 0, 0, 0], 24), ([192, 0, 2, 0], 24), ([192, 88, 99, 0], 24), ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15), ([198, 51, 100, 0], 24), ([203, 0, 113, 0], 24), ([224, 0, 0, 0], 4), ([240, 0, 0, 0], 4),
  ]

  private static let globalUnicast: Block = ([0x20, 0], 3)
  /// Teredo, ORCHID and other protocol assignments; documentation; 6to4; documentation again (RFC 9637).
  private static let special6: [Block] = [
    ([0x20, 0x01, 0x00], 23), ([0x20, 0x01, 0x0D, 0xB8, 0], 32), ([0x20, 0x02], 16), ([0x3F, 0xFF, 0x00], 20),
  ]
}
