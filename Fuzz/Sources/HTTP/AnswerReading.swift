/// The responses of a connection, read strictly: each ends where it says, and no bytes are left over.
struct AnswerReading {
  /// One response.
  struct Answer {
    let status: Int
    let fields: [MessageReader.Field]
    let body: [UInt8]
    /// Whether the connection ends after it.
    let closes: Bool

    /// The echoed id of the request.
    var clientRequestID: String? { fields.values("client-request-id").first }
  }

  /// What a reader of a response has to know about its request.
  struct RequestSummary {
    let method: String
    let isHTTP10: Bool
  }

  /// The final responses, in order; interim ones (1xx) are counted.
  private(set) var answers: [Answer] = []
  private(set) var interimCount = 0
  /// Why the bytes are not a sequence of responses; nil when they are.
  private(set) var fault: String?

  /// Reads everything that the server sent. `summaries` are those of the requests, in order, as far as they are known.
  init(_ bytes: [UInt8], to summaries: [RequestSummary]) {
    var reader = MessageReader(bytes)
    do throws(MessageReader.Stop) {
      while !reader.isAtEnd {
        guard answers.last?.closes != true else {
          fault = "bytes follow an answer that closes the connection"
          return
        }
        try next(&reader, answers.count < summaries.count ? summaries[answers.count] : nil)
      }
    } catch {
      switch error {
      case .incomplete: fault = "an answer is incomplete"
      case .broken(let what): fault = "an answer has \(what)"
      }
    }
  }

  private mutating func next(_ reader: inout MessageReader, _ summary: RequestSummary?) throws(MessageReader.Stop) {
    let status = try Self.status(try reader.line())
    let fields = try reader.fields()
    guard status >= 200 else {
      guard Self.lengths(fields).isEmpty else { throw .broken("a length though it is interim") }
      guard summary?.isHTTP10 != true else { throw .broken("an interim status though HTTP/1.0 knows none") }
      interimCount += 1
      return
    }
    let isClosing = fields.list("connection").contains("close")
    let (body, needsClose) = try Self.body(&reader, status, fields, summary)
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

  /// Reads the body (RFC 9112 section 6.3), and tells whether only the end of the connection delimits it.
  private static func body(
    _ reader: inout MessageReader, _ status: Int, _ fields: [MessageReader.Field], _ summary: RequestSummary?
  ) throws(MessageReader.Stop) -> (bytes: [UInt8], needsClose: Bool) {
    guard lengths(fields).count <= 1 else { throw .broken("more than one length") }
    guard summary?.method != "HEAD" else { return ([], false) }
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
      guard encoding == "chunked", summary?.isHTTP10 != true else { throw .broken("an encoding that is not expected") }
      return (try reader.chunks(), false)
    }
    return (Array(try reader.take(reader.bytes.count - reader.position)), true)
  }
}
