import NIOCore
import NIOHTTP1

/// An answer of a Graph route, free of connection and codec.
struct GraphResponse {
  /// What follows the header section.
  enum Body {
    case none
    case bytes(ByteBuffer)
    /// Pieces that are made while they are sent.
    case stream(any ResponseStream)
  }

  var status: HTTPResponseStatus
  var headers: HeaderFields
  var body: Body

  /// Says in the header section how long a finished body is.
  mutating func setContentLength() {
    if case .bytes(let bytes) = body { headers[.contentLength] = String(bytes.readableBytes) }
  }

  /// An answer with a finished JSON body.
  static func json(
    _ status: HTTPResponseStatus, _ bytes: [UInt8], _ headers: HeaderFields = [:],
    as contentType: String = jsonContentType
  ) -> Self {
    var headers = headers
    headers[.contentType] = contentType
    return Self(status: status, headers: headers, body: .bytes(ByteBuffer(bytes: bytes)))
  }

  /// Graph's media type for data, unless a client wants another form.
  static let jsonContentType = Representation().contentType

  /// A plain text.
  static func text(_ text: String) -> Self {
    Self(status: .ok, headers: [.contentType: "text/plain;charset=utf-8"], body: .bytes(ByteBuffer(string: text)))
  }
}

/// A body that is made piece by piece, as fast as the client takes it. Owned by one event loop.
protocol ResponseStream: AnyObject {
  /// Gives the next piece, nil at the end, or an error after which the answer must be cut off. It calls back on its
  /// event loop, at once or later, and is not asked again before it did.
  func next(_ then: @escaping (Result<ByteBuffer?, ResponseStreamError>) -> Void)

  /// The same body from its beginning.
  func again() -> any ResponseStream
}

/// A body broke off after its header section was sent. The client must notice: the connection is cut.
struct ResponseStreamError: Error {}
