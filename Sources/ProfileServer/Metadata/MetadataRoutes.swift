import HTTPTypes
import Hummingbird
import NIOCore
import OData

/// The route of the OpenAPI document, which is not part of the OData service. Pages of any origin may read it.
struct MetadataRoutes: Sendable {
  /// Adds the route to a router.
  func add(to router: Router<BasicRequestContext>) {
    router.get("/openapi.json") { request, _ in Self.response(request, try await ServiceMetadata.loadOpenAPI()) }
    router.head("/openapi.json") { request, _ in Self.response(request, try await ServiceMetadata.loadOpenAPI()) }
  }

  private static func response(_ request: Request, _ document: ServiceMetadata.Document) -> Response {
    let encoding = document.encoding(for: request.headers[values: .acceptEncoding])
    var headers: HTTPFields = [
      .eTag: encoding.entityTag, .cacheControl: "no-cache", .accessControlAllowOrigin: "*", .vary: "Accept-Encoding",
    ]
    do throws(GraphError) {
      guard try !encoding.isKnown(to: request.headers[values: .ifNoneMatch]) else {
        return Response(status: .notModified, headers: headers)
      }
    } catch {
      return error.response(to: request)
    }
    headers[.contentType] = document.contentType
    headers[.contentEncoding] = encoding.coding
    return Response(status: .ok, headers: headers, body: body(encoding.bytes))
  }

  /// The document, written in slices no faster than the client reads them.
  private static func body(_ bytes: ByteBuffer) -> ResponseBody {
    ResponseBody(contentLength: bytes.readableBytes) { writer in
      var rest = bytes
      while rest.readableBytes > 0, let slice = rest.readSlice(length: min(rest.readableBytes, Limits.writeBytesMax)) {
        try await writer.write(slice)
      }
      try await writer.finish(nil)
    }
  }
}
