import Logging
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import Authentication
@testable import AuthenticationSupport
@testable import Authority
@testable import ProfileServer
@testable import Profiles

@Suite("Authentication on an event loop")
struct RequestAuthenticatorTests {
  @Test("A signature that was verified before a long body is not verified again after it")
  func longBody() async throws {
    let stub = try await StubBuiltInIssuer()
    let (own, clock) = (CountingIssuer(stub), TestClock())
    let verifier = TokenVerifier(
      own: own, issuers: [], clock: { clock.now }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let addresses = try #require(AuthorityAddresses(publicURL: nil))
    let token = try stub.forge.es256(CountingIssuer.claims, keyID: "own")
    let headers: HTTPHeaders = ["Authorization": "Bearer \(token)"]
    try Self.check(
      headers, RequestAuthenticator(verifier: verifier, addresses: addresses, eventLoop: EmbeddedEventLoop()))
    #expect(own.lookupCount == 1)
  }

  /// Looks at a header section, then at the whole request. Stays on one thread.
  private static func check(_ headers: HTTPHeaders, _ authenticator: RequestAuthenticator) throws {
    #expect(authenticator.refusalAtOnce(headers) == nil)
    let request = GraphRequest(
      method: .PATCH, target: "/beta/me", headers: RequestFields(headers), body: nil, origin: "http://localhost")
    var result: Result<Caller, GraphError>?
    authenticator.authenticate(request) { result = $0 }
    #expect(try #require(result).get().userID?.text == "o")
    #expect(authenticator.refusalAtOnce([:])?.status == .unauthorized)
  }
}
