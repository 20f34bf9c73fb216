/// How a camera was held (Exif 2.3 section 4.6.4, tag 274). It is the one fact of a camera's notes that is used; the notes
/// themselves are not kept.
enum ExifOrientation: Int {
  case upright = 1
  case mirrored, turnedAround, upsideDown, transposed, turnedRight, transversed, turnedLeft

  /// Where a pixel of the upright image lies in the stored one, in a square whose last row and column is `last`.
  func source(_ x: Int, _ y: Int, last: Int) -> (column: Int, line: Int) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (last - x, y)
    case .turnedAround: (last - x, last - y)
    case .upsideDown: (x, last - y)
    case .transposed: (y, x)
    case .turnedRight: (y, last - x)
    case .transversed: (last - y, last - x)
    case .turnedLeft: (last - y, x)
    }
  }

  /// The orientation that a JPEG file notes; upright when it notes none.
  init(ofJPEG bytes: UnsafeBufferPointer<UInt8>) {
    var place = 2
    while place + 4 <= bytes.count, bytes[place] == 0xFF, bytes[place + 1] != Self.startOfScan {
      let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
      let end = place + 2 + length
      guard length >= 2, end <= bytes.count else { break }
      if bytes[place + 1] == Self.exifSegment,
        let orientation = Self.read(UnsafeBufferPointer(rebasing: bytes[(place + 4)..<end]))
      {
        self = orientation
        return
      }
      place = end
    }
    self = .upright
  }

  private static let startOfScan: UInt8 = 0xDA
  private static let exifSegment: UInt8 = 0xE1
  private static let orientationTag = 274
  private static let shortType = 3

  /// Reads the first directory of a TIFF header after its mark (Exif 2.3 sections 4.5.2 and 4.6.2).
  private static func read(_ segment: UnsafeBufferPointer<UInt8>) -> ExifOrientation? {
    let mark = Array("Exif\0\0".utf8)
    guard segment.count > mark.count + 8, segment.starts(with: mark) else { return nil }
    let tiff = UnsafeBufferPointer(rebasing: segment[mark.count...])
    let isLittle = tiff[0] == UInt8(ascii: "I")
    func number(_ place: Int, _ count: Int) -> Int? {
      guard place >= 0, place + count <= tiff.count else { return nil }
      let digits = tiff[place..<(place + count)]
      return isLittle
        ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(4, 4), let count = number(directory, 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + index * 12
      guard let tag = number(entry, 2), let type = number(entry + 2, 2) else { return nil }
      guard tag == orientationTag, type == shortType else { continue }
      return number(entry + 8, 2).flatMap(ExifOrientation.init(rawValue:))
    }
    return nil
  }
}
