public import OData

/// The idempotency key of a creation, so that sending it again does not create again (the header `Idempotency-Key`). It
/// holds no values: what a client sent is kept as digests.
public struct IdempotencyReceipt: Equatable, Sendable {
  /// A digest of the key, of who sent it, and of the resource.
  public let key: [UInt8]
  /// A digest of the body.
  public let body: [UInt8]
  /// The time of the request.
  public let time: DateTimeOffset

  /// A receipt from digests and the time of the request.
  public init(key: [UInt8], body: [UInt8], time: DateTimeOffset) {
    self.key = key
    self.body = body
    self.time = time
  }

  /// The time at which a store forgets it.
  public var expires: DateTimeOffset {
    DateTimeOffset(unixSeconds: time.unixSeconds + Int64(Limits.receiptSeconds))
  }
}

/// The outcome of a creation under an idempotency receipt.
public enum IdempotentOutcome<Outcome: Sendable>: Sendable {
  /// The creation was applied.
  case done(Outcome)
  /// The receipt was known: an earlier request created the entity with this id.
  case repeated(String)
}
