import Authentication
import Authority
import HTTPTypes
import Hummingbird
import OData

/// The routes of the built-in authority: discovery, keys, tokens and managed identities. `TokenAuthority` decides,
/// these speak HTTP.
struct AuthorityRoutes: Sendable {
  let authority: TokenAuthority
  /// Decides which programs count as programs of this machine, whose identity needs no secret.
  var machines = DemoGuard(publicURL: nil, takesAnyHost: false)

  /// Adds the routes of all endpoints.
  func add(to router: Router<BasicRequestContext>) {
    for endpoint in AuthorityEndpoint.allCases {
      router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
        let tenant = context.parameters.get("tenant") ?? ""
        return await answer(endpoint, request, tenant: tenant)
          .response(allowing: allowedOrigin(of: endpoint, request.headers))
      }
    }
  }

  private func answer(
    _ endpoint: AuthorityEndpoint, _ request: Request, tenant: String
  ) async -> AuthorityAnswer {
    let query = request.uri.query ?? ""
    switch endpoint {
    case .configuration: return configuration(tenant: tenant)
    case .keys: return await keys(tenant: tenant)
    case .instances: return instances(query: query)
    case .token: return await token(request, tenant: tenant)
    case .appServiceIdentity:
      return await managedIdentityToken(query: query, header: request.headers[.identityHeader])
    case .machineIdentity:
      if authority.isDemo, let refusal = machines.refusalOfMachineIdentity(request) {
        return Self.machineRefusal(.stranger(refusal.message))
      }
      return await machineIdentityToken(
        query: query, metadata: request.headers[.metadata], isForwarded: DemoGuard.isForwarded(request.headers))
    }
  }

  // MARK: What no route answers

  /// The answer to a request that is meant for an authority but matches no route; nil when it is meant for something
  /// else.
  func refusal(_ request: Request) -> Response? {
    let path = request.uri.path
    let endpoint = AuthorityEndpoint(path: path)
    guard endpoint != nil || AuthorityEndpoint.isMeant(path) else { return nil }
    let reason = endpoint.map { AuthorityRefusal.wrongMethod(allowed: $0.allowedMethods) } ?? .noSuchEndpoint
    return refusal(reason, correlationID: request.headers[.clientRequestID])
      .response(allowing: endpoint.map { allowedOrigin(of: $0, request.headers) } ?? .noOrigin)
  }

  /// The answer to a preflight request for the authority (Fetch standard, CORS protocol); nil when it is meant for
  /// something else. Without fields that allow something, the browser does not send the request.
  func preflight(_ request: Request) -> Response? {
    let path = request.uri.path
    let endpoint = AuthorityEndpoint(path: path)
    guard endpoint != nil || AuthorityEndpoint.isMeant(path) else { return nil }
    var response = Response(status: .noContent, headers: [.vary: "Origin"])
    guard let endpoint, let origin = allowedOrigin(of: endpoint, request.headers).fieldValue else { return response }
    response.headers[.accessControlAllowOrigin] = origin
    response.headers[.accessControlAllowMethods] = endpoint.allowedMethods
    response.headers[.accessControlAllowHeaders] = CORS.allowedHeaders(for: request.askedHeaders)
    return response
  }

  /// The answer to a refused request. `correlationID` is the client's id of the request, which is echoed if it is short
  /// and plain.
  func refusal(_ refusal: AuthorityRefusal, correlationID: String?) -> AuthorityAnswer {
    refusal.answer(correlationID: correlationID.flatMap(Self.echoable), by: authority)
  }

  /// A client's id of a request, if it is short and plain enough to be echoed.
  private static func echoable(_ id: String) -> String? {
    let isPlain = id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    return isPlain && (1...Limits.clientRequestIDBytesMax).contains(id.utf8.count) ? id : nil
  }

  // MARK: CORS

  private func allowedOrigin(of endpoint: AuthorityEndpoint, _ headers: HTTPFields) -> AllowedOrigin {
    switch endpoint.originPolicy {
    case .anyOrigin: .anyOrigin
    case .noOrigin: .noOrigin
    case .registeredOrigins: isRegistered(headers[.origin]) ? .origin(headers[.origin] ?? "") : .noOrigin
    }
  }

  /// Applications cannot register origins yet. A demo serves this machine, so it accepts pages that are served from it.
  private func isRegistered(_ origin: String?) -> Bool {
    guard authority.isDemo, let origin, let parsed = URLOrigin(prefixOf: origin) else { return false }
    return parsed.isLoopback && BytewiseString(parsed.text) == BytewiseString(origin.lowercased())
  }
}

extension Request {
  /// The header fields that a preflight request asks for.
  var askedHeaders: [String] {
    HTTPField.Name("Access-Control-Request-Headers").map { headers[values: $0] } ?? []
  }
}

extension HTTPField.Name {
  fileprivate static let identityHeader = knownName("X-IDENTITY-HEADER")
  fileprivate static let metadata = knownName("Metadata")

  /// A constant name. If it were no valid field name, the field would simply never be found.
  private static func knownName(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .expect }
}
