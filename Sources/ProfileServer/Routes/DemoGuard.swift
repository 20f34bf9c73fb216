import HTTPTypes
import Hummingbird

/// Keeps pages that are open in a browser on this machine away from the demo's routes, which ask for no token.
///
/// A page of another site is known by its origin. One whose name was pointed at this machine after it was loaded (DNS
/// rebinding) has the right origin, and is known by the name that its browser asks for.
struct DemoGuard: RouterMiddleware {
  typealias Context = BasicRequestContext

  private let publicHost: String?
  private let takesAnyHost: Bool

  /// `publicURL` is that of `--public-url`.
  init(publicURL: String?, demo: DemoSettings) {
    publicHost = publicURL.flatMap { URLOrigin(prefixOf: $0)?.host }
    takesAnyHost = demo.isReachedFromAnywhere
  }

  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    guard isOwn(request.head.authority) else { return ErrorAnswer.response(.demoUnderAnotherName, request) }
    guard !Self.isFromAnotherSite(request.headers) else {
      return ErrorAnswer.response(.resetFromAnotherSite, request)
    }
    return try await next(request, context)
  }

  /// Whether `Host` names this machine, or the public URL's.
  func isOwn(_ host: String?) -> Bool {
    guard !takesAnyHost else { return true }
    guard let host = host.flatMap({ HostAndPort($0)?.host }) else { return false }
    return HostAndPort.isLoopback(host) || host == publicHost
  }

  /// A page of some other site that is open in the same browser must not be able to erase anything.
  private static func isFromAnotherSite(_ headers: HTTPFields) -> Bool {
    if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ headers[$0] }) {
      return site != "same-origin" && site != "none"
    }
    return headers[.origin] != nil
  }
}
