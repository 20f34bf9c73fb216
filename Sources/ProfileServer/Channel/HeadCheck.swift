import NIOHTTP1
import OData

/// What can be said of a request from its header section alone.
enum HeadCheck {
  /// The refusal of a request that is not worth reading to its end, or nil.
  static func refusal(of head: HTTPRequestHead) -> GraphError? {
    guard head.uri.utf8.count <= Limits.urlBytesMax else { return .urlTooLong }
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

  /// Whether the path begins with a service version, in any case, after any number of slashes.
  static func isGraph(_ target: String) -> Bool {
    let path = target.utf8.drop { $0 == UInt8(ascii: "/") }
    let first = path.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    return "beta".utf8.elementsEqualIgnoringCase(first) || "v1.0".utf8.elementsEqualIgnoringCase(first)
  }
}
