import NIOCore
import NIOEmbedded
import OData
import Testing

@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer

/// A client that does not read its responses.
@Suite("Back pressure")
struct BackPressureTests {
  private static let request = "GET /beta/me HTTP/1.1\r\nHost: a\r\n\r\n"

  private static func issuer() async throws -> OwnIssuer {
    let keys = try TemporaryFolder()
    return try await OwnIssuer.forTests(directory: keys.path)
  }

  @Test("While the channel is not writable no pipelined request is answered; afterwards all are")
  func waits() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let http1 = try service.connect()
    http1.setWritable(false)
    try http1.send(String(repeating: Self.request, count: 100))
    #expect(try http1.statusLines() == [])
    http1.setWritable(true)
    #expect(try http1.statusLines().count == 100)
  }

  @Test("A request whose body ends while the channel is not writable waits too")
  func bodyEnds() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let http1 = try service.connect()
    let patch = "PATCH /beta/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    try http1.send(patch + "{")
    http1.setWritable(false)
    try http1.send("}" + Self.request)
    #expect(try http1.statusLines() == [])
    http1.setWritable(true)
    #expect(try http1.statusLines().count == 2)
  }

  @Test("Pipelined requests behind an unanswered one are bounded, to the byte", arguments: [0, 1])
  func pipelined(_ beyond: Int) async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let http1 = try service.connect()
    http1.setWritable(false)
    try http1.send(String(repeating: "x", count: Limits.pipelinedBytesMax + beyond))
    #expect(http1.channel.isActive == (beyond == 0))
  }

  @Test("A request that arrives after an idle connection was told of the shutdown is not performed")
  func quiesced() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let http1 = try service.connect()
    try http1.send(Self.request)
    #expect(try http1.statusLines().count == 1)
    http1.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    _ = try? http1.channel.writeInbound(ByteBuffer(string: Self.request))
    service.loop.run()
    #expect(try http1.statusLines() == [])
    #expect(!http1.channel.isActive)
  }

  @Test("A request in flight is answered when the server shuts down, and the response says that it is the last")
  func quiescedInFlight() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let http1 = try service.connect()
    try http1.send("PATCH /beta/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
    http1.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    service.loop.run()
    #expect(http1.channel.isActive)
    try http1.send("}" + Self.request)
    service.loop.run()
    let answers = try http1.received()
    #expect(
      answers.split(separator: "HTTP/1.1 ").count == 1 && answers.contains("Connection: close"), "\(answers)")
    #expect(!http1.channel.isActive)
  }
}
