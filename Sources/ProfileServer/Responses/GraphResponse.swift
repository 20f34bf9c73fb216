import NIOCore
import NIOHTTP1

/// The response of a Graph route, independent of the connection.
struct GraphResponse {
  /// The content of a response.
  enum Body {
    case none
    case bytes(ByteBuffer)
    /// Chunks that are generated while they are sent.
    case stream(any ResponseStream)
  }

  var status: HTTPResponseStatus
  var headers: HeaderFields
  var body: Body

  /// Sets `Content-Length` when the body is complete (RFC 9110 section 8.6).
  mutating func setContentLength() {
    if case .bytes(let bytes) = body { headers[.contentLength] = String(bytes.readableBytes) }
  }

  /// A response with a complete JSON body.
  static func json(
    _ status: HTTPResponseStatus, _ bytes: [UInt8], _ headers: consuming HeaderFields = [:],
    as contentType: String = jsonContentType
  ) -> Self {
    headers[.contentType] = contentType
    return Self(status: status, headers: headers, body: .bytes(ByteBuffer(bytes: bytes)))
  }

  /// Graph's media type for data, unless the client asks for another representation.
  static let jsonContentType = Representation().contentType

  /// A response with a plain text.
  static func text(_ text: String) -> Self {
    Self(status: .ok, headers: [.contentType: "text/plain;charset=utf-8"], body: .bytes(ByteBuffer(string: text)))
  }
}

/// A body that is generated chunk by chunk, no faster than the client reads it. Owned by one event loop.
protocol ResponseStream: AnyObject {
  /// Gives the next chunk, nil at the end, or an error after which the connection must be closed. Calls back on its
  /// event loop, at once or later, and is not called again before.
  func next(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void)

  /// The same body from its start.
  func restarted() -> any ResponseStream
}

/// A body failed after its header section was sent. The connection is closed, so that the client notices (RFC 9112
/// section 8).
struct ResponseStreamError: Error {}
