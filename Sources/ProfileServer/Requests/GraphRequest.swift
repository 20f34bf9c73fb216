import NIOCore
import NIOHTTP1
import OData
import Profiles

/// A request to a Graph route, independent of the connection. It comes from the HTTP/1.1 handler, or is part of a
/// batch. A class, because it is passed on many times.
final class GraphRequest: Sendable {
  let method: HTTPMethod
  /// The request target in origin form, as the client sent it.
  let target: String
  /// The path, without query.
  let path: [UInt8]
  let headers: RequestFields
  /// The body after inflation; nil when there is none.
  let body: ByteBuffer?
  /// The scheme and authority that the client used, such as `http://localhost:8080`.
  let origin: String
  /// Whether the request is part of a batch.
  let isBatchPart: Bool
  /// Tells when the client is gone; nil when none can leave.
  let cancellation: RequestCancellation?

  /// A request from its parts.
  init(
    method: HTTPMethod, target: String, headers: RequestFields, body: ByteBuffer?, origin: String,
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

  /// The service version and the next segment, in lower case, of a path of at most two segments; the second one is
  /// empty for the service root. nil for a longer path, without copying it. Throws `PathError.malformedEncoding` when
  /// the segment is not percent-encoded correctly.
  func pathBelowRoot() throws(PathError) -> (version: ResourcePath.ServiceVersion, segment: String)? {
    guard !isDeep else { return nil }
    var rest = path[...]
    let first = Self.nextSegment(&rest)
    let second = Self.nextSegment(&rest)
    guard Self.nextSegment(&rest).isEmpty, let version = ResourcePath.ServiceVersion(segment: first) else { return nil }
    guard let segment = PercentEncoding.decode(second) else { throw .malformedEncoding }
    return (version, segment.lowercased())
  }

  /// The first segment of the path as the client wrote it, which names the service version.
  var versionSegment: ArraySlice<UInt8> {
    var rest = path[...]
    return Self.nextSegment(&rest)
  }

  /// Whether the path has more than two segments, as in most requests, which then need no further look.
  private var isDeep: Bool {
    var (segments, previous) = (0, UInt8(ascii: "/"))
    for byte in path {
      if byte != UInt8(ascii: "/"), previous == UInt8(ascii: "/") { segments += 1 }
      guard segments < 3 else { return true }
      previous = byte
    }
    return false
  }

  /// Removes the next segment from a path and returns it. Repeated slashes count as one.
  private static func nextSegment(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    rest = rest.drop { $0 == UInt8(ascii: "/") }
    let segment = rest.prefix { $0 != UInt8(ascii: "/") }
    rest = rest[segment.endIndex...]
    return segment
  }

  /// The query, without `?`; empty when there is none.
  var query: Substring.UTF8View { target.utf8.dropFirst(path.count).dropFirst() }
}

/// The scheme and authority by which clients reach the server. Links in responses begin with it.
struct ServiceOrigin: Sendable {
  /// `--public-url` without a trailing slash; it overrides `Host`.
  let publicURL: String?

  /// The origin of a request. The authority `fallback` replaces a `Host` that is no plain authority.
  func origin(host: String?, isSecure: Bool, fallback: @autoclosure () -> String) -> String {
    if let publicURL { return publicURL }
    let isUsable =
      host.map { host in
        (1...Limits.originHostBytesMax).contains(host.utf8.count)
          && host.withBytes { bytes in !bytes.holdsAny { !Self.isAuthority($0) } }
      } ?? false
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

/// The kind of a Graph request, by its path.
enum ServiceEndpoint {
  /// A document that describes the service.
  enum Document {
    /// The service document (OData 4.01 part 1, 11.1.1).
    case service
    /// `$metadata` (OData 4.01 part 1, 11.1.2).
    case metadata
  }

  /// A document of a service version.
  case document(ResourcePath.ServiceVersion, Document)
  /// `$batch` (OData 4.01 part 1, 11.7).
  case batch
  /// A resource of the model.
  case resource

  /// The endpoint of a request. Throws the error of a path that is not percent-encoded correctly.
  init(_ request: GraphRequest) throws(GraphError) {
    let found: (version: ResourcePath.ServiceVersion, segment: String)?
    do throws(PathError) { found = try request.pathBelowRoot() } catch { throw GraphError(error) }
    guard let (version, segment) = found else {
      self = .resource
      return
    }
    switch segment {
    case "$batch": self = .batch
    case "": self = .document(version, .service)
    case "$metadata": self = .document(version, .metadata)
    default: self = .resource
    }
  }
}
