import NIOHTTP1
import OData

/// Cross-origin requests of browsers (Fetch standard, CORS). Any origin may call, since a bearer token is needed anyway
/// and no cookie is ever looked at.
enum CORS {
  /// Header fields that scripts may read.
  static let exposed =
    "request-id, client-request-id, Retry-After, ETag, Location, OData-Version, OData-EntityId, Preference-Applied, "
    + "WWW-Authenticate"
  static let allowedMethods = "GET, POST, PATCH, PUT, DELETE, HEAD, OPTIONS"
  private static let allowedNames = [
    "authorization", "content-type", "client-request-id", "sdkversion", "consistencylevel", "prefer", "if-match",
    "if-none-match", "odata-version", "odata-maxversion", "accept", "content-encoding", "idempotency-key",
  ]
  /// Most that is allowed beyond these, and of a single name, in bytes; what is left out a browser does not send.
  private static let (askedBytesMax, nameBytesMax) = (2_048, 64)

  /// Whether a request only asks what would be allowed.
  static func isPreflight(_ method: HTTPMethod, _ headers: HTTPHeaders) -> Bool {
    method == .OPTIONS && headers.contains(name: "Access-Control-Request-Method")
  }

  /// The answer to a preflight; what the browser asks for beyond the fixed list is allowed when it is a plain token.
  static func preflight(_ headers: HTTPHeaders) -> GraphResponse {
    let fields: HeaderFields = [
      .accessControlAllowOrigin: "*", .accessControlAllowMethods: allowedMethods,
      .accessControlAllowHeaders: allowedHeaders(for: headers["Access-Control-Request-Headers"]),
      .accessControlMaxAge: "600",
    ]
    return GraphResponse(status: .noContent, headers: fields, body: .none)
  }

  /// The header fields that a preflight which asks for these is allowed.
  static func allowedHeaders(for asked: [String]) -> String {
    var names = allowedNames
    var known = Set(names)
    var size = 0
    for element in FieldList.readable(asked) {
      let name = element.lowercased()
      guard name.utf8.count <= nameBytesMax, name.utf8.allSatisfy(isTokenByte), known.insert(name).inserted else {
        continue
      }
      size += 2 + name.utf8.count
      guard size <= askedBytesMax else { break }
      names.append(name)
    }
    return names.joined(separator: ", ")
  }

  /// Adds what a browser needs to hand an answer to a script.
  static func expose(_ request: HTTPHeaders, _ response: inout HeaderFields) {
    guard request.contains(name: "Origin") else { return }
    response[.accessControlAllowOrigin] = "*"
    response[.accessControlExposeHeaders] = exposed
  }

  /// RFC 9110 section 5.6.2, in lower case.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: tokenMarks.contains(byte)
    }
  }

  private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)
}
