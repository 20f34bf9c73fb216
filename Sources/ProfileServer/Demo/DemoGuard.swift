import Authentication
import HTTPTypes
public import Hummingbird

/// Protects the demo's routes, which need no token, from pages of other sites in a browser on this machine.
///
/// A page of another site is recognized by its origin (`Sec-Fetch-Site` or `Origin`). A page whose name was pointed at
/// this machine after it was loaded (DNS rebinding) has the same origin and is recognized by its `Host`.
public struct DemoGuard: RouterMiddleware {
  /// The context of every route of this server.
  public typealias Context = BasicRequestContext

  private let publicHost: String?
  private let takesAnyHost: Bool

  /// A guard that also accepts the host of `publicURL` (`--public-url`), or every host when `takesAnyHost` is true
  /// (`--demo-anywhere`).
  public init(publicURL: String?, takesAnyHost: Bool) {
    publicHost = publicURL.flatMap { URLOrigin(prefixOf: $0)?.host }
    self.takesAnyHost = takesAnyHost
  }

  /// Lets a request pass, or responds with Graph's error envelope. Throws what the next responder throws.
  public func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    if let refusal = refusal(request) { return refusal.response(to: request) }
    return try await next(request, context)
  }

  /// Why a request may not use the demo's routes, or nil when it may.
  func refusal(_ request: Request) -> GraphError? {
    guard isOwn(request.head.authority) else { return .demoUnderAnotherName }
    return Self.isFromAnotherSite(request.headers) ? .resetFromAnotherSite : nil
  }

  /// Why a request may not get a token of the machine's managed identity, for which local programs need no secret; nil
  /// when it may. Behind a public URL, a reverse proxy could pass on requests of other machines.
  func refusalOfMachineIdentity(_ request: Request) -> GraphError? {
    guard takesAnyHost || publicHost.map(HostAndPort.isLoopback) ?? true else { return .demoUnderAnotherName }
    return refusal(request)
  }

  /// Whether a header field shows that an intermediary forwarded the request (RFC 7239, RFC 9110 section 7.6.3).
  static func isForwarded(_ headers: HTTPFields) -> Bool {
    headers.contains { field in
      let name = field.name.canonicalName
      return forwardingFields.contains(name) || name.hasPrefix("x-forwarded-")
    }
  }

  private static let forwardingFields: Set<String> = ["forwarded", "via", "x-real-ip"]

  /// Whether `Host` names this machine or the host of the public URL.
  func isOwn(_ host: String?) -> Bool {
    guard !takesAnyHost else { return true }
    guard let host = host.flatMap({ HostAndPort($0)?.host }) else { return false }
    return HostAndPort.isLoopback(host) || host == publicHost
  }

  /// Whether a page of another site in the same browser sent the request (Fetch Metadata Request Headers).
  private static func isFromAnotherSite(_ headers: HTTPFields) -> Bool {
    if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ headers[$0] }) {
      return site != "same-origin" && site != "none"
    }
    return headers[.origin] != nil
  }
}
