import NIOCore
import NIOHTTP1

extension DoorHandler {
  /// Where the request in flight is.
  enum Phase {
    case waiting
    /// A Graph request whose body arrives.
    case receiving(HTTPRequestHead, body: ByteBuffer?)
    /// A Graph request that is being answered.
    case answering(HTTPRequestHead)
    /// A request that Hummingbird answers.
    case passing(Passage)
    /// The connection was refused; whatever comes is dropped.
    case lingering

    /// The header section of the request in flight.
    var head: HTTPRequestHead? {
      switch self {
      case .waiting, .lingering: nil
      case .receiving(let head, _), .answering(let head): head
      case .passing(let passage): passage.head
      }
    }
  }

  /// Whether a Graph request waits for its answer.
  var isRequestWaiting: Bool {
    if case .answering = phase { true } else { false }
  }

  /// How far a request has come that Hummingbird answers. It may answer before the whole body is there.
  struct Passage {
    let head: HTTPRequestHead
    var bodyBytes = 0
    var isRequestComplete = false
    var hasAnswerBegun = false
    var isAnswerComplete = false
  }
}
