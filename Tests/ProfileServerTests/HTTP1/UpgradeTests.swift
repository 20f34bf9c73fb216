import NIOCore
import NIOEmbedded
import Testing

@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer

/// Upgrades, which are not offered (RFC 9110 section 7.8), tunnels (section 9.3.6), and the HTTP/2 connection preface
/// (RFC 9113 section 3.4).
@Suite("Requests for another protocol")
struct UpgradeTests {
  private static let next = "GET /beta/me HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let unauthorized = "HTTP/1.1 401 Unauthorized"

  /// Made before the channels, which must stay on one thread.
  private static func issuer() async throws -> OwnIssuer {
    let keys = try TemporaryFolder()
    return try await OwnIssuer.forTests(directory: keys.path)
  }

  private static func request(_ fields: String, _ method: String = "GET", body: String = "") -> String {
    "\(method) /beta/me HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
  }

  private static let upgrades = [
    request("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
    request("Connection: keep-alive, upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
    request("Upgrade: TLS/1.0\r\nConnection: Upgrade\r\n"),
    // Without the `Connection` option the field asks for nothing, and the decoder does not stop.
    request("Upgrade: h2c\r\n"),
    request("Connection: upgrade\r\n"),
    request(
      "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Type: application/json\r\nContent-Length: 7\r\n", "PATCH",
      body: "{\r\n\r\n }"),
    request(
      "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Type: application/json\r\nContent-Length: 0\r\n", "PATCH"),
  ]

  @Test("An upgrade is ignored, and the connection continues", arguments: upgrades)
  func continues(_ request: String) async throws {
    let service = try EmbeddedService(try await Self.issuer())
    // Sent together, then one by one.
    for pieces in [[request + Self.next + Self.next], [request, Self.next, Self.next]] {
      let http1 = try service.connect()
      for piece in pieces { try http1.send(piece) }
      #expect(try http1.statusLines() == Array(repeating: Self.unauthorized, count: 3), "\(pieces.count) pieces")
      #expect(http1.channel.isActive)
    }
  }

  @Test("An upgrade is ignored wherever the bytes are split")
  func everySplit() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    for request in Self.upgrades {
      let bytes = Array((request + Self.next + request + Self.next).utf8)
      for split in bytes.indices {
        let http1 = try service.connect()
        try http1.send(String(decoding: bytes[..<split], as: UTF8.self))
        try http1.send(String(decoding: bytes[split...], as: UTF8.self))
        #expect(try http1.statusLines().count == 4, "\(request) split at \(split)")
      }
      let http1 = try service.connect()
      for byte in bytes { try http1.send(String(UnicodeScalar(byte))) }
      #expect(try http1.statusLines().count == 4, "\(request) byte by byte")
    }
  }

  @Test("CONNECT is refused, and the connection is closed")
  func connect() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let http1 = try service.connect()
    try http1.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + Self.next)
    #expect(try http1.statusLines() == ["HTTP/1.1 501 Not Implemented"])
    try http1.send(Self.next)
    #expect(try http1.statusLines() == [])
  }

  @Test("A request that only resembles the HTTP/2 preface is refused, however it is split")
  func nearlyPreface() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let lines = [
      "PRI * HTIIIIIIITP/2.0", "PRI * HTTP/2.1", "PRI /beta/me HTTP/2.0", "PRI * HTTP/1.0", "PRI * HTTP/1.1",
      "PRI / HTTP/1.1",
    ]
    for line in lines {
      // NIO's decoder might wait for the rest.
      let text = line + "\r\n\r\nSM"
      for pieces in [[text], text.utf8.map { String(UnicodeScalar($0)) }] {
        let http1 = try service.connect()
        for piece in pieces { try http1.send(piece) }
        let answer = try http1.received()
        #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(line) in \(pieces.count) pieces")
      }
    }
  }

  @Test("The HTTP/2 preface gets no response: the connection is closed")
  func preface() async throws {
    let service = try EmbeddedService(try await Self.issuer())
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    for pieces in [[preface + Self.next], preface.utf8.map { String(UnicodeScalar($0)) }, [Self.next, preface]] {
      let http1 = try service.connect()
      for piece in pieces { try http1.send(piece) }
      #expect(try http1.statusLines().count == (pieces[0] == Self.next ? 1 : 0))
      #expect(!http1.channel.isActive)
    }
  }
}
