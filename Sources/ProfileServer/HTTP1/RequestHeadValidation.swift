import NIOHTTP1
import OData

/// What can be said of a request from its header section alone.
struct RequestHeadValidation {
  /// The header section with the target in origin form, and with the authority of the target in `Host`.
  let head: HTTPRequestHead
  /// In what form the body comes.
  let coding: ContentCoding
  /// Whether the client waits to be told to go on (RFC 9110 section 10.1.1).
  let expectsContinue: Bool
  /// Whether the parser may stop behind this request, because it has an `Upgrade` field.
  let mayStopParser: Bool
  /// Whether nothing may follow this request on its connection.
  let isLast: Bool
  /// Whether the body may be longer than what is taken from anybody.
  let mayHaveLongBody: Bool

  /// Reads a header section. Throws why a request is not worth reading to its end; its connection is closed then, since
  /// nobody could say for certain where the next request begins.
  init(_ received: HTTPRequestHead) throws(GraphError) {
    guard received.uri.utf8.count <= Limits.urlBytesMax else { throw .urlTooLong }
    var received = received
    var fields = try HeadFields(received.headers)
    if fields.isPadded {
      received.headers = HTTPHeaders(received.headers.map { ($0.name, String(FieldList.trimmed($0.value[...]))) })
      fields = try HeadFields(received.headers)
    }
    head = try Self.normal(received, fields)
    let isChunked = try Self.isChunked(fields)
    guard !isChunked || fields.contentLength == nil else { throw .malformedHTTP }
    let length = try Self.length(fields)
    expectsContinue = try Self.expectsContinue(fields) && received.version == .http1_1
    coding = try ContentCoding(fields.contentEncoding)
    // Only for Graph's routes are bodies inflated.
    guard coding == .identity || Self.isGraph(head.uri) || (length == 0 && !isChunked) else {
      throw .contentEncodingUnsupported
    }
    mayStopParser = fields.hasUpgrade
    // RFC 9112 section 6.1: framing that HTTP/1.0 does not know may have been understood otherwise on the way.
    isLast = (isChunked && received.version != .http1_1) || Self.namesClose(fields)
    mayHaveLongBody = isChunked || length > (coding == .identity ? Limits.anonymousBodyBytesMax : 0)
  }

  /// Whether the path begins with a service version, in any case, after any number of slashes.
  static func isGraph(_ target: String) -> Bool {
    target.withBytes { target in
      let path = target.drop { $0 == UInt8(ascii: "/") }
      let first = path.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
      return ResourcePath.ServiceVersion(segment: UnsafeBufferPointer(rebasing: first)) != nil
    }
  }

  // MARK: Parts

  /// HTTP/1.1 has exactly one `Host`, and the authority of a target counts more (RFC 9112 section 3.2).
  private static func normal(_ received: HTTPRequestHead, _ fields: HeadFields) throws(GraphError) -> HTTPRequestHead {
    guard received.method != .CONNECT else { throw .connectRefused }
    guard fields.host != nil || received.version != .http1_1 else { throw .malformedHost }
    if let host = fields.host, !HostField.isValid(host) { throw .malformedHost }
    guard !RequestTarget.isPlain(received.uri) else { return received }
    let target = try RequestTarget(received.uri, method: received.method)
    guard let authority = target.authority else { return received }
    // What the target names is left out of no Host (RFC 9112 section 3.2).
    guard fields.host?.isEmpty != true else { throw .malformedHost }
    var head = received
    head.uri = target.originForm
    head.headers.replaceOrAdd(name: "Host", value: authority)
    return head
  }

  /// RFC 9112 sections 6.1, 6.3 and 7. Where the last coding is another, the end of the body cannot be known.
  private static func isChunked(_ fields: HeadFields) throws(GraphError) -> Bool {
    guard !fields.transferEncoding.isEmpty else { return false }
    guard let codings = FieldList.elements(of: fields.transferEncoding), let last = codings.last,
      last.isSameName(as: "chunked")
    else { throw .malformedHTTP }
    guard codings.count > 1 else { return true }
    guard !codings.dropLast().contains(where: { $0.isSameName(as: "chunked") }) else { throw .malformedHTTP }
    throw .transferCodingUnknown
  }

  /// The length of the body in bytes, 0 when none is named. A number too large for any integer is too large for us.
  private static func length(_ fields: HeadFields) throws(GraphError) -> Int {
    guard let text = fields.contentLength else { return 0 }
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      throw .malformedHTTP
    }
    guard let length = Int(text), length <= Limits.bodyBytesMax else { throw .bodyTooLarge }
    return length
  }

  private static func expectsContinue(_ fields: HeadFields) throws(GraphError) -> Bool {
    guard !fields.expect.isEmpty else { return false }
    guard let expectations = FieldList.elements(of: fields.expect) else { throw .malformedHTTP }
    guard expectations.allSatisfy({ $0.isSameName(as: "100-continue") }) else { throw .expectationFailed }
    return !expectations.isEmpty
  }

  /// Whether `close` is among the options of the connection, also where the codec did not see it.
  private static func namesClose(_ fields: HeadFields) -> Bool {
    guard !fields.connection.isEmpty else { return false }
    guard let options = FieldList.elements(of: fields.connection) else { return true }
    return options.contains { $0.isSameName(as: "close") }
  }
}

/// How a body is compressed (RFC 9110 section 8.4.1).
enum ContentCoding: Equatable {
  case identity, gzip, deflate

  /// The coding that all fields of one name say. `identity` is none. Throws for one that is not offered, and for several.
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
  /// Whether both are the same name but for the case of letters in ASCII.
  fileprivate func isSameName(as name: String) -> Bool {
    utf8.count == name.utf8.count && name.isSameName(as: String(self))
  }
}
