import NIOHTTP1
import OData

/// Cross-origin requests of browsers (Fetch standard, CORS protocol). Any origin may call, because a bearer token is
/// needed anyway and cookies are ignored.
enum CORS {
  /// The value of `Access-Control-Expose-Headers`: the fields that scripts may read.
  static let exposed =
    "request-id, client-request-id, Retry-After, ETag, Location, OData-Version, OData-EntityId, Preference-Applied, "
    + "WWW-Authenticate"
  /// The value of `Access-Control-Allow-Methods`.
  static let allowedMethods = "GET, POST, PATCH, PUT, DELETE, HEAD, OPTIONS"
  private static let allowedNames = [
    "authorization", "content-type", "client-request-id", "sdkversion", "consistencylevel", "prefer", "if-match",
    "if-none-match", "odata-version", "odata-maxversion", "accept", "content-encoding", "idempotency-key",
  ]

  /// Whether a request is a CORS preflight.
  static func isPreflight(_ method: HTTPMethod, _ headers: RequestFields) -> Bool {
    guard case .OPTIONS = method else { return false }
    return headers.contains(name: "Access-Control-Request-Method")
  }

  /// The response to a preflight. It allows the fixed fields and, within bounds, every field that the browser asks for.
  static func preflight(_ headers: RequestFields) -> GraphResponse {
    let fields: HeaderFields = [
      .accessControlAllowOrigin: "*", .accessControlAllowMethods: allowedMethods,
      .accessControlAllowHeaders: allowedHeaders(for: headers["Access-Control-Request-Headers"]),
      .accessControlMaxAge: "600",
    ]
    return GraphResponse(status: .noContent, headers: fields, body: .none)
  }

  /// The value of `Access-Control-Allow-Headers` for a preflight that asks for the fields `asked`.
  static func allowedHeaders(for asked: [String]) -> String {
    var names = allowedNames
    var known = Set(names)
    var size = 0
    for element in FieldList.readable(asked) {
      let name = element.lowercased()
      guard name.utf8.count <= Limits.preflightNameBytesMax, name.utf8.allSatisfy(isTokenByte),
        known.insert(name).inserted
      else {
        continue
      }
      size += 2 + name.utf8.count
      guard size <= Limits.preflightNamesBytesMax else { break }
      names.append(name)
    }
    return names.joined(separator: ", ")
  }

  /// Adds the fields that let a browser pass the response on to a script.
  static func expose(_ request: RequestFields, _ response: inout HeaderFields) {
    guard request.contains(name: "Origin") else { return }
    response[.accessControlAllowOrigin] = "*"
    response[.accessControlExposeHeaders] = exposed
  }

  /// Whether a byte may be part of a token (RFC 9110 section 5.6.2) in lower case.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: tokenMarks.contains(byte)
    }
  }

  private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)
}
