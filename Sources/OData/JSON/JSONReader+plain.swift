extension JSONReader {
  /// Steps over text eight bytes at once, as long as none of them ends a string, escapes, controls or is beyond ASCII. It
  /// may stop earlier, never later.
  static func endOfPlainText(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let text = UnsafeRawBufferPointer(bytes)
    let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    var offset = start
    while offset + 8 <= text.count {
      let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
      let slashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
      // A byte that is smaller borrows into its highest bit, and perhaps from the next. So the lowest is told exactly,
      // and whether there is any is all that is asked.
      let controls = word &- ones &* 0x20
      guard (word | (quotes &- ones) | (slashes &- ones) | controls) & highs == 0 else { break }
      offset += 8
    }
    return offset
  }
}
