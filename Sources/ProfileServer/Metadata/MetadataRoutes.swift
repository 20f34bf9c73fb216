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
    do throws(GraphError) {
      guard try !document.isKnown(to: request.headers[values: .ifNoneMatch]) else {
        return Response(status: .notModified, headers: headers)
      }
    } catch {
      return ErrorAnswer.response(error, request)
    }
    headers[.contentType] = document.contentType
    return Response(status: .ok, headers: headers, body: Self.body(document.bytes))
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
