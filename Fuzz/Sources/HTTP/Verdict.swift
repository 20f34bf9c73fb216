/// What happened on one connection.
struct Exchange {
  /// What the client sent.
  let received: [UInt8]
  /// What the server sent.
  let sent: [UInt8]
  /// Whether the server closed the connection, or its side of it.
  let isClosed: Bool
  /// The header sections that reached the handler, as NIO's decoder read them.
  let heads: [AnswerReading.RequestSummary]
}

/// Checks what must hold for every connection.
enum Verdict {
  /// The first fault; nil when there is none.
  static func fault(of exchange: Exchange) -> String? {
    let requests = RequestReading(exchange.received)
    let answers = AnswerReading(exchange.sent, to: summaries(requests, exchange.heads))
    if let fault = answers.fault { return fault }
    return countFault(requests, answers.answers, exchange) ?? closingFault(requests, answers.answers, exchange)
      ?? orderFault(requests, answers.answers) ?? interimFault(answers, exchange)
  }

  /// The responses that are compared between two segmentations of the same bytes.
  static func comparable(_ exchange: Exchange) -> [ComparableAnswer] {
    let requests = RequestReading(exchange.received)
    return AnswerReading(exchange.sent, to: summaries(requests, exchange.heads)).answers.map(ComparableAnswer.init)
  }

  /// The requests as the strict reader sees them; beyond those, as the server's decoder does.
  private static func summaries(
    _ requests: RequestReading, _ heads: [AnswerReading.RequestSummary]
  ) -> [AnswerReading.RequestSummary] {
    let own = requests.requests.map { AnswerReading.RequestSummary(method: $0.method, isHTTP10: $0.isHTTP10) }
    guard heads.count <= own.count else { return own + heads.dropFirst(own.count) }
    return requests.endsInHead ? own + [AnswerReading.RequestSummary(method: "HEAD", isHTTP10: false)] : own
  }

  /// Checks that each request has one response, unless the connection ended before it.
  private static func countFault(
    _ requests: RequestReading, _ answers: [AnswerReading.Answer], _ exchange: Exchange
  ) -> String? {
    let whole = requests.requests.count
    let most: Int
    switch requests.end {
    case .nothing, .closed: most = whole
    case .incomplete, .ambiguous: most = whole + 1
    case .unknown(let mostRequests): most = whole + mostRequests + 1
    }
    guard answers.count <= most else { return "\(answers.count) answers to at most \(most) requests" }
    guard answers.count >= whole || exchange.isClosed else { return "\(answers.count) answers to \(whole) requests" }
    guard answers.count > exchange.heads.count else { return nil }
    guard answers.count == exchange.heads.count + 1, let last = answers.last, last.status >= 400, last.closes else {
      return "\(answers.count) answers to \(exchange.heads.count) header sections"
    }
    return nil
  }

  /// Checks that the connection ends after a response that announces it, and after no other.
  private static func closingFault(
    _ requests: RequestReading, _ answers: [AnswerReading.Answer], _ exchange: Exchange
  ) -> String? {
    let says = answers.last?.closes == true
    guard !says || exchange.isClosed else { return "an answer closes the connection, which stays open" }
    guard answers.count >= requests.requests.count || says else { return "a connection ends without its answer" }
    switch requests.end {
    case .closed where answers.count == requests.requests.count && !says:
      return "the connection goes on though the client wants its end"
    case .ambiguous where answers.count > requests.requests.count && !says:
      return "the connection goes on behind a request of which nobody knows where it ends"
    case .nothing, .incomplete, .ambiguous, .closed, .unknown: return nil
    }
  }

  /// Checks that the client's id matches each response to its request. An early refusal may lack it.
  private static func orderFault(_ requests: RequestReading, _ answers: [AnswerReading.Answer]) -> String? {
    for (request, answer) in zip(requests.requests, answers) {
      guard !answer.closes, let sent = request.clientRequestID, let repeated = answer.clientRequestID else { continue }
      guard sent == repeated else { return "an answer stands in another's place" }
    }
    return nil
  }

  private static func interimFault(_ answers: AnswerReading, _ exchange: Exchange) -> String? {
    answers.interimCount <= exchange.heads.count ? nil : "more interim answers than requests"
  }
}
