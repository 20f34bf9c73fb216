import NIOHTTP1
import OData

/// What can be said of a request from its header section alone.
enum HeadCheck {
  /// The refusal of a request that is not worth reading to its end, or nil.
  static func refusal(of head: HTTPRequestHead) -> GraphError? {
    guard head.uri.utf8.count <= Limits.urlBytesMax else { return .urlTooLong }
    // RFC 9112 section 3.2: HTTP/1.1 has exactly one Host.
    let hosts = head.headers["Host"].count
    guard hosts == 1 || (hosts == 0 && head.version != .http1_1) else { return .malformedHTTP }
    if let length = head.headers.first(name: "Content-Length").flatMap({ Int($0) }), length > Limits.bodyBytesMax {
      return .bodyTooLarge
    }
    if let expectation = head.headers.first(name: "Expect"), expectation.lowercased() != "100-continue" {
      return .expectationFailed
    }
    let encodings = head.headers[canonicalForm: "Content-Encoding"].map { $0.lowercased() }
    guard encodings.isEmpty || encodings == ["gzip"] || encodings == ["deflate"] || encodings == ["identity"] else {
      return .contentEncodingUnsupported
    }
    return nil
  }

  /// Whether the body comes in an encoding that is inflated.
  static func isCompressed(_ head: HTTPRequestHead) -> Bool {
    head.headers.contains(name: "Content-Encoding")
  }

  /// The path and query of a target, also of one in absolute form (RFC 9112 section 3.2.2), whose authority says no more
  /// than `Host`.
  static func originForm(_ target: String) -> String {
    guard target.utf8.first != UInt8(ascii: "/") else { return target }
    for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
      let path = target.utf8.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") }
      return path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
    }
    return target
  }

  /// How many bytes of a body are taken before it is known who sends them.
  static let anonymousBodyBytesMax = 16 << 10

  /// Whether a body may be longer than what is taken from anybody.
  static func mayHaveLongBody(_ head: HTTPRequestHead) -> Bool {
    if head.headers.contains(name: "Transfer-Encoding") || isCompressed(head) {
      return true
    }
    return (head.headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0) > anonymousBodyBytesMax
  }

  /// Whether the path begins with a service version, in any case, after any number of slashes.
  static func isGraph(_ target: String) -> Bool {
    target.withBytes { target in
      let path = target.drop { $0 == UInt8(ascii: "/") }
      let first = path.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
      return ResourcePath.ServiceVersion(segment: UnsafeBufferPointer(rebasing: first)) != nil
    }
  }
}
