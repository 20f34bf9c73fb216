import OData
import Synchronization

@testable import Profiles

/// Photos without images: files that have the form of a plain JPEG, and nothing in them.
enum SamplePhoto {
  /// A file of the form that is kept, of a square with this side.
  static func jpeg(_ side: Int, mark: UInt8 = 0x11) -> [UInt8] {
    let frame: [UInt8] = [8, UInt8(side >> 8), UInt8(side & 255), UInt8(side >> 8), UInt8(side & 255), 1, 1, 0x11, 0]
    return [0xFF, 0xD8] + segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0])
      + segment(0xDB, [UInt8](repeating: 1, count: 65)) + segment(0xC0, frame)
      + segment(0xC4, [UInt8](repeating: 0, count: 17)) + segment(0xDA, [1, 1, 0, 0, 63, 0])
      + [mark, 0xFF, 0x00, mark, 0xFF, 0xD0, mark, 0xFF, 0xD9]
  }

  /// A segment with its marker and length.
  static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
    [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
  }

  /// A photo in the first sizes.
  static func photo(sizes: Int = 3, mark: UInt8 = 0x11) -> EncodedPhoto {
    let files = PhotoSize.sides.prefix(sizes).map { EncodedPhoto.Size(side: $0, jpeg: jpeg($0, mark: mark)) }
    return People.known(EncodedPhoto(files))
  }
}

/// Answers at once, and counts what it was asked.
final class SamplePhotoEncoder: PhotoEncoder {
  private let state = Mutex((answer: Result<EncodedPhoto, PhotoRefusal>.success(SamplePhoto.photo()), count: 0))

  /// What every image becomes.
  var answer: Result<EncodedPhoto, PhotoRefusal> {
    get { state.withLock { $0.answer } }
    set { state.withLock { $0.answer = newValue } }
  }

  /// How many images were sent here.
  var count: Int { state.withLock { $0.count } }

  func encode(
    _ image: [UInt8], for caller: Caller, _ then: @escaping @Sendable (Result<EncodedPhoto, PhotoRefusal>) -> Void
  ) {
    state.withLock { $0.count += 1 }
    then(answer)
  }
}
