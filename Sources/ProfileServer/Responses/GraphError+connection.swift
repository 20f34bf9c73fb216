import NIOHTTP1
import OData

// MARK: Errors of the connection

extension GraphError {
  /// The body is longer than allowed (RFC 9110 section 15.5.14).
  static let bodyTooLarge = GraphError(
    status: .payloadTooLarge, code: .requestEntityTooLarge,
    message: "The body is longer than \(Limits.bodyBytesMax) bytes.")

  /// The request target is longer than allowed (RFC 9110 section 15.5.15).
  static let urlTooLong = GraphError(
    status: .uriTooLong, code: .requestURITooLong, message: "The URL is longer than \(Limits.urlBytesMax) bytes.")

  /// The header section is longer than allowed (RFC 6585 section 5).
  static let headersTooLarge = GraphError(
    status: .requestHeaderFieldsTooLarge, code: .requestHeaderFieldsTooLarge,
    message: "The header section is longer than \(Limits.headerBytesMax) bytes or \(Limits.headerCountMax) fields.")

  /// A request that cannot be parsed or framed (RFC 9112).
  static let malformedHTTP = GraphError(
    status: .badRequest, code: .badRequest, message: "The request is not valid HTTP/1.1 (RFC 9112).")

  /// A request target of no valid form (RFC 9112 section 3.2).
  static let malformedTarget = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "The request target is none of RFC 9112 section 3.2: send the path with its query, or an http or https URL "
      + "with a host and without a user, percent-encoded and without a fragment.")

  /// An invalid, missing or repeated `Host` (RFC 9112 section 3.2).
  static let malformedHost = GraphError(
    status: .badRequest, code: .badRequest,
    message:
      "Host must stand once and be a host with an optional port, as in the URL. It is empty only where the target "
      + "has no host either.")

  /// A singleton field that occurs more than once (RFC 9110 section 5.3).
  static func repeatedField(_ name: String) -> GraphError {
    GraphError(
      status: .badRequest, code: .badRequest, message: "The header field \(name) stands more than once. Send it once.")
  }

  /// A transfer coding other than `chunked` (RFC 9112 section 6.1).
  static let transferCodingUnknown = GraphError(
    status: .notImplemented, code: .notImplemented,
    message: "The only transfer coding that is understood is chunked. Compress with Content-Encoding instead.")

  /// The method CONNECT (RFC 9110 section 9.3.6).
  static let connectRefused = GraphError(
    status: .notImplemented, code: .notImplemented, message: "The server is no proxy. Send requests to it directly.")

  /// A request that did not arrive in time (RFC 9110 section 15.5.9).
  static let tooSlow = GraphError(
    status: .requestTimeout, code: .requestTimeout,
    message: "The request did not arrive in time. Check that Content-Length is the length of the body.")

  /// An expectation other than `100-continue` (RFC 9110 section 15.5.18).
  static let expectationFailed = GraphError(
    status: .expectationFailed, code: .expectationFailed, message: "Only Expect: 100-continue is understood.")
}
