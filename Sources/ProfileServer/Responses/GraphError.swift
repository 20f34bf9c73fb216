import NIOHTTP1
import OData

/// An error as Graph's clients receive it. The files `GraphError+...` map every error of the server to its status, code
/// and message; Graph's page on errors lists the codes.
struct GraphError: Error, Equatable {
  /// The status of the response.
  let status: HTTPResponseStatus
  /// The code in the envelope.
  let code: GraphErrorCode
  /// What was wrong and what to do, for people. It never contains personal data.
  let message: String
  /// The property or path segment at fault.
  var target: String?
  /// Further header fields, such as `Allow`.
  var headers: HeaderFields = [:]

  /// The error envelope (OData JSON 4.01 section 21.1, in Graph's spelling `innerError`).
  func body(identity: RequestIdentity, date: DateTimeOffset) -> [UInt8] {
    var json = JSONWriter(capacity: 384)
    json.beginObject()
    json.name("error")
    json.beginObject()
    json.member("code", code.rawValue)
    json.member("message", message)
    if let target { json.member("target", target) }
    json.name("innerError")
    json.beginObject()
    json.name("date")
    json.plainString(date.utf8WithoutFraction)
    json.member("request-id", identity.requestID)
    json.member("client-request-id", identity.clientRequestID)
    json.endObject()
    json.endObject()
    json.endObject()
    return json.bytes
  }
}
