import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

extension GraphError {
  /// The error as the response of a route that Hummingbird runs, in Graph's envelope and with ids of its own.
  func response(to request: Request) -> Response {
    var generator = RequestIDGenerator()
    let identity = generator.identity(clientRequestID: request.headers[.clientRequestID])
    var headers: HTTPFields = [.contentType: "application/json", .accessControlAllowOrigin: "*"]
    headers[.requestID] = identity.requestID
    headers[.clientRequestID] = identity.clientRequestID
    return Response(
      status: HTTPResponse.Status(code: Int(status.code)), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body(identity: identity, date: SystemClock.now()))))
  }
}

extension HTTPField.Name {
  /// Graph's id of a request.
  static let requestID = HTTPField.Name("request-id") ?? .expect
  /// The client's own id of a request.
  static let clientRequestID = HTTPField.Name("client-request-id") ?? .expect
}
