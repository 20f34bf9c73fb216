import NIOCore
import NIOHTTP1
import Profiles

extension GraphHTTP1Handler {
  /// Where the request in flight is.
  enum Phase {
    case waiting
    /// A Graph request whose body arrives.
    case receiving(HTTPRequestHead, body: ByteBuffer?)
    /// A Graph request that is being answered.
    case answering(HTTPRequestHead)
    /// A request that Hummingbird answers.
    case passing(ForwardedRequest)
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

  /// How far a request has come that Hummingbird answers. It may answer before the whole body is there.
  struct ForwardedRequest {
    let head: HTTPRequestHead
    var bodyBytes = 0
    var isRequestComplete = false
    var hasAnswerBegun = false
    var isAnswerComplete = false
  }
}

extension GraphHTTP1Handler: RequestConsumer {
  var isRequestWaiting: Bool {
    if case .answering = phase { true } else { false }
  }

  /// While the client does not take what was sent, no further request is begun.
  var demand: InputDemand {
    switch phase {
    case .waiting: context?.channel.isWritable == true ? .request : .nothing
    case .receiving: .body
    case .answering: .nothing
    case .passing(let passage): passage.isRequestComplete ? .nothing : .body
    case .lingering: .drops
    }
  }

  var isBodyExpected: Bool {
    switch phase {
    case .waiting, .answering, .lingering: false
    case .receiving: true
    case .passing(let passage): !passage.isRequestComplete
    }
  }

  var framing: RequestFraming.Framing {
    guard let headers = phase.head?.headers else { return .length(0) }
    guard !headers.contains(name: "Transfer-Encoding") else { return .chunked }
    return .length(headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0)
  }

  func received() { clock.received(now: .now()) }

  func abandon() { cancellation.abandon() }
}
