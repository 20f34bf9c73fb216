/// PNG files that tests make (RFC 2083), uncompressed.
enum PNGSample {
  /// A file of one colour.
  static func file(_ width: Int, _ height: Int, color: (UInt8, UInt8, UInt8) = (200, 40, 40)) -> [UInt8] {
    let pixel: [UInt8] = [color.0, color.1, color.2]
    let row: [UInt8] = [0] + [[UInt8]](repeating: pixel, count: width).joined()
    return file(
      width, height, kind: [8, 2, 0, 0, 0], content: Array([[UInt8]](repeating: row, count: height).joined()))
  }

  /// The same, longer by a text that no decoder shows.
  static func file(_ width: Int, _ height: Int, bytes: Int) -> [UInt8] {
    let plain = file(width, height)
    let text = chunk("tEXt", Array("Comment\0".utf8) + [UInt8](repeating: 0x61, count: bytes - plain.count - 20))
    return Array(plain.prefix(33)) + text + plain.dropFirst(33)
  }

  /// A file whose header promises more than its content holds.
  static func promising(_ width: Int, _ height: Int) -> [UInt8] {
    file(width, height, kind: [8, 2, 0, 0, 0], content: [0, 1, 2, 3])
  }

  private static func file(_ width: Int, _ height: Int, kind: [UInt8], content: [UInt8]) -> [UInt8] {
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", number(width) + number(height) + kind)
      + chunk("IDAT", stored(content)) + chunk("IEND", [])
  }

  private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + content
    return number(content.count) + named + number(Int(checksum(named)))
  }

  private static func number(_ value: Int) -> [UInt8] {
    [value >> 24, value >> 16, value >> 8, value].map { UInt8(truncatingIfNeeded: $0) }
  }

  /// A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4).
  private static func stored(_ content: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    for start in stride(from: 0, to: content.count, by: 0xFFFF) {
      let block = content[start..<min(start + 0xFFFF, content.count)]
      let (low, high) = (UInt8(block.count & 255), UInt8(block.count >> 8))
      stream += [start + block.count == content.count ? 1 : 0, low, high, ~low, ~high] + block
    }
    var (first, second): (UInt32, UInt32) = (1, 0)
    for byte in content {
      first = (first + UInt32(byte)) % 65_521
      second = (second + first) % 65_521
    }
    return stream + number(Int(second << 16 | first))
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 255)] ^ sum >> 8 }
    return sum ^ 0xFFFF_FFFF
  }

  private static let table: [UInt32] = (0..<256).map { start in
    (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }
}
