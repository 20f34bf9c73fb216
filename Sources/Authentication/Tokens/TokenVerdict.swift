public import Profiles

/// The result of verifying a bearer token.
public enum TokenVerdict: Sendable {
  /// The token is valid until `expires`, in seconds since 1970.
  case caller(Caller, expires: Int64)
  /// The token is not accepted.
  case refused(TokenRefusal)
  /// The issuer's keys must be fetched first: call `refreshKeys(of:)` and verify again. The second verdict is final.
  case keysNeeded(IssuerName)
}
