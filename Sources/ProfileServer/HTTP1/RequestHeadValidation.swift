import NIOHTTP1
import OData

/// The header section of a request, validated, with the decisions that follow from it alone.
struct RequestHeadValidation {
  /// The header section with the request target in origin form, and with the authority of the target as `Host` (RFC
  /// 9112 section 3.2.2).
  let head: HTTPRequestHead
  /// The content coding of the body.
  let coding: ContentCoding
  /// How long the body may be.
  let bodyBound: BodyBound
  /// Whether the client waits for 100 (RFC 9110 section 10.1.1).
  let expectsContinue: Bool
  /// Whether there is an `Upgrade` field, after which NIO's decoder may stop.
  let hasUpgradeField: Bool
  /// Whether this request is the last of its connection.
  let isLast: Bool
  /// Whether the body may be longer than is read without authentication.
  let mayHaveLongBody: Bool

  /// Validates a header section. Throws the refusal of a request that is not read to its end; its connection must be
  /// closed then, because it is uncertain where the next request begins.
  init(_ received: HTTPRequestHead) throws(GraphError) {
    guard received.uri.utf8.count <= Limits.urlBytesMax else { throw .urlTooLong }
    var received = received
    var fields = try RequestHeadFields(received.headers)
    if fields.isPadded {
      received.headers = HTTPHeaders(received.headers.map { ($0.name, String(FieldList.trimmed($0.value[...]))) })
      fields = try RequestHeadFields(received.headers)
    }
    head = try Self.normalized(received, fields)
    let isChunked = try Self.isChunked(fields)
    guard !isChunked || fields.contentLength == nil else { throw .malformedHTTP }
    bodyBound = BodyBound(head.method, head.uri)
    let length = try Self.length(fields, bodyBound)
    expectsContinue = try Self.expectsContinue(fields) && received.version == .http1_1
    coding = try ContentCoding(fields.contentEncoding)
    // Only Graph's routes inflate bodies.
    guard coding == .identity || Self.isGraph(head.uri) || (length == 0 && !isChunked) else {
      throw .contentEncodingUnsupported
    }
    hasUpgradeField = fields.hasUpgrade
    // HTTP/1.0 has no transfer coding, so an intermediary may have framed the message otherwise (RFC 9112 section 6.1).
    isLast = (isChunked && received.version != .http1_1) || Self.namesClose(fields)
    mayHaveLongBody = isChunked || length > (coding == .identity ? Limits.anonymousBodyBytesMax : 0)
  }

  /// Whether a request target belongs to Graph's routes: its first segment is a service version, in any case.
  static func isGraph(_ target: String) -> Bool {
    target.withBytes { target in
      let path = target.drop { $0 == UInt8(ascii: "/") }
      let first = path.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
      return ResourcePath.ServiceVersion(segment: UnsafeBufferPointer(rebasing: first)) != nil
    }
  }

  // MARK: Parts

  /// Normalizes the target and `Host`. HTTP/1.1 needs exactly one `Host`, and the authority of a target in absolute
  /// form replaces it (RFC 9112 sections 3.2 and 3.2.2).
  private static func normalized(_ received: HTTPRequestHead, _ fields: RequestHeadFields) throws(GraphError)
    -> HTTPRequestHead
  {
    guard received.method != .CONNECT else { throw .connectRefused }
    guard fields.host != nil || received.version != .http1_1 else { throw .malformedHost }
    if let host = fields.host, !HostField.isValid(host) { throw .malformedHost }
    guard !RequestTarget.isPlain(received.uri) else { return received }
    let target = try RequestTarget(received.uri, method: received.method)
    guard let authority = target.authority else { return received }
    // Host is empty only when the target has no authority (RFC 9112 section 3.2).
    guard fields.host?.isEmpty != true else { throw .malformedHost }
    var head = received
    head.uri = target.originForm
    head.headers.replaceOrAdd(name: "Host", value: authority)
    return head
  }

  /// Whether the body is chunked (RFC 9112 sections 6.1 and 6.3). If another transfer coding is the final one, the
  /// length of the body cannot be determined.
  private static func isChunked(_ fields: RequestHeadFields) throws(GraphError) -> Bool {
    guard !fields.transferEncoding.isEmpty else { return false }
    guard let codings = FieldList.elements(of: fields.transferEncoding), let last = codings.last,
      last.isSameName(as: "chunked")
    else { throw .malformedHTTP }
    guard codings.count > 1 else { return true }
    guard !codings.dropLast().contains(where: { $0.isSameName(as: "chunked") }) else { throw .malformedHTTP }
    throw .transferCodingUnknown
  }

  /// `Content-Length` in bytes (RFC 9110 section 8.6), 0 when there is none. A number that overflows is too large.
  private static func length(_ fields: RequestHeadFields, _ bound: BodyBound) throws(GraphError) -> Int {
    guard let text = fields.contentLength else { return 0 }
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw .malformedHTTP
    }
    guard let length = Int(text), length <= bound.bytesMax else { throw bound.refusal }
    return length
  }

  private static func expectsContinue(_ fields: RequestHeadFields) throws(GraphError) -> Bool {
    guard !fields.expect.isEmpty else { return false }
    guard let expectations = FieldList.elements(of: fields.expect) else { throw .malformedHTTP }
    guard expectations.allSatisfy({ $0.isSameName(as: "100-continue") }) else { throw .expectationFailed }
    return !expectations.isEmpty
  }

  /// Whether `Connection` has the option `close` (RFC 9112 section 9.6), even where NIO's decoder does not find it.
  private static func namesClose(_ fields: RequestHeadFields) -> Bool {
    guard !fields.connection.isEmpty else { return false }
    guard let options = FieldList.elements(of: fields.connection) else { return true }
    return options.contains { $0.isSameName(as: "close") }
  }
}

/// A content coding (RFC 9110 section 8.4.1).
enum ContentCoding: Equatable {
  case identity, gzip, deflate

  /// The coding that the `Content-Encoding` fields name; `identity` counts as none. Throws
  /// `GraphError.contentEncodingUnsupported` for an unknown coding and for more than one.
  init(_ fields: [String]) throws(GraphError) {
    self = .identity
    guard !fields.isEmpty else { return }
    guard let codings = FieldList.elements(of: fields) else { throw .contentEncodingUnsupported }
    for coding in codings where !coding.isSameName(as: "identity") {
      guard self == .identity else { throw .contentEncodingUnsupported }
      if coding.isSameName(as: "gzip") || coding.isSameName(as: "x-gzip") {
        self = .gzip
      } else if coding.isSameName(as: "deflate") {
        self = .deflate
      } else {
        throw .contentEncodingUnsupported
      }
    }
  }
}

extension Substring {
  /// Whether both are the same name, ASCII case-insensitively.
  fileprivate func isSameName(as name: String) -> Bool {
    utf8.count == name.utf8.count && name.isSameName(as: String(self))
  }
}
