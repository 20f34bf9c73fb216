/// The form of the JPEG files that are kept and answered: one baseline image (ISO/IEC 10918-1 annex B) after a JFIF
/// header, without comments and without segments of applications, in which cameras note positions and times.
///
/// Files come from a process that read what a stranger sent, and from imports. Whatever happened there, nothing but an image
/// of the expected size gets through.
enum PlainJPEG {
  /// Whether the bytes are such a file, of a square with this side in pixels.
  static func isSquare(_ bytes: [UInt8], side: Int) -> Bool {
    guard bytes.starts(with: [0xFF, startOfImage]) else { return false }
    var place = 2
    var hasFrame = false
    while place + 4 <= bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      guard length >= 2, place + 2 + length <= bytes.count else { return false }
      let content = bytes[(place + 4)..<(place + 2 + length)]
      place += 2 + length
      switch marker {
      case jfif: guard isJFIF(content) else { return false }
      case 0xC4, 0xDB, 0xDD: break
      case baseline:
        guard !hasFrame, isFrame(Array(content), side: side) else { return false }
        hasFrame = true
      case startOfScan: return hasFrame && isScan(bytes[place...])
      default: return false
      }
    }
    return false
  }

  private static let startOfImage: UInt8 = 0xD8
  private static let endOfImage: UInt8 = 0xD9
  private static let startOfScan: UInt8 = 0xDA
  private static let jfif: UInt8 = 0xE0
  private static let baseline: UInt8 = 0xC0

  /// A JFIF header without a thumbnail has 14 bytes.
  private static func isJFIF(_ content: ArraySlice<UInt8>) -> Bool {
    content.count == 14 && content.starts(with: Array("JFIF\0".utf8))
  }

  /// Whether a frame has 8 bits a sample, the size, and one component or three.
  private static func isFrame(_ content: [UInt8], side: Int) -> Bool {
    guard content.count >= 6, content[0] == 8 else { return false }
    let height = Int(content[1]) << 8 | Int(content[2])
    let width = Int(content[3]) << 8 | Int(content[4])
    return height == side && width == side && (content[5] == 1 || content[5] == 3)
  }

  /// Whether the one scan runs to the end of the file. Within it a byte FF is followed by 0 or by a restart marker.
  private static func isScan(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= 2, bytes.suffix(2).elementsEqual([0xFF, endOfImage]) else { return false }
    var followsMark = false
    for byte in bytes.dropLast(2) {
      if followsMark, byte != 0, !(0xD0...0xD7).contains(byte) { return false }
      followsMark = byte == 0xFF && !followsMark
    }
    return !followsMark
  }
}
