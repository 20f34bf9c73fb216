import Fixtures
import Foundation
import HTTPProbe
import OData
import ProfileServer
import Profiles
import Testing

/// Every bound of a request at its edge: the largest accepted value and the smallest refused one.
@Suite("Limits")
struct LimitsTests {
  @Test("Bodies, URLs, headers, depth and strings are accepted up to their bound and refused beyond it")
  func requestBounds() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      try await Self.bodies(facet, token)
      try await Self.urls(facet, token)
      try await Self.headers(facet, token)
      try await Self.nesting(facet, token)
      try await Self.strings(facet, token)
      // After each refusal the server is healthy and the phone unchanged.
      let phone = try await facet.probe.request("GET", Demo.phonePath, token: token)
      #expect(phone.status == 200)
    }
  }

  private static func patch(_ facet: FacetProcess, _ token: String, _ body: String) async throws -> HTTPAnswer {
    try await facet.probe.request("PATCH", Demo.phonePath, token: token, body: body)
  }

  private static func bodies(_ facet: FacetProcess, _ token: String) async throws {
    @Sendable func body(_ bytes: Int) -> String { "{" + String(repeating: " ", count: bytes - 2) + "}" }
    #expect(try await patch(facet, token, body(Limits.bodyBytesMax)).status == 200)
    let tooLarge = try await patch(facet, token, body(Limits.bodyBytesMax + 1))
    #expect(tooLarge.status == 413 && tooLarge.errorCode == "requestEntityTooLarge")
    // A body without Content-Length is counted as it arrives.
    let port = facet.httpPort
    for (bytes, status) in [(Limits.bodyBytesMax, 200), (Limits.bodyBytesMax + 1, 413)] {
      let answer = try await blocking {
        let connection = try HTTPConnection(port: port)
        try connection.send(
          "PATCH \(Demo.phonePath) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
            + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "\(String(bytes, radix: 16))\r\n\(body(bytes))\r\n0\r\n\r\n")
        return try connection.readAnswer().status
      }
      #expect(answer == status)
    }
  }

  private static func urls(_ facet: FacetProcess, _ token: String) async throws {
    let stem = "/beta/me?x="
    func url(_ bytes: Int) -> String { stem + String(repeating: "y", count: bytes - stem.utf8.count) }
    #expect(try await facet.probe.request("GET", url(Limits.urlBytesMax), token: token).status == 200)
    for bytes in [Limits.urlBytesMax + 1, 20_000] {
      let answer = try await facet.probe.request("GET", url(bytes), token: token)
      #expect(answer.status == 414 && answer.errorCode == "requestUriTooLong")
    }
    let list = "/beta/me/profile/phones?x="
    func listURL(_ bytes: Int) -> String { list + String(repeating: "y", count: bytes - list.utf8.count) }
    #expect(try await facet.probe.request("GET", listURL(Limits.listURLBytesMax), token: token).status == 200)
    #expect(try await facet.probe.request("GET", listURL(Limits.listURLBytesMax + 1), token: token).status == 414)
    let huge = try await facet.probe.request("GET", url(300_000), token: token)
    #expect(huge.status == 414 || huge.status == 431, "\(huge.status)")
  }

  private static func headers(_ facet: FacetProcess, _ token: String) async throws {
    let taken = try await facet.probe.request(
      "GET", Demo.phonePath, token: token, headers: ["X-Long": String(repeating: "z", count: 30_000)])
    #expect(taken.status == 200)
    let tooLong = try await facet.probe.request(
      "GET", Demo.phonePath, token: token, headers: ["X-Long": String(repeating: "z", count: Limits.headerBytesMax)])
    #expect(tooLong.status == 431 && tooLong.errorCode == "requestHeaderFieldsTooLarge")
    let many = Dictionary(uniqueKeysWithValues: (0..<Limits.headerCountMax).map { ("X-\($0)", "1") })
    #expect(try await facet.probe.request("GET", Demo.phonePath, token: token, headers: many).status == 431)
  }

  private static func nesting(_ facet: FacetProcess, _ token: String) async throws {
    // The body itself is one level.
    func body(_ depth: Int) -> String {
      #"{"@x":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
    }
    #expect(try await patch(facet, token, body(Limits.jsonDepthMax)).status == 200)
    let tooDeep = try await patch(facet, token, body(Limits.jsonDepthMax + 1))
    #expect(tooDeep.status == 400 && tooDeep.errorMessage?.contains("nesting") == true)
  }

  private static func strings(_ facet: FacetProcess, _ token: String) async throws {
    func body(_ bytes: Int) -> String { #"{"displayName":""# + String(repeating: "é", count: bytes / 2) + #""}"# }
    #expect(try await patch(facet, token, body(Limits.stringBytesMax)).status == 200)
    let tooLong = try await patch(facet, token, body(Limits.stringBytesMax + 2))
    #expect(tooLong.status == 400 && tooLong.errorMessage?.contains("displayName") == true)
    #expect(try await patch(facet, token, #"{"displayName":"Car Phone"}"#).status == 200)
  }

  @Test("Compressed bodies are inflated up to the bound")
  func compression() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      for (bytes, status) in [(100, 200), (Limits.bodyBytesMax, 200), (Limits.bodyBytesMax + 1, 413), (50 << 20, 413)] {
        let compressed = try await Self.gzip("{" + String(repeating: " ", count: bytes - 2) + "}")
        #expect(try await Self.send(compressed, "gzip", facet.httpPort, token).status == status, "\(bytes) bytes")
      }
      let whole = try await Self.gzip(#"{"displayName":"zipped"}"#)
      #expect(try await Self.send(whole, "gzip", facet.httpPort, token).json["displayName"] as? String == "zipped")
      #expect(try await Self.send(whole.dropLast(4), "gzip", facet.httpPort, token).status == 400)
      #expect(try await Self.send(Array("{}".utf8), "gzip", facet.httpPort, token).status == 400)
      #expect(try await Self.send(whole, "br", facet.httpPort, token).status == 415)
      #expect(try await Self.send(whole, "gzip, gzip", facet.httpPort, token).status == 415)
    }
  }

  private static func send(
    _ body: some Sequence<UInt8> & Sendable, _ encoding: String, _ port: Int, _ token: String
  ) async throws -> HTTPAnswer {
    let bytes = Array(body)
    return try await blocking {
      let connection = try HTTPConnection(port: port)
      let head =
        "PATCH \(Demo.phonePath) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
        + "Content-Type: application/json\r\nContent-Encoding: \(encoding)\r\nContent-Length: \(bytes.count)\r\n\r\n"
      try connection.send(Array(head.utf8) + bytes)
      return try connection.readAnswer()
    }
  }

  /// Compresses with the system's gzip: the server is not tested with its own library.
  private static func gzip(_ text: String) async throws -> [UInt8] {
    try await blocking {
      let folder = try FacetProcess.temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let file = folder.appendingPathComponent("body")
      try text.write(to: file, atomically: true, encoding: .utf8)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["gzip", file.path]
      try ProcessGate.run(process)
      process.waitUntilExit()
      return Array(try Data(contentsOf: file.appendingPathExtension("gz")))
    }
  }

  @Test("A collection holds 1,000 items and is paged; a person holds 16 MiB")
  func personBounds() async throws {
    try await withFacet { facet in
      let user = UUID().uuidString.lowercased()
      let token = try await facet.token(user: user)
      let port = facet.httpPort
      let phones = "/beta/me/profile/phones"
      try await blocking {
        let connection = try HTTPConnection(port: port)
        for number in 0..<Limits.itemsPerCollectionMax {
          try connection.send(HTTPProbe.text("POST", phones, token: token, body: #"{"number":"\#(number)"}"#))
          #expect(try connection.readAnswer().status == 201)
        }
        try connection.send(HTTPProbe.text("POST", phones, token: token, body: #"{"number":"x"}"#))
        let refused = try connection.readAnswer()
        #expect(refused.status == 409 && refused.errorCode == "quotaLimitReached")
        let pages = try Self.pages(connection, phones + "?$top=2000", token)
        #expect(pages.map(\.count) == [Limits.pageSizeMax, Limits.itemsPerCollectionMax - Limits.pageSizeMax])
        let items = pages.flatMap(\.self)
        #expect(items.map { $0["number"] as? String } == (0..<Limits.itemsPerCollectionMax).map { String($0) })
        #expect(Set(items.compactMap { $0["id"] as? String }).count == Limits.itemsPerCollectionMax)
      }
      try await Self.fillPerson(port, token, phones)
    }
  }

  /// Enlarges items up to the person's bound. The last write is refused and changes nothing.
  private static func fillPerson(_ port: Int, _ token: String, _ phones: String) async throws {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      let items = try Self.pages(connection, phones, token).flatMap(\.self)
      let text = String(repeating: "n", count: Limits.stringBytesMax)
      var held = 0
      for item in items {
        let path = "\(phones)/\(item["id"] as? String ?? "")"
        try connection.send(
          HTTPProbe.text("PATCH", path, token: token, body: #"{"displayName":"\#(text)","number":"\#(text)"}"#))
        let answer = try connection.readAnswer()
        guard answer.status == 200 else {
          #expect(answer.status == 409 && answer.errorCode == "quotaLimitReached")
          break
        }
        held += 2 * text.utf8.count
      }
      #expect(held < Limits.personBytesMax && held > Limits.personBytesMax - (2 << 20))
      // A page also ends at a number of bytes, which bounds what a server keeps for one response.
      let pages = try Self.pages(connection, phones + "?$top=999", token)
      let itemBytes = 2 * text.utf8.count
      #expect(pages.flatMap(\.self).count == items.count)
      #expect(
        pages[0].count >= Limits.answerBytesMax / (itemBytes + 2_000)
          && pages[0].count <= Limits.answerBytesMax / itemBytes + 1)
    }
  }

  /// All pages of a list, by following its links.
  static func pages(_ connection: HTTPConnection, _ path: String, _ token: String) throws -> [[[String: Any]]] {
    var pages: [[[String: Any]]] = []
    var next: String? = path
    while let target = next {
      try connection.send(HTTPProbe.text("GET", target, token: token))
      let page = try connection.readAnswer()
      pages.append(try #require(page.json["value"] as? [[String: Any]]))
      let link = page.json["@odata.nextLink"] as? String
      next = link.flatMap { URL(string: $0) }.map { "\($0.path)?\($0.query() ?? "")" }
    }
    return pages
  }

  @Test("A slow sender, and one that declares more than it sends, gets 408")
  func slowSenders() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let port = facet.httpPort
      let tooShort = HTTPProbe.text("PATCH", Demo.phonePath, token: token, body: "{\n}").replacing(
        "Length: 3", with: "Length: 382")
      async let body = Self.statusAfterSilence(port, tooShort)
      async let header = Self.statusAfterSilence(port, "GET /beta/me HTTP/1.1\r\nHost: a\r\n")
      async let passed = Self.statusAfterSilence(
        port, "POST /common/oauth2/v2.0/token HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
      // This one is answered before its body arrives; the rest of it is awaited no longer than usual.
      async let early = Self.statusAfterSilence(
        port, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
      let statuses = try await [body, header, passed, early]
      #expect(statuses == [408, 408, 408, 404])
    }
  }

  private static func statusAfterSilence(_ port: Int, _ text: String) async throws -> Int {
    try await blocking {
      let connection = try HTTPConnection(port: port)
      try connection.send(text)
      let status = try connection.readAnswer().status
      #expect(connection.isClosedByPeer())
      return status
    }
  }

  @Test("Connections up to the bound are answered; further ones wait until one closes")
  func connections() async throws {
    var files = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    files.rlim_cur = files.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    try await withFacet { facet in
      let port = facet.httpPort
      try await blocking {
        try ProcessGate.close {
          var open: [HTTPConnection] = []
          for _ in 0..<Limits.connectionsMax { open.append(try HTTPConnection(port: port)) }
          // The last of them is answered, so all were accepted.
          try open[Limits.connectionsMax - 1].send(HTTPProbe.text("GET", "/healthz"))
          #expect(try open[Limits.connectionsMax - 1].readAnswer().status == 200)
          let waiting = try HTTPConnection(port: port, timeoutSeconds: 1)
          try waiting.send(HTTPProbe.text("GET", "/healthz"))
          #expect(throws: HTTPConnection.Failure.timedOut) { try waiting.readAnswer() }
          open.removeFirst()
          #expect(try Self.patiently { try waiting.readAnswer() }.status == 200)
        }
      }
    }
  }

  /// Reads again after a timeout of the connection, for a busy machine.
  private static func patiently(_ read: () throws -> HTTPAnswer) throws -> HTTPAnswer {
    for _ in 0..<30 {
      do { return try read() } catch HTTPConnection.Failure.timedOut { continue }
    }
    return try read()
  }
}
