/// Makes photos of the images that clients send, which may be hostile.
public protocol PhotoEncoder: Sendable {
  /// Decodes an image and encodes it anew in every size that is not larger. `caller` sent it: work is shared out among
  /// callers. Calls `then` exactly once, on any thread, and never works on the calling one.
  func encode(
    _ image: [UInt8], for caller: Caller, _ then: @escaping @Sendable (Result<EncodedPhoto, PhotoRefusal>) -> Void)
}

/// Why no photo was made of an image. Nothing was changed.
public enum PhotoRefusal: Error, Equatable, Sendable {
  /// The bytes are neither a JPEG nor a PNG file, or a damaged one.
  case notAnImage
  /// A side has fewer pixels than the smallest size.
  case tooSmall
  /// The image has more pixels than `Limits.photoPixelsMax`.
  case tooManyPixels
  /// Decoding took more time or memory than an image may take.
  case tooMuchWork
  /// Too many images wait already.
  case busy
  /// This server makes no photos at the moment. The sentence is for the log.
  case unavailable(String)
}

/// Stands in where no images can be decoded: every one is refused.
public struct NoPhotoEncoder: PhotoEncoder {
  /// An encoder that refuses.
  public init() {}

  /// Refuses the image as `unavailable`.
  public func encode(
    _ image: [UInt8], for caller: Caller, _ then: @escaping @Sendable (Result<EncodedPhoto, PhotoRefusal>) -> Void
  ) {
    then(.failure(.unavailable("This process decodes no images.")))
  }
}
