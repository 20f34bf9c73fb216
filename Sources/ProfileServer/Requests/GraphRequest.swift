import NIOCore
import NIOHTTP1
import OData
import Profiles

/// A request to a Graph route, free of connection and codec: what the HTTP/1.1 handler, and each part of a batch, hand over.
struct GraphRequest {
  let method: HTTPMethod
  /// Path and query as the client sent them.
  let target: String
  /// The path, without query.
  let path: [UInt8]
  let headers: HTTPHeaders
  /// The body after inflation; nil when there was none.
  let body: ByteBuffer?
  /// Scheme and authority that the client used, such as `http://localhost:8080`.
  let origin: String
  /// Whether it came as part of a batch.
  let isBatchPart: Bool
  /// Whether the client still waits for the answer; nil where no client can leave.
  let cancellation: RequestCancellation?

  init(
    method: HTTPMethod, target: String, headers: HTTPHeaders, body: ByteBuffer?, origin: String,
    isBatchPart: Bool = false, cancellation: RequestCancellation? = nil
  ) {
    self.cancellation = cancellation
    self.method = method
    self.target = target
    path = target.withBytes { Array($0.prefix { $0 != UInt8(ascii: "?") }) }
    self.headers = headers
    self.body = body
    self.origin = origin
    self.isBatchPart = isBatchPart
  }

  /// The version and the one segment behind it, in lower case, of a path that ends there; the segment is empty for the
  /// service root alone. nil for every longer path, before anything is copied. Throws when the segment cannot be read.
  func pathBelowRoot() throws(PathError) -> (version: ResourcePath.ServiceVersion, segment: String)? {
    guard !isDeep else { return nil }
    var rest = path[...]
    let first = Self.nextSegment(&rest)
    let second = Self.nextSegment(&rest)
    guard Self.nextSegment(&rest).isEmpty, let version = ResourcePath.ServiceVersion(segment: first) else { return nil }
    guard let segment = PercentEncoding.decode(second) else { throw .malformedEncoding }
    return (version, segment.lowercased())
  }

  /// The first segment of the path as the client wrote it, which names the service's version.
  var versionSegment: ArraySlice<UInt8> {
    var rest = path[...]
    return Self.nextSegment(&rest)
  }

  /// Whether there are more than two segments, as in most requests, so that they are not looked at one by one.
  private var isDeep: Bool {
    var (segments, previous) = (0, UInt8(ascii: "/"))
    for byte in path {
      if byte != UInt8(ascii: "/"), previous == UInt8(ascii: "/") { segments += 1 }
      guard segments < 3 else { return true }
      previous = byte
    }
    return false
  }

  /// Takes the next segment off a path; doubled slashes count as one.
  private static func nextSegment(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    rest = rest.drop { $0 == UInt8(ascii: "/") }
    let segment = rest.prefix { $0 != UInt8(ascii: "/") }
    rest = rest[segment.endIndex...]
    return segment
  }

  /// The query, without `?`; empty when there is none.
  var query: Substring.UTF8View { target.utf8.dropFirst(path.count).dropFirst() }
}

/// Scheme and authority by which a client reached the server; links in answers begin with it.
struct ServiceOrigin: Sendable {
  /// `--public-url` without a trailing slash; it wins over what the client sent.
  let publicURL: String?

  /// The origin of a request. A `Host` that is not a plain authority is replaced by the authority `fallback`.
  func origin(host: String?, isSecure: Bool, fallback: @autoclosure () -> String) -> String {
    if let publicURL { return publicURL }
    let isUsable = host.map { (1...255).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.isAuthority) } ?? false
    return (isSecure ? "https://" : "http://") + (isUsable ? host ?? fallback() : fallback())
  }

  private static func isAuthority(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"),
      UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default: false
    }
  }
}
