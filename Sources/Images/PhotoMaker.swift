import Profiles

/// Makes the sizes of a photo of an image, whose format its first bytes tell.
enum PhotoMaker {
  /// The photo in every size that is not larger than the image, smallest first: the square in the middle of it.
  static func sizes(of file: UnsafeBufferPointer<UInt8>) throws(ImageFault) -> [EncodedPhoto.Size] {
    let image: PixelImage
    var orientation = ExifOrientation.upright
    if file.starts(with: jpegSignature) {
      orientation = ExifOrientation(ofJPEG: file)
      image = try JPEGFile.decode(file)
    } else if file.starts(with: pngSignature) {
      image = try PNGFile.decode(file)
    } else {
      throw .notAnImage
    }
    let sides = PhotoSize.sides.filter { $0 <= min(image.width, image.height) }
    guard let largestSide = sides.last else { throw .tooSmall }
    let largest = try image.square(largestSide).turned(orientation)
    var sizes: [EncodedPhoto.Size] = []
    for side in sides {
      sizes.append(EncodedPhoto.Size(side: side, jpeg: try JPEGFile.encode(try largest.square(side))))
    }
    return sizes
  }

  private static let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]
  private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
}
