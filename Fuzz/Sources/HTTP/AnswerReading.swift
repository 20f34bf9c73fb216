/// The answers of a connection, read strictly: each ends where it says, and nothing is left over.
struct AnswerReading {
  /// One answer.
  struct Answer {
    let status: Int
    let fields: [MessageReader.Field]
    let body: [UInt8]
    /// Whether the connection ends behind it.
    let closes: Bool

    /// The id of the request, repeated.
    var clientRequestID: String? { fields.values("client-request-id").first }
  }

  /// What the answer answers.
  struct Question {
    let method: String
    let isHTTP10: Bool
  }

  /// Final answers in their order; interim ones (1xx) are counted.
  private(set) var answers: [Answer] = []
  private(set) var interimCount = 0
  /// Why the bytes are not a sequence of answers; nil when they are.
  private(set) var fault: String?

  /// Reads all that the server sent. `questions` are the requests in their order, as far as they are known.
  init(_ bytes: [UInt8], to questions: [Question]) {
    var reader = MessageReader(bytes)
    do throws(MessageReader.Stop) {
      while !reader.isAtEnd {
        guard answers.last?.closes != true else {
          fault = "bytes follow an answer that closes the connection"
          return
        }
        try next(&reader, answers.count < questions.count ? questions[answers.count] : nil)
      }
    } catch {
      switch error {
      case .incomplete: fault = "an answer is incomplete"
      case .broken(let what): fault = "an answer has \(what)"
      }
    }
  }

  private mutating func next(_ reader: inout MessageReader, _ question: Question?) throws(MessageReader.Stop) {
    let status = try Self.status(try reader.line())
    let fields = try reader.fields()
    guard status >= 200 else {
      guard Self.lengths(fields).isEmpty else { throw .broken("a length though it is interim") }
      guard question?.isHTTP10 != true else { throw .broken("an interim status though HTTP/1.0 knows none") }
      interimCount += 1
      return
    }
    let isClosing = fields.list("connection").contains("close")
    let (body, needsClose) = try Self.body(&reader, status, fields, question)
    guard !needsClose || isClosing else { throw .broken("no end though the connection goes on") }
    answers.append(Answer(status: status, fields: fields, body: body, closes: isClosing))
  }

  private static func status(_ line: ArraySlice<UInt8>) throws(MessageReader.Stop) -> Int {
    let line = text(line)
    guard line.hasPrefix("HTTP/1.1 ") || line.hasPrefix("HTTP/1.0 "), line.utf8.dropFirst(12).first == 0x20,
      let status = Int(line.utf8.dropFirst(9).prefix(3).map { String(Unicode.Scalar($0)) }.joined()),
      (100...599).contains(status)
    else { throw .broken("no status line") }
    return status
  }

  private static func lengths(_ fields: [MessageReader.Field]) -> [String] {
    fields.values("content-length") + fields.values("transfer-encoding")
  }

  /// RFC 9112 section 6.3, and whether only the end of the connection ends the body.
  private static func body(
    _ reader: inout MessageReader, _ status: Int, _ fields: [MessageReader.Field], _ question: Question?
  ) throws(MessageReader.Stop) -> (bytes: [UInt8], needsClose: Bool) {
    guard lengths(fields).count <= 1 else { throw .broken("more than one length") }
    guard question?.method != "HEAD" else { return ([], false) }
    guard status != 204, status != 304 else {
      guard lengths(fields).isEmpty || status == 304 else { throw .broken("a length though it has no body") }
      return ([], false)
    }
    if let length = fields.values("content-length").first {
      guard !length.isEmpty, length.utf8.allSatisfy(isDigit), let count = Int(length) else {
        throw .broken("a length that is no number")
      }
      return (Array(try reader.take(count)), false)
    }
    if let encoding = fields.values("transfer-encoding").first {
      guard encoding == "chunked", question?.isHTTP10 != true else { throw .broken("an encoding that is not expected") }
      return (try reader.chunks(), false)
    }
    return (Array(try reader.take(reader.bytes.count - reader.position)), true)
  }
}
