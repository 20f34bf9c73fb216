import Authentication
import Authority
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import OData
import Profiles

/// The part of Azure Resource Manager that `az login` uses, under `--demo` only: the endpoints of the cloud, and the
/// tenants and subscriptions of the caller. All of it is read-only and free of personal data.
struct ResourceManagerRoutes: Sendable {
  let verifier: TokenVerifier
  let addresses: AuthorityAddresses

  /// The one subscription of every tenant: azure-cli does not sign in without one.
  private static let subscription = "44444444-4444-4444-8444-444444444444"

  /// Adds the routes to a group that `DemoGuard` protects.
  func add(to routes: RouterGroup<BasicRequestContext>) {
    routes.get("/metadata/endpoints") { _, _ in Self.response(Self.endpoints(base: addresses.base)) }
    routes.get("/tenants") { request, _ in await answer(request, Self.tenants) }
    routes.get("/subscriptions") { request, _ in await answer(request, Self.subscriptions) }
  }

  private func answer(_ request: Request, _ document: (TenantID) -> [UInt8]) async -> Response {
    switch await verifier.caller(authorization: request.headers[.authorization]) {
    case .success(let caller): return Self.response(document(caller.tenant))
    case .failure(let refusal):
      let error = GraphError(
        status: .unauthorized, code: .invalidAuthenticationToken, message: refusal.message)
      var response = error.response(to: request)
      response.headers[.wwwAuthenticate] = addresses.challenge
      return response
    }
  }

  private static func response(_ document: [UInt8]) -> Response {
    Response(
      status: .ok, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: document)))
  }

  // MARK: Documents

  /// The document that `az cloud register` reads: this server is every service.
  static func endpoints(base: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("name", "Facet")
    for name in ["portal", "gallery", "resourceManager"] { writer.member(name, base) }
    for name in ["graphAudience", "microsoftGraphResourceId"] { writer.member(name, base + "/") }
    writer.name("authentication")
    writer.beginObject()
    writer.member("loginEndpoint", base)
    writer.member("audiences", [base])
    writer.member("tenant", "common")
    writer.member("identityProvider", "AAD")
    writer.endObject()
    writer.name("suffixes")
    writer.beginObject()
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  private static func tenants(_ tenant: TenantID) -> [UInt8] {
    list { writer in
      writer.member("id", "/tenants/\(tenant.text)")
      writer.member("tenantId", tenant.text)
      writer.member("displayName", "Facet demo")
      writer.member("defaultDomain", "contoso.example")
    }
  }

  private static func subscriptions(_ tenant: TenantID) -> [UInt8] {
    list { writer in
      writer.member("id", "/subscriptions/\(subscription)")
      writer.member("subscriptionId", subscription)
      writer.member("displayName", "Facet demo")
      writer.member("state", "Enabled")
      writer.member("tenantId", tenant.text)
    }
  }

  /// A list of one object.
  private static func list(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("value")
    writer.beginArray()
    writer.element()
    writer.beginObject()
    members(&writer)
    writer.endObject()
    writer.endArray()
    writer.endObject()
    return writer.bytes
  }
}
