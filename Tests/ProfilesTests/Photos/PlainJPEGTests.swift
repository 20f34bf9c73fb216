import OData
import Testing

@testable import Profiles

@Suite("The form of the files that are kept")
struct PlainJPEGTests {
  private static let side = 48

  private static func isKept(_ bytes: [UInt8], side: Int = side) -> Bool { PlainJPEG.isSquare(bytes, side: side) }

  @Test("A plain square file of the size is kept, at every size")
  func plain() {
    for side in PhotoSize.sides {
      #expect(Self.isKept(SamplePhoto.jpeg(side), side: side))
      #expect(!Self.isKept(SamplePhoto.jpeg(side), side: side + 1))
    }
  }

  @Test("No prefix of a file is kept, and nothing that goes on behind its end")
  func cut() {
    let file = SamplePhoto.jpeg(Self.side)
    for length in file.indices { #expect(!Self.isKept(Array(file.prefix(length))), "\(length) bytes") }
    for rest: [UInt8] in [[0], [0xFF, 0xD9], Array("<script>".utf8), SamplePhoto.jpeg(Self.side)] {
      #expect(!Self.isKept(file + rest))
    }
  }

  @Test("Notes of cameras, profiles of colours, comments and other frames are not kept")
  func segments() {
    let file = SamplePhoto.jpeg(Self.side)
    let start = Array(file.prefix(2))
    let rest = Array(file.dropFirst(2))
    let refused: [UInt8] = Array(0xE1...0xEF) + [0xFE, 0xC1, 0xC2, 0xC3, 0xDC, 0xF7, 0x01, 0xD8]
    for marker in refused {
      let segment = SamplePhoto.segment(marker, Array("Exif\0\0 N 59.437".utf8))
      #expect(!Self.isKept(start + segment + rest), "\(marker)")
    }
    // A thumbnail in the first header, and a second frame of the right size.
    let thumbnail = SamplePhoto.segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0])
    #expect(!Self.isKept(start + thumbnail + rest))
    let frame = SamplePhoto.segment(0xC0, [8, 0, 48, 0, 48, 1, 1, 0x11, 0])
    #expect(!Self.isKept(start + frame + rest))
    #expect(Self.isKept(start + SamplePhoto.segment(0xDD, [0, 4]) + rest))
  }

  @Test("Other files are not kept")
  func others() {
    let files: [[UInt8]] = [
      [], [0xFF], [0xFF, 0xD8], Array("GIF89a".utf8), Array("<svg onload=alert(1)>".utf8),
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
    ]
    for file in files { #expect(!Self.isKept(file)) }
  }

  @Test("A photo has the named sizes from the smallest on, each within its bound")
  func sizes() {
    func photo(_ sides: [Int]) -> EncodedPhoto? {
      EncodedPhoto(sides.map { EncodedPhoto.Size(side: $0, jpeg: SamplePhoto.jpeg($0)) })
    }
    for count in 1...PhotoSize.sides.count { #expect(photo(Array(PhotoSize.sides.prefix(count))) != nil) }
    for sides in [[], [64], [48, 96], [64, 48], [48, 48], [48, 64, 97]] { #expect(photo(sides) == nil, "\(sides)") }
    func padded(to length: Int) -> EncodedPhoto? {
      var file = SamplePhoto.jpeg(48)
      file.insert(contentsOf: [UInt8](repeating: 1, count: length - file.count), at: file.count - 2)
      return EncodedPhoto([EncodedPhoto.Size(side: 48, jpeg: file)])
    }
    let lengthMax = 48 * 48 * Limits.photoBytesPerPixelMax
    #expect(padded(to: lengthMax) != nil && padded(to: lengthMax + 1) == nil)
  }
}
