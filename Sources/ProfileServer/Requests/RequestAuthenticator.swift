import Authentication
import Authority
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// Authenticates requests on one event loop, which owns it. A token that was seen before costs one lookup.
final class RequestAuthenticator {
  private let verifier: TokenVerifier
  private let bearer: BearerAuthenticator
  /// The addresses of this server's authority.
  let addresses: AuthorityAddresses
  private let eventLoop: any EventLoop

  init(verifier: TokenVerifier, addresses: AuthorityAddresses, eventLoop: any EventLoop) {
    self.verifier = verifier
    bearer = BearerAuthenticator(verifier: verifier)
    self.addresses = addresses
    self.eventLoop = eventLoop
  }

  /// The caller, at once or, when an issuer's keys must be fetched first, later on the same event loop.
  func authenticate(_ request: GraphRequest, _ then: @escaping (Result<Caller, GraphError>) -> Void) {
    let authorization = request.headers.first(name: "Authorization")
    switch bearer.authenticate(authorization) {
    case .caller(let caller): then(.success(caller))
    case .refused(let reason): then(.failure(refusal(reason)))
    case .keysNeeded(let issuer):
      refreshKeys(of: issuer) { [self] in
        then(bearer.authenticateAfterRefresh(authorization).mapError(refusal))
      }
    }
  }

  /// The refusal of a request with these header fields; nil when its token is valid, or cannot be verified before keys
  /// are fetched.
  ///
  /// A valid token is remembered, so that `authenticate` need not verify its signature again after the body.
  func refusalAtOnce(_ headers: HTTPHeaders) -> GraphError? {
    switch bearer.authenticate(headers.first(name: "Authorization")) {
    case .caller, .keysNeeded: nil
    case .refused(let reason): refusal(reason)
    }
  }

  private func refreshKeys(of issuer: IssuerName, _ then: @escaping () -> Void) {
    let promise = eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in then() }
    promise.completeWithTask { [verifier] in await verifier.refreshKeys(of: issuer) }
  }

  /// 401 with the challenge that Graph's clients parse (RFC 6750 section 3).
  func refusal(_ reason: TokenRefusal) -> GraphError {
    GraphError(
      status: .unauthorized, code: .invalidAuthenticationToken, message: reason.message,
      headers: [.authenticate: addresses.challenge])
  }
}
