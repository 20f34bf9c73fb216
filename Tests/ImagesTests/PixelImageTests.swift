import OData
import Profiles
import Testing

@testable import Images

/// Images on their way to a photo. What hostile files do is tested on the process that reads them.
@Suite("Images")
struct PixelImageTests {
  /// An image of these colours, row by row.
  private static func image(_ rows: [[[UInt8]]]) throws -> PixelImage {
    let image = try PixelImage(width: rows[0].count, height: rows.count)
    for (line, row) in rows.enumerated() {
      for (place, byte) in row.joined().enumerated() { image.row(line)[place] = byte }
    }
    return image
  }

  /// The red bytes, row by row.
  private static func reds(_ image: PixelImage) -> [[UInt8]] {
    (0..<image.height).map { line in (0..<image.width).map { image.row(line)[$0 * 3] } }
  }

  private static func gray(_ rows: [[UInt8]]) throws -> PixelImage {
    try image(rows.map { row in row.map { [$0, $0, $0] } })
  }

  @Test("The square in the middle is kept")
  func middle() throws {
    let wide = try Self.gray([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
    #expect(Self.reds(try wide.square(2)) == [[3, 4], [9, 10]])
    let tall = try Self.gray([[1], [2], [3], [4], [5]])
    #expect(Self.reds(try tall.square(1)) == [[3]])
  }

  @Test("A pixel is the mean of the area that it covers, also where it covers parts")
  func mean() throws {
    let even = try Self.gray([[0, 100, 10, 20], [200, 100, 30, 40], [8, 8, 0, 0], [8, 8, 255, 255]])
    #expect(Self.reds(try even.square(2)) == [[100, 25], [8, 128]])
    let odd = try Self.gray([[0, 90, 255], [0, 90, 255], [0, 90, 255]])
    // Two thirds of one column and one third of the next.
    #expect(Self.reds(try odd.square(2)) == [[30, 200], [30, 200]])
    for edge in [48, 49, 95, 97, 143, 700] {
      let flat = try Self.gray([[UInt8]](repeating: [UInt8](repeating: 77, count: edge), count: edge))
      #expect(Set(Self.reds(try flat.square(48)).joined()) == [77], "\(edge)")
    }
  }

  @Test("An image stands as the camera was held")
  func orientation() throws {
    let image = try Self.gray([[1, 2], [3, 4]])
    let wanted: [ExifOrientation: [[UInt8]]] = [
      .upright: [[1, 2], [3, 4]], .mirrored: [[2, 1], [4, 3]], .turnedAround: [[4, 3], [2, 1]],
      .upsideDown: [[3, 4], [1, 2]], .transposed: [[1, 3], [2, 4]], .turnedRight: [[3, 1], [4, 2]],
      .transversed: [[4, 2], [3, 1]], .turnedLeft: [[2, 4], [1, 3]],
    ]
    for (orientation, rows) in wanted { #expect(Self.reds(try image.turned(orientation)) == rows, "\(orientation)") }
  }

  @Test("The orientation is read from a camera's notes in either byte order, and from nothing else")
  func exif() {
    func file(_ tiff: [UInt8]) -> [UInt8] {
      let content = Array("Exif\0\0".utf8) + tiff
      return [0xFF, 0xD8, 0xFF, 0xE1, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
        + [0xFF, 0xDA, 0, 2]
    }
    func orientation(_ bytes: [UInt8]) -> ExifOrientation {
      bytes.withUnsafeBufferPointer { ExifOrientation(ofJPEG: $0) }
    }
    let big: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
    let little: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 18, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0]
    #expect(orientation(file(big)) == .turnedRight && orientation(file(little)) == .turnedLeft)
    for length in 0..<file(big).count {
      #expect(orientation(Array(file(big).prefix(length))) != .turnedLeft, "no prefix may be read beyond its end")
    }
    for value: UInt8 in [0, 9, 255] {
      var other = big
      other[19] = value
      #expect(orientation(file(other)) == .upright)
    }
    // A directory far outside, and one with more entries than there are.
    #expect(orientation(file([0x4D, 0x4D, 0, 42, 255, 255, 255, 255] + big.dropFirst(8))) == .upright)
    #expect(
      orientation(file([0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 255, 255] + [UInt8](repeating: 0, count: 12))) == .upright)
  }

  @Test("What is encoded is a plain file within its bound, and decodes to the same picture")
  func files() throws {
    for side in PhotoSize.sides {
      let image = try PixelImage(width: side, height: side)
      for place in 0..<(side * side * 3) { image.bytes[place] = UInt8(place / 3 % side * 255 / side) }
      let file = try JPEGFile.encode(image)
      #expect(file.count <= side * side * Limits.photoBytesPerPixelMax)
      let decoded = try file.withUnsafeBufferPointer { try JPEGFile.decode($0) }
      #expect(decoded.width == side && decoded.height == side)
      let difference = (0..<(side * side * 3)).map { abs(Int(decoded.bytes[$0]) - Int(image.bytes[$0])) }.max() ?? 255
      #expect(difference < 24, "\(side): \(difference)")
    }
  }

  @Test("Noise is encoded at a lower quality until it fits")
  func noise() throws {
    let image = try PixelImage(width: 648, height: 648)
    var state: UInt64 = 1
    for place in 0..<(648 * 648 * 3) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      image.bytes[place] = state >> 63 == 0 ? 0 : 255
    }
    #expect(try JPEGFile.encode(image).count <= 648 * 648 * Limits.photoBytesPerPixelMax)
  }

  @Test("A photo has every size that is not larger than the image")
  func sizes() throws {
    for (width, height, count) in [
      (48, 48, 1), (63, 500, 1), (64, 64, 2), (647, 2_000, 8), (648, 648, 9), (2_000, 1_500, 9),
    ] {
      let file = try JPEGFile.encode(try Self.flat(width, height))
      let sizes = try file.withUnsafeBufferPointer { try PhotoMaker.sizes(of: $0) }
      #expect(sizes.map(\.side) == Array(PhotoSize.sides.prefix(count)), "\(width)x\(height)")
      #expect(EncodedPhoto(sizes) != nil)
    }
  }

  private static func flat(_ width: Int, _ height: Int) throws -> PixelImage {
    let image = try PixelImage(width: width, height: height)
    for place in 0..<(width * height * 3) { image.bytes[place] = 128 }
    return image
  }
}
