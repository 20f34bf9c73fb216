public import OData

/// What the operations need from outside: time, new ids and new versions.
public struct ServiceEnvironment: Sendable {
  /// The time now.
  public let now: @Sendable () -> DateTimeOffset
  /// A new id that nobody has.
  public let makeID: @Sendable () -> ItemID
  /// A version that nothing had before.
  public let makeVersion: @Sendable () -> Version

  /// An environment from its parts.
  public init(
    now: @escaping @Sendable () -> DateTimeOffset, makeID: @escaping @Sendable () -> ItemID,
    makeVersion: @escaping @Sendable () -> Version = { .random() }
  ) {
    self.now = now
    self.makeID = makeID
    self.makeVersion = makeVersion
  }
}
