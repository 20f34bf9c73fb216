import HTTPTypes
public import Hummingbird
import NIOCore
import OData

extension Authority {
  /// Adds the authority's routes: discovery, keys, tokens and the managed identity.
  public func addRoutes(to router: Router<BasicRequestContext>) {
    router.get("/:tenant/v2.0/.well-known/openid-configuration") { request, context in
      configuration(tenant: context.tenant, host: request.head.authority).response
    }
    router.get("/:tenant/discovery/v2.0/keys") { _, context in keys(tenant: context.tenant).response }
    router.get("/:tenant/discovery/instance") { request, _ in
      instances(query: request.uri.query ?? "", host: request.head.authority).response
    }
    router.post("/:tenant/oauth2/v2.0/token") { request, context in
      await tokenResponse(request, tenant: context.tenant)
    }
    router.get(RouterPath(Self.identityPath)) { request, _ in
      managedIdentityToken(
        query: request.uri.query ?? "", header: request.headers[.identityHeader], host: request.head.authority
      ).response
    }
  }

  private func tokenResponse(_ request: Request, tenant: String) async -> Response {
    let correlationID = request.headers[.clientRequestID]
    guard let body = try? await request.body.collect(upTo: Limits.formBytesMax) else {
      return answer(.notAForm, correlationID: correlationID.flatMap(Self.echoable)).response
    }
    let request = TokenRequest(
      tenant: tenant, contentType: request.headers[.contentType], authorization: request.headers[.authorization],
      host: request.head.authority, correlationID: correlationID, body: Array(body.readableBytesView))
    return token(request).response
  }
}

extension BasicRequestContext {
  fileprivate var tenant: String { parameters.get("tenant") ?? "" }
}

extension AuthorityAnswer {
  /// The answer as HTTP. Browsers of any origin may read it; nothing here depends on cookies.
  fileprivate var response: Response {
    var headers: HTTPFields = [
      .contentType: "application/json; charset=utf-8", .cacheControl: "no-store", .pragma: "no-cache",
      .accessControlAllowOrigin: "*",
    ]
    if let challenge { headers[.wwwAuthenticate] = challenge }
    return Response(
      status: HTTPResponse.Status(code: status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension HTTPField.Name {
  fileprivate static let identityHeader = knownName("X-IDENTITY-HEADER")
  fileprivate static let pragma = knownName("Pragma")

  /// A constant name; were it no field name, the field would simply never be found.
  private static func knownName(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .expect }
}
