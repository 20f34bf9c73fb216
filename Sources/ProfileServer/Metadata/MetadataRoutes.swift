import HTTPTypes
import Hummingbird
import NIOCore
import OData

/// The description of the server in OpenAPI, which is no part of the OData service. Any page may read it.
struct MetadataRoutes: Sendable {
  func add(to router: Router<BasicRequestContext>) {
    router.get("/openapi.json") { request, _ in answer(request) }
    router.head("/openapi.json") { request, _ in answer(request) }
  }

  private func answer(_ request: Request) -> Response {
    let document = ServiceMetadata.openAPI
    var headers: HTTPFields = [
      .eTag: document.entityTag, .cacheControl: "no-cache", .accessControlAllowOrigin: "*",
    ]
    guard !document.isKnown(to: request.headers[values: .ifNoneMatch]) else {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = document.contentType
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: document.bytes))
  }
}
