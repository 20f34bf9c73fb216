import Foundation
import HTTPProbe
import Testing

/// HTTP/1.1 connections to a running server.
@Suite("The HTTP/1.1 handler")
struct GraphHTTP1HandlerTests {
  @Test("Connections, pipelines, old versions and half-closed clients are answered as HTTP/1.1 demands")
  func connections() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let port = facet.httpPort
      let get = HTTPProbe.text("GET", Demo.phonePath, token: token)
      try await Self.keepsAlive(port, get)
      try await Self.closesWhenAsked(port, token)
      try await Self.answersOldClients(port, token)
      try await Self.pipelines(port, get, token)
      let patch = HTTPProbe.text("PATCH", Demo.phonePath, token: token, body: #"{"displayName":"h"}"#)
      try await Self.halfClosed(port, get, patch)
      try await Self.dropsWhatFollowsTheLast(port, token)
      try await Self.takesTurns(port, token, get)
      try await Self.continues(port, token)
      try await Self.chunks(port, token)
      try await Self.refusesNonsense(port)
    }
  }

  private static func keepsAlive(_ port: Int, _ get: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      for _ in 0..<3 {
        try connection.send(get)
        let answer = try connection.readAnswer()
        #expect(answer.status == 200 && answer.header("Connection") == nil)
      }
      // A route of Hummingbird's and one of the HTTP/1.1 handler alternate on one connection.
      try connection.send(HTTPProbe.text("GET", "/healthz"))
      #expect(try connection.readAnswer().text == "ok\n")
      try connection.send(get)
      #expect(try connection.readAnswer().status == 200)
    }
  }

  private static func closesWhenAsked(_ port: Int, _ token: String) async throws {
    try await blocking {
      for path in [Demo.phonePath, "/healthz"] {
        let connection = try HTTPConnection(port: port)
        try connection.send(HTTPProbe.text("GET", path, token: token, headers: ["Connection": "close"]))
        #expect(try connection.readAnswer().status == 200)
        #expect(connection.isClosedByPeer(), "\(path)")
      }
    }
  }

  private static func answersOldClients(_ port: Int, _ token: String) async throws {
    try await blocking {
      for path in [Demo.phonePath, "/healthz"] {
        let connection = try HTTPConnection(port: port)
        try connection.send("GET \(path) HTTP/1.0\r\nAuthorization: Bearer \(token)\r\n\r\n")
        #expect(try connection.readAnswer().status == 200)
        #expect(connection.isClosedByPeer(), "\(path)")
      }
    }
  }

  private static func pipelines(_ port: Int, _ get: String, _ token: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      let patches = (0..<20).map { number in
        HTTPProbe.text("PATCH", Demo.phonePath, token: token, body: #"{"displayName":"p\#(number)"}"#) + get
      }
      try connection.send(patches.joined())
      for number in 0..<20 {
        #expect(try connection.readAnswer().json["displayName"] as? String == "p\(number)")
        #expect(try connection.readAnswer().json["displayName"] as? String == "p\(number)")
      }
      // Requests that arrive while one waits for the disk are read ahead and wait their turn.
      for number in 20..<60 {
        try connection.send(patches[number % 20])
        if number.isMultiple(of: 3) { usleep(200) }
        try connection.send(get)
        for _ in 0..<3 { #expect(try connection.readAnswer().status == 200) }
      }
      // Recursion over many small requests would overflow the stack.
      let many = 3_000
      try connection.send(String(repeating: "GET /beta/x HTTP/1.1\r\nHost: a\r\n\r\n", count: many))
      for _ in 0..<many { #expect(try connection.readAnswer().status == 401) }
    }
  }

  private static func halfClosed(_ port: Int, _ get: String, _ patch: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send(get + get)
      connection.finishSending()
      #expect(try connection.readAnswer().status == 200)
      #expect(try connection.readAnswer().status == 200)
      #expect(connection.isClosedByPeer())
      // The end of input is noticed while the request waits for the disk.
      let writer = try HTTPConnection(port: port)
      try writer.send(patch)
      writer.finishSending()
      #expect(try writer.readAnswer().status == 200)
      #expect(writer.isClosedByPeer())
    }
  }

  private static func dropsWhatFollowsTheLast(_ port: Int, _ token: String) async throws {
    try await blocking {
      for pause: UInt32 in [0, 100, 1_000] {
        let connection = try HTTPConnection(port: port)
        let last = HTTPProbe.text(
          "PATCH", Demo.phonePath, token: token, headers: ["Connection": "close"],
          body: #"{"displayName":"l\#(pause)"}"#)
        try connection.send(last)
        usleep(pause)
        // The connection may be gone by now.
        try? connection.send("GET /beta/me HTTP/1.1\r\nHost: a\r\n\r\n")
        let text = String(decoding: try connection.readToEnd(), as: UTF8.self)
        #expect(
          text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.components(separatedBy: "HTTP/1.1 ").count == 2, "\(text)")
      }
    }
  }

  /// Responses as finished bytes, through the codec, and without a body, in any order on one connection.
  private static func takesTurns(_ port: Int, _ token: String, _ get: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      let health = HTTPProbe.text("GET", "/healthz")
      let head = HTTPProbe.text("HEAD", Demo.phonePath, token: token)
      let minimal = HTTPProbe.text(
        "PATCH", Demo.phonePath, token: token, headers: ["Prefer": "return=minimal"], body: #"{"displayName":"t"}"#)
      let old = get.replacing("HTTP/1.1\r\n", with: "HTTP/1.0\r\nConnection: keep-alive\r\n")
      for before in [health, get, head, minimal, old] {
        for (request, status) in [(get, 200), (head, 200), (minimal, 204), (health, 200), (old, 200)] {
          try connection.send(before)
          #expect(try connection.readAnswer(toHead: before == head).status / 100 == 2)
          try connection.send(request)
          #expect(try connection.readAnswer(toHead: request == head).status == status)
        }
      }
    }
  }

  private static func continues(_ port: Int, _ token: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      let whole = HTTPProbe.text(
        "PATCH", Demo.phonePath, token: token, headers: ["Expect": "100-continue"], body: "{}")
      try connection.send(String(whole.dropLast(2)))
      #expect(try connection.readAnswer().status == 100)
      try connection.send("{}")
      #expect(try connection.readAnswer().status == 200)
      try connection.send(HTTPProbe.text("GET", Demo.phonePath, token: token, headers: ["Expect": "the best"]))
      #expect(try connection.readAnswer().status == 417)
    }
  }

  private static func chunks(_ port: Int, _ token: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send(
        "PATCH \(Demo.phonePath) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
          + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "7\r\n{\"displ\r\na\r\nayName\":\"c\r\n2\r\n\"}\r\n0\r\n\r\n")
      #expect(try connection.readAnswer().json["displayName"] as? String == "c")
    }
  }

  private static func refusesNonsense(_ port: Int) async throws {
    for nonsense in [
      "nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /beta/me HTTP/1.1\r\nHost : a\r\n\r\n", "\u{0}\u{1}\r\n\r\n",
    ] {
      try await blocking {
        let connection = try HTTPConnection(port: port)
        try connection.send(nonsense)
        let answer = try connection.readAnswer()
        #expect(answer.status == 400 && answer.errorCode == "BadRequest", "\(nonsense)")
        #expect(connection.isClosedByPeer())
      }
    }
  }

  @Test("A browser's preflight is answered, and the headers that it needs are exposed")
  func crossOrigin() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let asked =
        "authorization, content-type, client-request-id, sdkversion, consistencylevel, prefer, if-match, x-own"
      let preflight = try await facet.probe.request(
        "OPTIONS", Demo.phonePath,
        headers: [
          "Origin": "https://app.example", "Access-Control-Request-Method": "PATCH",
          "Access-Control-Request-Headers": asked,
        ])
      #expect(preflight.status == 204)
      #expect(preflight.header("Access-Control-Allow-Origin") == "*")
      #expect(preflight.header("Access-Control-Allow-Methods")?.contains("PATCH") == true)
      let allowed = preflight.header("Access-Control-Allow-Headers") ?? ""
      for name in asked.components(separatedBy: ", ") { #expect(allowed.contains(name), "\(name)") }
      let answer = try await facet.probe.request(
        "GET", Demo.phonePath, token: token, headers: ["Origin": "https://app.example"])
      #expect(answer.header("Access-Control-Allow-Origin") == "*")
      for name in [
        "request-id", "client-request-id", "Retry-After", "ETag", "Location", "OData-Version", "WWW-Authenticate",
      ] {
        #expect(answer.header("Access-Control-Expose-Headers")?.contains(name) == true, "\(name)")
      }
      let plain = try await facet.probe.request("GET", Demo.phonePath, token: token)
      #expect(plain.header("Access-Control-Allow-Origin") == nil)
    }
  }

  @Test("client-request-id is echoed when it is short and printable")
  func clientRequestID() async throws {
    try await withFacet { facet in
      for (sent, isEchoed) in [
        ("4d2f7c1e", true), (String(repeating: "a", count: 128), true), (String(repeating: "a", count: 129), false),
        ("a\"b", false),
      ] {
        let answer = try await facet.probe.request("GET", "/beta/me", headers: ["client-request-id": sent])
        let echoed = answer.header("client-request-id")
        #expect((echoed == sent) == isEchoed && answer.header("request-id") != sent)
        let inner = (answer.json["error"] as? [String: Any])?["innerError"] as? [String: Any]
        #expect(inner?["client-request-id"] as? String == echoed)
        #expect(inner?["request-id"] as? String == answer.header("request-id"))
      }
    }
  }

  @Test("After SIGTERM a request in flight finishes, and the exit status is 0")
  func drains() async throws {
    let facet = try await FacetProcess.start()
    let token = try await facet.token(user: Demo.innocentyName)
    let port = facet.httpPort
    let body = #"{"displayName":"late"}"#
    let patch = HTTPProbe.text(
      "PATCH", Demo.phonePath, token: token, headers: ["Expect": "100-continue"], body: body)
    let status = try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send(String(patch.dropLast(body.count)))
      // A client that gets 100 Continue has been accepted.
      #expect(try connection.readAnswer().status == 100)
      try connection.send(String(body.dropLast(1)))
      kill(facet.ready.pid, SIGTERM)
      usleep(200_000)
      try connection.send("}")
      let status = try connection.readAnswer().status
      #expect(connection.isClosedByPeer())
      return status
    }
    #expect(status == 200)
    #expect(try await facet.stop() == 0)
  }
}
