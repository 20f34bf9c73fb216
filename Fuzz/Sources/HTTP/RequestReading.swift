/// The requests of a connection, as seen by a reader that accepts only what the grammar of HTTP/1.1 makes unambiguous.
struct RequestReading {
  /// One complete request.
  struct Request {
    let method: String
    let isHTTP10: Bool
    /// Whether it asks to close the connection after its response.
    let closes: Bool
    /// The id that every response echoes.
    let clientRequestID: String?
  }

  /// What follows the complete requests.
  enum End: Equatable {
    /// Nothing.
    case nothing
    /// The beginning of a request.
    case incomplete
    /// A request that has to end the connection: its length is ambiguous, or it is a CONNECT.
    case ambiguous
    /// Bytes after a request that asked to close the connection.
    case closed
    /// Other bytes, in which at most this many requests begin.
    case unknown(mostRequests: Int)
  }

  private(set) var requests: [Request] = []
  private(set) var end = End.nothing
  /// Whether the incomplete rest begins as a HEAD request, whose refusal has no body either.
  private(set) var endsInHead = false

  /// Reads all that a client sent.
  init(_ bytes: [UInt8]) {
    var reader = MessageReader(bytes)
    while !reader.isAtEnd, end == .nothing {
      let start = reader.position
      do throws(MessageReader.Stop) {
        let request = try Self.request(&reader)
        if let request { requests.append(request) }
        if request?.closes ?? true { end = request == nil ? .ambiguous : .closed }
      } catch {
        let begun = bytes[start...].drop { $0 == 0x0D || $0 == 0x0A }
        endsInHead = begun.starts(with: "HEAD ".utf8)
        switch error {
        case .incomplete: end = .incomplete
        case .broken: end = .unknown(mostRequests: Self.versions(bytes[start...]))
        }
      }
    }
  }

  /// Reads the next request; nil when it has to end the connection.
  private static func request(_ reader: inout MessageReader) throws(MessageReader.Stop) -> Request? {
    let (method, isHTTP10) = try requestLine(try reader.line())
    let fields = try reader.fields()
    guard method != "CONNECT" else { return nil }
    switch (fields.values("content-length"), fields.values("transfer-encoding")) {
    case ([], []): break
    case (let lengths, []):
      guard lengths.count == 1, (1...9).contains(lengths[0].utf8.count), lengths[0].utf8.allSatisfy(isDigit),
        let length = Int(lengths[0])
      else { return nil }
      _ = try reader.take(length)
    case ([], let encodings):
      guard encodings.count == 1, encodings[0].lowercased() == "chunked", !isHTTP10 else { return nil }
      _ = try reader.chunks()
    case (_, _): return nil
    }
    return Request(
      method: method, isHTTP10: isHTTP10, closes: closes(fields, isHTTP10),
      clientRequestID: fields.values("client-request-id").count == 1
        ? fields.values("client-request-id").first.flatMap(echoed) : nil)
  }

  private static func requestLine(
    _ line: ArraySlice<UInt8>
  ) throws(MessageReader.Stop) -> (method: String, isHTTP10: Bool) {
    let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 3, isToken(parts[0]), !parts[1].isEmpty,
      parts[1].allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw .broken("no request line") }
    switch text(parts[2]) {
    case "HTTP/1.0": return (text(parts[0]), true)
    case "HTTP/1.1": return (text(parts[0]), false)
    default: throw .broken("another protocol")
    }
  }

  /// Whether the request closes the connection (RFC 9112 section 9.3).
  private static func closes(_ fields: [MessageReader.Field], _ isHTTP10: Bool) -> Bool {
    let options = fields.list("connection")
    return options.contains("close") || (isHTTP10 && !options.contains("keep-alive"))
  }

  private static func echoed(_ id: String) -> String? {
    let isPlain = id.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    return isPlain && (1...64).contains(id.utf8.count) ? id : nil
  }

  /// How often an HTTP version occurs: an upper bound on the number of request lines.
  private static func versions(_ bytes: ArraySlice<UInt8>) -> Int {
    let name = Array("http/".utf8)
    guard bytes.count >= name.count else { return 0 }
    return (bytes.startIndex...(bytes.endIndex - name.count)).count { start in
      zip(bytes[start...], name).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
  }
}
