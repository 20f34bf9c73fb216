import NIOCore

/// Wrong responses that must be detected, and right ones that must not.
enum SelfTest {
  /// The failures of the self-test; empty when it passes.
  static func faults(on service: Service) -> [String] {
    samples.compactMap(\.fault) + comparisons.compactMap(\.fault) + sabotage(service)
  }

  /// An exchange with its expected verdict.
  private struct Sample {
    let name: String
    let received: String
    let sent: String
    var isClosed = false
    var heads = ["GET"]
    /// The expected fault; nil when the exchange is right.
    let verdict: String?

    var fault: String? {
      let exchange = Exchange(
        received: Array(received.utf8), sent: Array(sent.utf8), isClosed: isClosed,
        heads: heads.map { AnswerReading.RequestSummary(method: $0, isHTTP10: false) })
      let found = Verdict.fault(of: exchange)
      return found == verdict ? nil : "\(name): \(found ?? "no fault") instead of \(verdict ?? "none")"
    }
  }

  /// Two bodies, and whether they compare equal.
  private struct Comparison {
    let left: String
    let right: String
    let isSame: Bool

    var fault: String? {
      let (left, right) = (Self.answer(left), Self.answer(right))
      return (left == right) == isSame ? nil : "\(self.left) and \(self.right) compare wrongly"
    }

    private static func answer(_ body: String) -> ComparableAnswer {
      ComparableAnswer(AnswerReading.Answer(status: 200, fields: [], body: Array(body.utf8), closes: false))
    }
  }

