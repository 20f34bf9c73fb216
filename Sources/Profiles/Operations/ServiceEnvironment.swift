public import OData

/// What operations need from outside, so that they are pure and tests are repeatable: the clock, new ids and new
/// versions, and what makes photos of images.
public struct ServiceEnvironment: Sendable {
  /// The current time.
  public let now: @Sendable () -> DateTimeOffset
  /// Makes an id that nothing has.
  public let makeID: @Sendable () -> ItemID
  /// Makes a version that nothing has had before.
  public let makeVersion: @Sendable () -> Version
  /// Makes photos of the images that clients send.
  public let photoEncoder: any PhotoEncoder

  /// An environment from its parts.
  public init(
    now: @escaping @Sendable () -> DateTimeOffset, makeID: @escaping @Sendable () -> ItemID,
    makeVersion: @escaping @Sendable () -> Version = { .random() }, photoEncoder: any PhotoEncoder = NoPhotoEncoder()
  ) {
    self.now = now
    self.makeID = makeID
    self.makeVersion = makeVersion
    self.photoEncoder = photoEncoder
  }
}
