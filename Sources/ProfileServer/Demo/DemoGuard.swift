import Authentication
import HTTPTypes
public import Hummingbird

/// Keeps pages that are open in a browser on this machine away from the demo's routes, which ask for no token.
///
/// A page of another site is known by its origin. One whose name was pointed at this machine after it was loaded (DNS
/// rebinding) has the right origin, and is known by the name that its browser asks for.
public struct DemoGuard: RouterMiddleware {
  /// What every route of this server has.
  public typealias Context = BasicRequestContext

  private let publicHost: String?
  private let takesAnyHost: Bool

  /// `publicURL` is that of `--public-url`; `takesAnyHost` when the operator said that others than this machine may use the
  /// demo.
  public init(publicURL: String?, takesAnyHost: Bool) {
    publicHost = publicURL.flatMap { URLOrigin(prefixOf: $0)?.host }
    self.takesAnyHost = takesAnyHost
  }

  /// Lets a request pass, or answers in Graph's form why not.
  public func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response {
    if let refusal = refusal(request) { return ErrorAnswer.response(refusal, request) }
    return try await next(request, context)
  }

  /// Why a request may not use the demo's routes, or nil when it may.
  func refusal(_ request: Request) -> GraphError? {
    guard isOwn(request.head.authority) else { return .demoUnderAnotherName }
    return Self.isFromAnotherSite(request.headers) ? .resetFromAnotherSite : nil
  }

  /// Why a request may not have the token of this machine's identity, for which programs here need no secret; nil when it
  /// may. Behind a public URL something stands in front of this server that could speak for programs elsewhere.
  func refusalOfMachineIdentity(_ request: Request) -> GraphError? {
    guard takesAnyHost || publicHost.map(HostAndPort.isLoopback) ?? true else { return .demoUnderAnotherName }
    return refusal(request)
  }

  /// Whether something between the client and this server says that it has forwarded the request.
  static func isForwarded(_ headers: HTTPFields) -> Bool {
    headers.contains { field in
      let name = field.name.canonicalName
      return forwardingFields.contains(name) || name.hasPrefix("x-forwarded-")
    }
  }

  private static let forwardingFields: Set<String> = ["forwarded", "via", "x-real-ip"]

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
