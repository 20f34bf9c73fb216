/// What one connection showed.
struct Exchange {
  /// What the client sent.
  let received: [UInt8]
  /// What the server sent.
  let sent: [UInt8]
  /// Whether it ended the connection, or its side of it.
  let isClosed: Bool
  /// The header sections that reached the handler, as NIO's decoder read them.
  let heads: [AnswerReading.Question]
}

/// The promises of a connection.
enum Verdict {
  /// What does not hold; nil when all does.
  static func fault(of exchange: Exchange) -> String? {
    let requests = RequestReading(exchange.received)
    let answers = AnswerReading(exchange.sent, to: questions(requests, exchange.heads))
    if let fault = answers.fault { return fault }
    return countFault(requests, answers.answers, exchange) ?? closingFault(requests, answers.answers, exchange)
      ?? orderFault(requests, answers.answers) ?? interimFault(answers, exchange)
  }

  /// What is compared between two ways to send the same bytes.
  static func comparable(_ exchange: Exchange) -> [ComparableAnswer] {
    let requests = RequestReading(exchange.received)
    return AnswerReading(exchange.sent, to: questions(requests, exchange.heads)).answers.map(ComparableAnswer.init)
  }

  /// The reader here goes first; where it saw no request, the server's decoder may have.
  private static func questions(
    _ requests: RequestReading, _ heads: [AnswerReading.Question]
  ) -> [AnswerReading.Question] {
    let own = requests.requests.map { AnswerReading.Question(method: $0.method, isHTTP10: $0.isHTTP10) }
    guard heads.count <= own.count else { return own + heads.dropFirst(own.count) }
    return requests.endsInHead ? own + [AnswerReading.Question(method: "HEAD", isHTTP10: false)] : own
  }

  /// Each request has one answer, unless the connection ended before it.
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

  /// Who says that the connection ends behind an answer ends it, and nobody else does without a word.
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

  /// An id that the client gave leads from an answer to its request. A refusal on sight may lack it.
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
