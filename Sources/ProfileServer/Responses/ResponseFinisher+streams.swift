import NIOCore
import NIOHTTP1
import Profiles

/// Answers that are made while they are sent.
extension ResponseFinisher {
  /// Answers with what a source makes: in one piece when it is short, else as fast as the client takes it. What goes
  /// wrong before anything was sent is an ordinary error.
  func finish(
    _ exchange: Exchange, _ headers: HeaderFields, from source: some ResponseBodySource, as contentType: String? = nil
  ) {
    let stream = BufferedResponseStream(source)
    stream.next { [self] piece in
      switch piece {
      case .failure:
        finish(exchange, stream.failure ?? .store(.failed("An answer could not be made.")))
      case .success(let bytes):
        let contentType = contentType ?? exchange.representation.contentType
        var response = GraphResponse.json(.ok, [], headers, as: contentType)
        response.body = stream.isAtEnd ? .bytes(bytes ?? ByteBuffer()) : .stream(stream.resuming(bytes))
        finish(exchange, response)
      }
    }
  }
}
