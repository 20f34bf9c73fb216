import NIOCore
import NIOEmbedded
import NIOHTTP1
import OData
import Testing

@testable import ProfileServer

/// Requests through the bounded decoder, split in two at every byte.
@Suite("Message framing of requests")
struct RequestFramingTests {
  /// What the decoder passes on.
  private struct Outcome: Equatable {
    var heads: [String] = []
    var bodies: [String] = []
    var ends = 0
    var error: HTTPParserError?
  }

  private static func outcome(of pieces: [Substring]) throws -> Outcome {
    let channel = EmbeddedChannel()
    let consumer = EagerConsumer()
    try channel.pipeline.syncOperations.addHandlers([BackPressureRequestDecoder(consumer: consumer), consumer])
    var outcome = Outcome()
    for piece in pieces {
      do {
        try channel.writeInbound(ByteBuffer(substring: piece))
      } catch let error as HTTPParserError {
        outcome.error = outcome.error ?? error
      }
    }
    while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head(let head):
        outcome.heads.append(head.uri)
        outcome.bodies.append("")
      case .body(let body): outcome.bodies[outcome.bodies.count - 1] += String(buffer: body)
      case .end: outcome.ends += 1
      }
    }
    _ = try? channel.finish()
    return outcome
  }

  /// Demands each request as soon as the one before it is complete.
  private final class EagerConsumer: ChannelInboundHandler, RequestConsumer {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private(set) var demand = InputDemand.request
    private(set) var bodyFraming = RequestFraming.BodyFraming.length(0)
    var hasUpgradeField = false
    var isBodyExpected: Bool { demand == .body }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        demand = .body
        let length = head.headers.first(name: "Content-Length").map { FieldList.trimmed($0[...]) }
        bodyFraming =
          head.headers.contains(name: "Transfer-Encoding") ? .chunked : .length(length.flatMap { Int($0) } ?? 0)
      case .body: break
      case .end: demand = .request
      }
      context.fireChannelRead(data)
    }

    func bytesReceived() {}
    func inputClosed() {}
    func closeAfterResponse() {}
  }

  /// Expects an outcome of a text sent whole, split at every byte, and byte by byte.
  private static func expect(_ text: String, _ expected: Outcome) throws {
    #expect(try outcome(of: [text[...]]) == expected, "\(text)")
    for cut in text.utf8.indices {
      #expect(try outcome(of: [text[..<cut], text[cut...]]) == expected, "\(text), split at \(cut)")
    }
    #expect(try outcome(of: text.utf8.indices.map { Substring(text.utf8[$0...].prefix(1)) }) == expected, "\(text)")
  }

  @Test("Pipelined requests are decoded unchanged, whatever frames their bodies")
  func pipelined() throws {
    let get = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
    let plain = "PATCH /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 6 \r\n\r\n\r\n\r\nab"
    let chunked =
      "PATCH /3 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\n\r\nc\r\n0A\r\n\r\n\r\nde\r\n\r\n\r\n0\r\n"
      + "Trailer: x\r\nY: z\r\n\r\n"
    let empty = "POST /4 HTTP/1.1\r\nContent-Length: 0\r\nhost: a\r\n\r\n"
    try Self.expect(
      "\r\n" + get + plain + "\r\n\r\n" + get + chunked.replacing("HTTP/1.0", with: "HTTP/1.1") + empty + get,
      Outcome(
        heads: ["/1", "/2", "/1", "/3", "/4", "/1"],
        bodies: ["", "\r\n\r\nab", "", "\r\nc\r\n\r\nde\r\n\r\n", "", ""], ends: 6))
    try Self.expect(chunked, Outcome(heads: ["/3"], bodies: ["\r\nc\r\n\r\nde\r\n\r\n"], ends: 1))
  }

  @Test(
    "A request line that names another protocol is refused, also after a request",
    arguments: ["RTSP/1.0", "RTSP/1.1", "ICE/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/1.10", "http/1.1"])
  func protocols(name: String) throws {
    for method in name.hasPrefix("ICE") ? ["SOURCE"] : ["GET", "OPTIONS"] {
      let foreign = "\(method) /beta/me \(name)\r\nHost: a\r\n\r\n"
      #expect(try Self.outcome(of: [foreign[...]]).heads.isEmpty, "\(foreign)")
      #expect(try Self.outcome(of: [foreign[...]]).error != nil, "\(foreign)")
      for cut in foreign.utf8.indices {
        let outcome = try Self.outcome(of: [foreign[..<cut], foreign[cut...]])
        #expect(outcome.heads.isEmpty && outcome.error != nil, "\(foreign), split at \(cut)")
      }
      let behind = try Self.outcome(of: [("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + foreign)[...]])
      #expect(behind.heads == ["/1"] && behind.ends == 1 && behind.error == .invalidVersion)
    }
    // Elsewhere the name has no meaning.
    let inField = "GET /1 HTTP/1.1\r\nHost: a\r\nX: \(name)\r\n\r\n"
    try Self.expect(inField, Outcome(heads: ["/1"], bodies: [""], ends: 1))
  }

  @Test(
    "A chunk of an impossible size is refused at its size",
    arguments: [
      "8000000000000000", "ffffffffffffffff", "0008000000000000000", "10000000000000000", "fffffffffffffffff0",
    ])
  func impossibleChunks(size: String) throws {
    let head = "PATCH /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for before in ["", "2\r\n{}\r\n"] {
      let text = head + before + size + "\r\n{}\r\n0\r\n\r\n"
      for cut in text.utf8.indices {
        let outcome = try Self.outcome(of: [text[..<cut], text[cut...]])
        #expect(outcome.heads == ["/1"] && outcome.ends == 0, "\(text), split at \(cut)")
        #expect(outcome.error != nil, "\(text), split at \(cut)")
      }
    }
  }

  @Test("A chunk size may have leading zeros")
  func longSizes() throws {
    let size = String(repeating: "0", count: 40) + "2"
    try Self.expect(
      "PATCH /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n{}\r\n\(size.dropLast())0\r\n\r\n",
      Outcome(heads: ["/1"], bodies: ["{}"], ends: 1))
    let large = "PATCH /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n{}"
    try Self.expect(large, Outcome(heads: ["/1"], bodies: ["{}"], ends: 0))
  }
}