  private static let comparisons = [
    Comparison(left: "a", right: "b", isSame: false),
    Comparison(left: "a", right: "aa", isSame: false),
    Comparison(left: #"{"id":"\#(Service.owner)"}"#, right: #"{"id":"\#(Service.reader)"}"#, isSame: true),
    Comparison(left: #"{"id":"\#(Service.owner)"}"#, right: #"{"id":"\#(Service.owner)0"}"#, isSame: false),
    Comparison(left: "2026-01-02T03:04:05Z", right: "1999-11-12T13:14:15.678Z", isSame: true),
    Comparison(left: "2026-01-02T03:04:05Z", right: "2026-01-02", isSame: false),
    Comparison(left: #"?$skiptoken=abc","x""#, right: #"?$skiptoken=d","x""#, isSame: true),
    Comparison(left: #"?$skiptoken=abc","x""#, right: #"?$skiptoken=abc","y""#, isSame: false),
  ]

  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
  private static let ambiguous = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
  private static let okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
  private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
  private static let refusal = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
  private static let identified = "HTTP/1.1 200 OK\r\nclient-request-id: b\r\nContent-Length: 0\r\n\r\n"

  private static let samples = [
    Sample(name: "one answer", received: get, sent: okay, verdict: nil),
    Sample(name: "chunks", received: post, sent: chunked, heads: ["POST"], verdict: nil),
    Sample(
      name: "two requests", received: get + post, sent: okay + chunked, heads: ["GET", "POST"], verdict: nil),
    Sample(
      name: "interim", received: get, sent: "HTTP/1.1 100 Continue\r\n\r\n" + okay, verdict: nil),
    Sample(name: "two answers", received: get, sent: okay + okay, verdict: "2 answers to at most 1 requests"),
    Sample(
      name: "two answers to one beginning", received: "GET / HT", sent: okay + okay, heads: [],
      verdict: "2 answers to at most 1 requests"),
    Sample(
      name: "two answers to what is no request", received: "\0", sent: okay + refusal, isClosed: true, heads: [],
      verdict: "2 answers to at most 1 requests"),
    Sample(
      name: "an answer that nobody asked for", received: get + "x", sent: okay + okay,
      verdict: "2 answers to 1 header sections"),
    Sample(
      name: "no answer", received: get + get, sent: okay, heads: ["GET", "GET"], verdict: "1 answers to 2 requests"),
    Sample(
      name: "a silent end", received: get + get, sent: okay, isClosed: true, heads: ["GET"],
      verdict: "a connection ends without its answer"),
    Sample(
      name: "bytes behind the end", received: get + get, sent: refusal + okay, isClosed: true, heads: ["GET", "GET"],
      verdict: "bytes follow an answer that closes the connection"),
    Sample(
      name: "an end that does not come", received: get, sent: refusal,
      verdict: "an answer closes the connection, which stays open"),
    Sample(
      name: "a body of HEAD", received: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", sent: okay, heads: ["HEAD"],
      verdict: "an answer is incomplete"),
    Sample(
      name: "a body that is too long", received: get, sent: okay + "k", verdict: "an answer is incomplete"),
    Sample(
      name: "a body that is too short", received: get, sent: String(okay.dropLast()), verdict: "an answer is incomplete"
    ),
    Sample(
      name: "two lengths", received: get, sent: okay.replacing("\r\n\r\n", with: "\r\nContent-Length: 2\r\n\r\n"),
      verdict: "an answer has more than one length"),
    Sample(
      name: "no length", received: get, sent: "HTTP/1.1 200 OK\r\n\r\nok",
      verdict: "an answer has no end though the connection goes on"),
    Sample(
      name: "a split answer", received: get, sent: "HTTP/1.1 200 OK\r\nX: a\nb\r\nContent-Length: 0\r\n\r\n",
      verdict: "an answer has a line feed without a carriage return"),
    Sample(
      name: "going on behind an ambiguous length", received: ambiguous + "0\r\n\r\n" + get, sent: okay,
      heads: ["POST"],
      verdict: "the connection goes on behind a request of which nobody knows where it ends"),
    Sample(
      name: "a smuggled request", received: ambiguous + "0\r\n\r\n" + get, sent: okay + okay, heads: ["POST", "GET"],
      verdict: "2 answers to at most 1 requests"),
    Sample(
      name: "going on against the client's will", received: get.replacing("Host", with: "Connection: close\r\nHost"),
      sent: okay, verdict: "the connection goes on though the client wants its end"),
    Sample(
      name: "another's answer", received: get.replacing("Host", with: "client-request-id: a\r\nHost"),
      sent: identified, verdict: "an answer stands in another's place"),
    Sample(
      name: "the request's own answer", received: get.replacing("Host", with: "client-request-id: b\r\nHost"),
      sent: identified, verdict: nil),
  ]

  /// Tests the pipeline with a handler that sends all bytes twice, and one that withholds them.
  private static func sabotage(_ service: Service) -> [String] {
    let input = Array("AGET /beta/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".utf8)
    let kinds: [(kind: Saboteur.Kind, isNoticed: Bool)] = [(.none, false), (.doubles, true), (.drops, true)]
    return kinds.flatMap { kind, isNoticed in
      Script.Segmentation.allCases.compactMap { segmentation in
        do {
          guard let script = input.withUnsafeBufferPointer({ Script($0, words: service.words) }) else {
            return "no script"
          }
          try service.reset()
          let exchange = try Connection(to: service, saboteur: Saboteur(kind)).run(script, segmentation)
          let isWhole = Verdict.comparable(exchange).first?.status == 200
          guard (Verdict.fault(of: exchange) != nil) == isNoticed, isWhole || kind == .drops else {
            return "\(kind), \(segmentation): \(Verdict.fault(of: exchange) ?? "no fault"): \(text(exchange.sent))"
          }
          return nil
        } catch {
          return isNoticed ? nil : "\(kind), \(segmentation): \(error)"
        }
      }
    }
  }
}

/// Corrupts responses on their way to the socket.
private final class Saboteur: ChannelOutboundHandler {
  enum Kind { case none, doubles, drops }

  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let kind: Kind

  init(_ kind: Kind) { self.kind = kind }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch kind {
    case .none: context.write(data, promise: promise)
    case .doubles:
      context.write(data, promise: nil)
      context.write(data, promise: promise)
    case .drops: promise?.succeed(())
    }
  }
}
