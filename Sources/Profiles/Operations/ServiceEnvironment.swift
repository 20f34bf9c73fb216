public import OData

/// What the operations need from outside: time and new ids.
public struct ServiceEnvironment: Sendable {
  /// The time now.
  public let now: @Sendable () -> DateTimeOffset
  /// A new id that nobody has.
  public let makeID: @Sendable () -> ItemID

  /// An environment from its parts.
  public init(now: @escaping @Sendable () -> DateTimeOffset, makeID: @escaping @Sendable () -> ItemID) {
    self.now = now
    self.makeID = makeID
  }
}
