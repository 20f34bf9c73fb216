import NIOHTTP1
import OData
import Profiles

// MARK: Errors of photos

extension GraphError {
  /// There is no photo, or none that the caller may see, or none as small as was asked for.
  static let photoNotFound = GraphError(
    status: .notFound, code: .imageNotFound,
    message: "There is no photo, or it is not visible to you. List /photos for the sizes that there are.")

  /// An image that is longer than allowed (RFC 9110 section 15.5.14).
  static let photoTooLarge = GraphError(
    status: .payloadTooLarge, code: .requestEntityTooLarge,
    message: "An image for a photo has at most \(Limits.photoImageBytesMax) bytes. Send a smaller one.")

  /// A photo is set without bytes.
  static let photoMissing = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "The request has no body. Send the bytes of a JPEG or PNG file, and in a batch a string of them in base 64.")

  /// A size of a photo that is none.
  static let malformedPhotoSize = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "A size of a photo is written like 48x48. Photos are kept in "
      + "\(PhotoSize.sides.map(PhotoSize.name).joined(separator: ", ")); of another size the next smaller one is answered."
  )

  /// Why no photo was made of an image.
  init(_ refusal: PhotoRefusal) {
    switch refusal {
    case .notAnImage:
      self.init(
        status: .badRequest, code: .badRequest,
        message: "The body is no whole JPEG or PNG file. The bytes decide, not the Content-Type.")
    case .tooSmall:
      self.init(
        status: .badRequest, code: .badRequest,
        message: "An image for a photo has at least \(PhotoSize.sides[0]) pixels on each side. Send a larger one.")
    case .tooManyPixels:
      self.init(
        status: .badRequest, code: .badRequest,
        message: "An image for a photo has at most \(Limits.photoPixelsMax) pixels. Send a smaller one.")
    case .tooMuchWork:
      self.init(
        status: .badRequest, code: .badRequest,
        message: "Decoding the image takes more time or memory than allowed. Save it anew, or send a smaller one.")
    case .busy:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "Other images are worked on. Send this one again after the time in Retry-After.",
        headers: Self.retryLater)
    case .unavailable:
      self.init(
        status: .serviceUnavailable, code: .serviceNotAvailable,
        message: "No image can be decoded now. The operator finds the reason in the log.", headers: Self.retryLater)
    }
  }
}
