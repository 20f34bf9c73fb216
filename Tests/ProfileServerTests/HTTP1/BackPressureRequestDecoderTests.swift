import Fixtures
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import OData
import Stores
import Testing

@testable import Authentication
@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer
@testable import Profiles

@Suite("Bounded decoding of requests")
struct BackPressureRequestDecoderTests {
  @Test("While a request waits for its response, one read is made ahead, and no more until the next request is parsed")
  func readsAhead() async throws {
    let (channel, http1, counter) = try Self.channel(try await Self.issuer())
    http1.phase = .responding(HTTPRequestHead(version: .http1_1, method: .PATCH, uri: "/beta/me"))
    channel.pipeline.read()
    #expect(counter.reads == 1)
    try channel.writeInbound(ByteBuffer(string: "GET /beta/me HTTP/1.1\r\nHost: a\r\n\r\n"))
    for _ in 0..<3 { channel.pipeline.read() }
    #expect(counter.reads == 1)
    http1.phase = .lingering
    http1.decoder?.parseInput()
    #expect(counter.reads == 2)
    channel.pipeline.read()
    #expect(counter.reads == 3)
  }

  @Test("A body is written whole, joined to its header section or after it", arguments: [-1, 0, 1])
  func bodies(_ beyond: Int) async throws {
    let issuer = try await Self.issuer()
    for size in [0, 1, Limits.joinedBodyBytesMax + beyond] {
      let (channel, http1, _) = try Self.channel(issuer)
      let writer = try #require(http1.writer)
      let body = ByteBuffer(repeating: UInt8(ascii: "x"), count: size)
      let response = GraphResponse(
        status: .created, headers: [.contentLength: "\(size)", .entityTag: "W/\"1\""], body: .bytes(body))
      response.write(to: writer)
      writer.flush()
      var sent = ByteBuffer()
      while var part = try channel.readOutbound(as: ByteBuffer.self) { sent.writeBuffer(&part) }
      let head = "HTTP/1.1 201 Created\r\nContent-Length: \(size)\r\nETag: W/\"1\"\r\n\r\n"
      #expect(String(buffer: sent) == head + String(repeating: "x", count: size))
    }
  }

  @Test(
    "A response to HEAD has no body, even when the request cannot be parsed (RFC 9110 section 9.3.2)",
    arguments: [
      "HEAD be HTTP/1.1\r\n", "HEAD /beta/me HTTP/3.0\r\n", "HEAD /beta/me RTSP/1.0\r\n", "\r\nHEAD be HTTP/1.1\r\n",
      "HEAD /beta/me HTTP/1.1\r\na b: c\r\n", "HEAD /beta/%zz HTTP/1.1\r\n",
      "HEAD /beta/me HTTP/1.1\r\nA: \(String(repeating: "a", count: 100_000))\r\n",
    ])
  func unreadableHead(_ lines: String) async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let text = lines + "Host: a\r\n\r\n"
    let pieces = text.utf8.count < 1_000 ? [[text], text.utf8.map { String(UnicodeScalar($0)) }] : [[text]]
    for pieces in pieces {
      let (heads, others) = (try service.connect(), try service.connect())
      for piece in pieces { try heads.send(piece) }
      try others.send(text.replacing("HEAD", with: "HEA"))
      let (answer, other) = (try heads.received(), try others.received())
      #expect(answer.hasPrefix("HTTP/1.1 4") && answer.hasSuffix("\r\n\r\n"), "\(pieces.count) pieces: \(answer)")
      #expect(other.hasPrefix("HTTP/1.1 4") && other.hasSuffix("}"), "A response to another method has one")
    }
  }

  /// Made before the channel, which must stay on one thread.
  private static func issuer() async throws -> OwnIssuer {
    let keys = try TemporaryFolder()
    return try await OwnIssuer.forTests(directory: keys.path)
  }

  /// A channel with nothing but a decoder and, next to the socket, a counter of reads.
  private static func channel(_ issuer: OwnIssuer) throws -> (EmbeddedChannel, GraphHTTP1Handler, ReadCounter) {
    let channel = EmbeddedChannel()
    let service = ProfileService(
      store: try SQLiteStore.temporary(), environment: RequestLifeTests.environment, evaluations: .onThreads())
    let addresses = try #require(AuthorityAddresses(publicURL: nil))
    let verifier = TokenVerifier(
      own: issuer, addresses: addresses, issuers: [], clock: { 0 },
      logger: Logger(label: "test"))
    let graph = GraphHandler(
      session: try service.makeSession { _ in },
      authenticator: RequestAuthenticator(verifier: verifier, addresses: addresses, eventLoop: channel.eventLoop),
      settings: GraphSettings(
        sourceShape: .auto, lenientNames: false, pageTokenCipher: PageTokenCipher(), batchRequestsMax: 1),
      metrics: ServerMetrics(), logger: Logger(label: "test"))
    let environment = GraphHTTP1Environment(
      isSecure: false, origin: ServiceOrigin(publicURL: nil), timeouts: ConnectionTimeouts())
    let http1 = GraphHTTP1Handler(graph: graph, environment: environment)
    let counter = ReadCounter()
    let decoder = BackPressureRequestDecoder(consumer: http1)
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandlers([counter, decoder])
    http1.decoder = decoder
    http1.writer = SerializedResponseWriter(try pipeline.context(handler: decoder))
    return (channel, http1, counter)
  }
}

/// Counts the reads that reach the socket.
private final class ReadCounter: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private(set) var reads = 0

  func read(context: ChannelHandlerContext) { reads += 1 }
}
