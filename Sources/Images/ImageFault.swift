import OData
import Profiles

/// Why no photo was made of an image, as the status with which the process of the image ends.
enum ImageFault: Int32, Error {
  case notAnImage = 65
  case tooSmall = 66
  case tooManyPixels = 67
  case outOfMemory = 68

  /// The refusal that a client is answered.
  var refusal: PhotoRefusal {
    switch self {
    case .notAnImage: .notAnImage
    case .tooSmall: .tooSmall
    case .tooManyPixels: .tooManyPixels
    case .outOfMemory: .tooMuchWork
    }
  }

  /// Throws unless an image of this size may be decoded: `tooSmall` or `tooManyPixels`.
  static func check(width: Int, height: Int) throws(ImageFault) {
    guard min(width, height) >= PhotoSize.sides[0] else { throw .tooSmall }
    guard width <= Limits.photoPixelsMax / height else { throw .tooManyPixels }
  }
}
