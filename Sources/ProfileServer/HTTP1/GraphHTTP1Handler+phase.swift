import NIOCore
import NIOHTTP1
import Profiles

extension GraphHTTP1Handler {
  /// What happens to the current request.
  enum Phase {
    /// There is none.
    case waiting
    /// A Graph request whose body is being received.
    case receiving(HTTPRequestHead, body: ByteBuffer?)
    /// A Graph request that is being answered.
    case responding(HTTPRequestHead)
    /// A request that Hummingbird answers.
    case forwarding(ForwardedRequest)
    /// The last response was written; further input is discarded.
    case lingering

    /// The header section of the current request.
    var head: HTTPRequestHead? {
      switch self {
      case .waiting, .lingering: nil
      case .receiving(let head, _), .responding(let head): head
      case .forwarding(let request): request.head
      }
    }
  }

  /// The progress of a request that Hummingbird answers. The response may begin before the request is complete.
  struct ForwardedRequest {
    let head: HTTPRequestHead
    var bodyBytes = 0
    var isRequestComplete = false
    var hasResponseBegun = false
    var isResponseComplete = false
  }
}

extension GraphHTTP1Handler: RequestConsumer {
  /// Whether a Graph request waits for its response.
  var isAwaitingResponse: Bool {
    if case .responding = phase { true } else { false }
  }

  /// No further request is begun while the channel is not writable.
  var demand: InputDemand {
    switch phase {
    case .waiting: context?.channel.isWritable == true ? .request : .nothing
    case .receiving: .body
    case .responding: .nothing
    case .forwarding(let request): request.isRequestComplete ? .nothing : .body
    case .lingering: .discard
    }
  }

  var isBodyExpected: Bool {
    switch phase {
    case .waiting, .responding, .lingering: false
    case .receiving: true
    case .forwarding(let request): !request.isRequestComplete
    }
  }

  var bodyFraming: RequestFraming.BodyFraming {
    guard let headers = phase.head?.headers else { return .length(0) }
    guard !headers.contains(name: "Transfer-Encoding") else { return .chunked }
    return .length(headers.first(name: "Content-Length").flatMap { Int($0) } ?? 0)
  }

  func bytesReceived() { timeouts.bytesReceived(now: .now()) }

  func inputClosed() { cancellation.cancel() }
}
