import HTTPTypes
import Hummingbird
import NIOCore
import OData

/// The description of the server in OpenAPI, which is no part of the OData service. Any page may read it.
struct MetadataRoutes: Sendable {
  func add(to router: Router<BasicRequestContext>) {
    router.get("/openapi.json") { request, _ in Self.answer(request, try await ServiceMetadata.madeOpenAPI()) }
    router.head("/openapi.json") { request, _ in Self.answer(request, try await ServiceMetadata.madeOpenAPI()) }
  }

  private static func answer(_ request: Request, _ document: ServiceMetadata.Document) -> Response {
    let form = document.form(for: request.headers[values: .acceptEncoding])
    var headers: HTTPFields = [
      .eTag: form.entityTag, .cacheControl: "no-cache", .accessControlAllowOrigin: "*", .vary: "Accept-Encoding",
    ]
    do throws(GraphError) {
      guard try !form.isKnown(to: request.headers[values: .ifNoneMatch]) else {
        return Response(status: .notModified, headers: headers)
      }
    } catch {
      return error.response(to: request)
    }
    headers[.contentType] = document.contentType
    headers[.contentEncoding] = form.coding
    return Response(status: .ok, headers: headers, body: body(form.bytes))
  }

  /// The document in slices, no faster than the client takes them.
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
