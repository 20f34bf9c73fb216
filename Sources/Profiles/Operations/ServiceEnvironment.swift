public import OData

/// What the operations need from outside: time, new ids and decisions of organisations.
public struct ServiceEnvironment: Sendable {
  /// The time now.
  public let now: @Sendable () -> DateTimeOffset
  /// A new id that nobody has.
  public let makeID: @Sendable () -> ItemID
  /// The policy of a tenant.
  public let policy: @Sendable (TenantID) -> TenantPolicy

  /// An environment from its parts.
  public init(
    now: @escaping @Sendable () -> DateTimeOffset, makeID: @escaping @Sendable () -> ItemID,
    policy: @escaping @Sendable (TenantID) -> TenantPolicy
  ) {
    self.now = now
    self.makeID = makeID
    self.policy = policy
  }
}
