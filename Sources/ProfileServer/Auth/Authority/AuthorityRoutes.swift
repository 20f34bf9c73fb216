import HTTPTypes
public import Hummingbird
import NIOCore
import OData

extension Authority {
  /// Adds the authority's routes: discovery, keys, tokens and the managed identity. `machines` decides who may be a program of
  /// a machine whose identity is managed: it needs to know no secret.
  public func addRoutes(
    to router: Router<BasicRequestContext>, machines: DemoGuard = DemoGuard(publicURL: nil, takesAnyHost: false)
  ) {
    for endpoint in AuthorityEndpoint.allCases {
      router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
        let tenant = context.parameters.get("tenant") ?? ""
        return await answer(endpoint, request, tenant: tenant, machines: machines)
          .response(readers: readers(of: endpoint, request.headers))
      }
    }
  }

  private func answer(
    _ endpoint: AuthorityEndpoint, _ request: Request, tenant: String, machines: DemoGuard
  ) async -> AuthorityAnswer {
    let query = request.uri.query ?? ""
    switch endpoint {
    case .configuration: return configuration(tenant: tenant)
    case .keys: return await keys(tenant: tenant)
    case .instances: return instances(query: query)
    case .token: return await tokenAnswer(request, tenant: tenant)
    case .appServiceIdentity:
      return await managedIdentityToken(query: query, header: request.headers[.identityHeader])
    case .machineIdentity:
      if isDemo, let refusal = machines.refusalOfMachineIdentity(request) {
        return Self.refusal(.stranger(refusal.message))
      }
      return await machineIdentityToken(
        query: query, metadata: request.headers[.metadata], isForwarded: DemoGuard.isForwarded(request.headers))
    }
  }

  private func tokenAnswer(_ request: Request, tenant: String) async -> AuthorityAnswer {
    let correlationID = request.headers[.clientRequestID]
    guard let body = try? await request.body.collect(upTo: Limits.formBytesMax) else {
      return answer(.notAForm, correlationID: correlationID.flatMap(Self.echoable))
    }
    return await token(
      TokenRequest(
        tenant: tenant, contentType: request.headers[.contentType], authorization: request.headers[.authorization],
        correlationID: correlationID, body: Array(body.readableBytesView)))
  }

  // MARK: What no route answers

  /// The refusal of a request that is meant for an authority and finds no route, or nil when it is meant for something else.
  func refusal(_ request: Request) -> Response? {
    let path = request.uri.path
    let endpoint = AuthorityEndpoint(path: path)
    guard endpoint != nil || AuthorityEndpoint.isMeant(path) else { return nil }
    let reason = endpoint.map { AuthorityRefusal.wrongMethod(allowed: $0.allowedMethods) } ?? .noSuchEndpoint
    return answer(reason, correlationID: request.headers[.clientRequestID].flatMap(Self.echoable))
      .response(readers: endpoint.map { readers(of: $0, request.headers) } ?? .nobody)
  }

  /// The answer to a preflight for the authority, or nil when the request is meant for something else. Without fields that
  /// allow anything, a browser sends nothing.
  func preflight(_ request: Request) -> Response? {
    let path = request.uri.path
    let endpoint = AuthorityEndpoint(path: path)
    guard endpoint != nil || AuthorityEndpoint.isMeant(path) else { return nil }
    var response = Response(status: .noContent, headers: [.vary: "Origin"])
    guard let endpoint, let origin = readers(of: endpoint, request.headers).allowedOrigin else { return response }
    response.headers[.accessControlAllowOrigin] = origin
    response.headers[.accessControlAllowMethods] = endpoint.allowedMethods
    response.headers[.accessControlAllowHeaders] = CORS.allowedHeaders(for: request.askedHeaders)
    return response
  }

  // MARK: Pages of browsers

  private func readers(of endpoint: AuthorityEndpoint, _ headers: HTTPFields) -> AllowedOrigins {
    switch endpoint.readers {
    case .anyPage: .all
    case .noPage: .nobody
    case .registeredOrigins: isRegistered(headers[.origin]) ? .origin(headers[.origin] ?? "") : .nobody
    }
  }

  /// No application can register origins yet. A demo is for this machine, and so are pages that are served from it.
  private func isRegistered(_ origin: String?) -> Bool {
    guard isDemo, let origin, let parsed = URLOrigin(prefixOf: origin) else { return false }
    return parsed.isLoopback && BytewiseString(parsed.text) == BytewiseString(origin.lowercased())
  }
}

/// Which pages may read one answer.
enum AllowedOrigins: Equatable {
  case all
  case origin(String)
  case nobody

  /// The value of `Access-Control-Allow-Origin`.
  var allowedOrigin: String? {
    switch self {
    case .all: "*"
    case .origin(let origin): origin
    case .nobody: nil
    }
  }
}

extension Request {
  /// The header fields that a preflight asks for.
  var askedHeaders: [String] {
    HTTPField.Name("Access-Control-Request-Headers").map { headers[values: $0] } ?? []
  }
}

extension AuthorityAnswer {
  /// The answer as HTTP; nothing here depends on cookies.
  func response(readers: AllowedOrigins) -> Response {
    var headers: HTTPFields = [
      .contentType: "application/json; charset=utf-8", .cacheControl: "no-store", .pragma: "no-cache",
    ]
    if let origin = readers.allowedOrigin { headers[.accessControlAllowOrigin] = origin }
    if readers != .all { headers[.vary] = "Origin" }
    if let challenge { headers[.wwwAuthenticate] = challenge }
    if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
    if let allowedMethods { headers[.allow] = allowedMethods }
    return Response(
      status: HTTPResponse.Status(code: status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension HTTPField.Name {
  fileprivate static let identityHeader = knownName("X-IDENTITY-HEADER")
  fileprivate static let metadata = knownName("Metadata")
  fileprivate static let pragma = knownName("Pragma")

  /// A constant name; were it no field name, the field would simply never be found.
  private static func knownName(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .expect }
}
