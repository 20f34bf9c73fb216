import OData

/// The ids by which a request is found in logs and in reports of clients.
struct RequestIdentity: Sendable {
  /// A new GUID.
  let requestID: String
  /// The `client-request-id` that the client sent, or else `requestID`.
  let clientRequestID: String
}

/// Generates request ids, which are unique but not secret. Owned by one event loop.
struct RequestIDGenerator {
  private var state: UInt64 = .random(in: .min ... .max)

  /// A new identity. The client's id is echoed when it is short and printable.
  mutating func identity(clientRequestID: String?) -> RequestIdentity {
    let requestID = nextGUID()
    guard let sent = clientRequestID, (1...Limits.clientRequestIDBytesMax).contains(sent.utf8.count),
      sent.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    else { return RequestIdentity(requestID: requestID, clientRequestID: requestID) }
    return RequestIdentity(requestID: requestID, clientRequestID: sent)
  }

  /// A version 4 UUID (RFC 9562 section 5.4) without a system call.
  private mutating func nextGUID() -> String {
    let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
    let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return GUID.text(high: high, low: low)
  }

  /// The next number of the SplitMix64 generator.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
