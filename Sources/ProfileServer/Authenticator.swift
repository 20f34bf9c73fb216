import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Finds out who sent a request. Owned by one event loop; a token that was seen before costs a look-up.
final class Authenticator {
  private let verifier: TokenVerifier
  /// Where this server is found.
  let addresses: AuthorityAddresses
  private let eventLoop: any EventLoop
  private let remembered = TokenCache()

  init(verifier: TokenVerifier, addresses: AuthorityAddresses, eventLoop: any EventLoop) {
    self.verifier = verifier
    self.addresses = addresses
    self.eventLoop = eventLoop
  }

  /// The caller, at once or, when an issuer's keys must be fetched first, later on the same event loop.
  func authenticate(_ request: GraphRequest, _ then: @escaping (Result<Caller, GraphError>) -> Void) {
    guard let authorization = request.headers.first(name: "Authorization") else {
      return then(.failure(refusal(.missing)))
    }
    // Read before the token is verified: keys may change while it is.
    let generation = verifier.generation
    let now = SystemClock.now().unixSeconds
    if let caller = remembered.caller(of: authorization.utf8, now: now, generation: generation) {
      return then(.success(caller))
    }
    switch verifier.verify(authorization: authorization) {
    case .keysNeeded(let issuer):
      refreshKeys(of: issuer) { [self] in
        let generation = verifier.generation
        conclude(verifier.verify(authorization: authorization), authorization, generation, request, then)
      }
    case let verdict: conclude(verdict, authorization, generation, request, then)
    }
  }

  /// The refusal of a token that needs no keys to be fetched, or nil.
  func refusalAtOnce(_ headers: HTTPHeaders) -> GraphError? {
    let authorization = headers.first(name: "Authorization")
    let now = SystemClock.now().unixSeconds
    if let authorization,
      remembered.caller(of: authorization.utf8, now: now, generation: verifier.generation) != nil
    {
      return nil
    }
    guard case .refused(let reason) = verifier.verify(authorization: authorization) else { return nil }
    return refusal(reason)
  }

  private func conclude(
    _ verdict: TokenVerdict, _ authorization: String, _ generation: UInt64, _ request: GraphRequest,
    _ then: (Result<Caller, GraphError>) -> Void
  ) {
    switch verdict {
    case .caller(let caller, let expires):
      var authorization = authorization
      authorization.withUTF8 {
        remembered.remember(
          $0, caller: caller, expires: expires, now: SystemClock.now().unixSeconds, generation: generation)
      }
      then(.success(caller))
    case .refused(let reason): then(.failure(refusal(reason)))
    case .keysNeeded: then(.failure(refusal(.keysUnavailable)))
    }
  }

  private func refreshKeys(of issuer: IssuerName, _ then: @escaping () -> Void) {
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in then() }
    promise.completeWithTask { [verifier] in await verifier.refreshKeys(of: issuer) }
  }

  /// 401 with the challenge that Graph's clients read (RFC 6750 section 3).
  func refusal(_ reason: TokenRefusal) -> GraphError {
    GraphError(
      status: .unauthorized, code: .invalidAuthenticationToken, message: reason.message,
      headers: [.authenticate: addresses.challenge])
  }
}
