import HTTPTypes
import Hummingbird
import NIOCore
import OData

/// An answer of the authority: a status and a JSON document that caches must not store.
struct AuthorityAnswer: Equatable, Sendable {
  let status: Int
  let body: [UInt8]
  /// The value of `WWW-Authenticate`, when the client tried HTTP Basic (RFC 6749 section 5.2).
  var challenge: String?
  /// The value of `Retry-After`, when the same request may succeed later.
  var retryAfterSeconds: Int?
  /// The value of `Allow`, when the method was wrong.
  var allowedMethods: String?

  /// An answer whose document is an object with the members that `members` writes.
  init(status: Int, members: (inout JSONWriter) -> Void) {
    var writer = JSONWriter(capacity: 1_024)
    writer.beginObject()
    members(&writer)
    writer.endObject()
    self.status = status
    body = writer.bytes
  }

  /// An answer with a finished document.
  init(status: Int, document: [UInt8]) {
    self.status = status
    body = document
  }

  /// The answer as HTTP. Nothing in it depends on cookies.
  func response(allowing origin: AllowedOrigin) -> Response {
    var headers: HTTPFields = [
      .contentType: "application/json; charset=utf-8", .cacheControl: "no-store", .pragma: "no-cache",
    ]
    if let value = origin.fieldValue { headers[.accessControlAllowOrigin] = value }
    if origin != .anyOrigin { headers[.vary] = "Origin" }
    if let challenge { headers[.wwwAuthenticate] = challenge }
    if let retryAfterSeconds { headers[.retryAfter] = String(retryAfterSeconds) }
    if let allowedMethods { headers[.allow] = allowedMethods }
    return Response(
      status: HTTPResponse.Status(code: status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

/// The origin whose pages may read an answer (Fetch standard, CORS protocol).
enum AllowedOrigin: Equatable {
  /// Every origin.
  case anyOrigin
  /// This origin alone.
  case origin(String)
  /// No origin.
  case noOrigin

  /// The value of `Access-Control-Allow-Origin`; nil when the field is left out.
  var fieldValue: String? {
    switch self {
    case .anyOrigin: "*"
    case .origin(let origin): origin
    case .noOrigin: nil
    }
  }
}

extension HTTPField.Name {
  fileprivate static let pragma = HTTPField.Name("Pragma") ?? .expect
}
