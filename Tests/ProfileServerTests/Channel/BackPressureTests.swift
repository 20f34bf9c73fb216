import NIOCore
import NIOEmbedded
import OData
import Testing

@testable import ProfileServer

/// A client that does not take its answers.
@Suite("Back pressure")
struct BackPressureTests {
  private static let request = "GET /beta/me HTTP/1.1\r\nHost: a\r\n\r\n"

  private static func issuer() async throws -> OwnIssuer {
    let keys = try TemporaryFolder()
    return try await OwnIssuer.forTests(directory: keys.path)
  }

  @Test("No queued request is answered while the connection is not writable, and all are afterwards")
  func waits() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let door = try service.connect()
    door.setWritable(false)
    try door.send(String(repeating: Self.request, count: 100))
    #expect(try door.statusLines() == [])
    door.setWritable(true)
    #expect(try door.statusLines().count == 100)
  }

  @Test("A request whose body ends while the connection is not writable waits as well")
  func bodyEnds() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let door = try service.connect()
    let patch = "PATCH /beta/me HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    try door.send(patch + "{")
    door.setWritable(false)
    try door.send("}" + Self.request)
    #expect(try door.statusLines() == [])
    door.setWritable(true)
    #expect(try door.statusLines().count == 2)
  }

  @Test("Requests that wait behind one that is not answered are bounded, to the byte", arguments: [0, 1])
  func pipelined(_ beyond: Int) async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let door = try service.connect()
    door.setWritable(false)
    try door.send(String(repeating: "x", count: Limits.pipelinedBytesMax + beyond))
    #expect(door.channel.isActive == (beyond == 0))
  }
}
