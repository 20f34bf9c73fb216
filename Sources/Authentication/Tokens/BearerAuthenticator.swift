public import Profiles

/// What the header fields of a request say about who sent it.
public enum AuthenticationOutcome: Sendable {
  /// The request was sent by this caller.
  case caller(Caller)
  /// The request has no acceptable token.
  case refused(TokenRefusal)
  /// The issuer's keys must be fetched first: call `TokenVerifier.refreshKeys(of:)`, then
  /// `authenticateAfterRefresh(_:)`.
  case keysNeeded(IssuerName)
}

/// Authenticates requests by their bearer tokens (RFC 6750 section 2.1).
///
/// It remembers verified tokens, so that a token seen before costs one lookup. Each event loop owns one; it is not safe
/// to share.
public final class BearerAuthenticator {
  private let verifier: TokenVerifier
  private let verified = TokenCache()

  /// An authenticator that asks `verifier` about tokens it has not seen yet.
  public init(verifier: TokenVerifier) { self.verifier = verifier }

  /// Authenticates a request with this `Authorization` field value; nil means that the request has none.
  ///
  /// It neither waits nor does I/O. A caller that it finds is remembered: a second look at the same token, such as
  /// after a long body, verifies no second signature, unless keys have changed in between.
  public func authenticate(_ authorization: String?) -> AuthenticationOutcome {
    guard let authorization else { return .refused(.missing) }
    // Read before the token is verified: keys may change meanwhile.
    let generation = verifier.generation
    let now = verifier.now
    if let caller = verified.caller(of: authorization.utf8, now: now, generation: generation) { return .caller(caller) }
    return verify(authorization, now: now, generation: generation)
  }

  /// The same after the issuer's keys were fetched: the outcome is final, never `keysNeeded`.
  public func authenticateAfterRefresh(_ authorization: String?) -> Result<Caller, TokenRefusal> {
    switch authenticate(authorization) {
    case .caller(let caller): .success(caller)
    case .refused(let refusal): .failure(refusal)
    case .keysNeeded: .failure(.keysUnavailable)
    }
  }

  private func verify(_ authorization: String, now: Int64, generation: UInt64) -> AuthenticationOutcome {
    var authorization = authorization
    return authorization.withUTF8 { bytes in
      switch verifier.verify(authorization: bytes) {
      case .caller(let caller, let expires):
        verified.remember(bytes, caller: caller, expires: expires, now: now, generation: generation)
        return .caller(caller)
      case .refused(let refusal): return .refused(refusal)
      case .keysNeeded(let issuer): return .keysNeeded(issuer)
      }
    }
  }
}
