import NIOHTTP1

/// Cross-origin requests of browsers (Fetch standard, CORS). Any origin may call, since a bearer token is needed anyway
/// and no cookie is ever looked at.
enum CrossOrigin {
  /// Header fields that scripts may read.
  static let exposed =
    "request-id, client-request-id, Retry-After, ETag, Location, OData-Version, OData-EntityId, Preference-Applied, "
    + "WWW-Authenticate"
  static let allowedMethods = "GET, POST, PATCH, PUT, DELETE, HEAD, OPTIONS"
  static let allowedHeaders =
    "authorization, content-type, client-request-id, sdkversion, consistencylevel, prefer, if-match, if-none-match, "
    + "odata-version, odata-maxversion, accept, content-encoding, idempotency-key"

  /// Whether a request only asks what would be allowed.
  static func isPreflight(_ method: HTTPMethod, _ headers: HTTPHeaders) -> Bool {
    method == .OPTIONS && headers.contains(name: "Access-Control-Request-Method")
  }

  /// The answer to a preflight; what the browser asks for beyond the fixed list is allowed when it is a plain token.
  static func preflight(_ headers: HTTPHeaders) -> GraphResponse {
    var allowed = allowedHeaders
    for name in headers[canonicalForm: "Access-Control-Request-Headers"] {
      let name = name.lowercased()
      guard name.utf8.count <= 64, name.utf8.allSatisfy(isTokenByte), !allowed.contains(name) else { continue }
      guard allowed.utf8.count < 2_048 else { break }
      allowed += ", " + name
    }
    let fields: HeaderFields = [
      .accessControlAllowOrigin: "*", .accessControlAllowMethods: allowedMethods,
      .accessControlAllowHeaders: allowed, .accessControlMaxAge: "600",
    ]
    return GraphResponse(status: .noContent, headers: fields, body: .none)
  }

  /// Adds what a browser needs to hand an answer to a script.
  static func expose(_ request: HTTPHeaders, _ response: inout HeaderFields) {
    guard request.contains(name: "Origin") else { return }
    response[.accessControlAllowOrigin] = "*"
    response[.accessControlExposeHeaders] = exposed
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
