import OData

/// The times of a token: seconds since 1970, possibly with a fraction (NumericDate, RFC 7519 section 2).
struct TokenTimes {
  /// The second from which on the token is refused, clock skew included.
  let expires: Int64

  /// Checks `exp`, `nbf` and `iat` against `now`, in seconds since 1970 (RFC 7519 section 4.1). Throws `TokenRefusal`
  /// when the token is not valid at that time, or when a time is missing or no number.
  init(_ claims: JSONTree, now: Int64) throws(TokenRefusal) {
    guard let expiry = try Self.seconds("exp", of: claims) else { throw .missingClaim("exp") }
    let skew = Double(Limits.clockSkewSeconds)
    guard Double(now) < expiry + skew else { throw .expired }
    for name in ["nbf", "iat"] {
      guard let start = try Self.seconds(name, of: claims) else { continue }
      guard Double(now) + skew >= start else { throw .notYetValid }
    }
    expires = Int64(expiry.rounded(.down)) + Int64(Limits.clockSkewSeconds)
  }

  private static func seconds(_ name: String, of claims: JSONTree) throws(TokenRefusal) -> Double? {
    guard let claim = claims[name] else { return nil }
    guard case .number(let value) = claim, abs(value) <= Limits.claimSecondsMax else { throw .invalidClaim(name) }
    return value
  }
}
