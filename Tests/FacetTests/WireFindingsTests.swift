import Foundation
import HTTPProbe
import OData
import Testing

/// Faults that were once found on the wire, and must not return.
@Suite("Wire findings")
struct WireFindingsTests {
  private static let profile = "/beta/me/profile?$expand=phones"
  private static let items = "/beta/me/profile/phones"

  /// A person with `count` phones of `bytes` bytes each, and a token of theirs.
  private static func person(
    _ facet: FacetProcess, phones count: Int, bytes: Int = 10, audience: String = "organization"
  ) async throws -> (id: String, token: String) {
    let user = UUID().uuidString.lowercased()
    let token = try await facet.token(user: user, scopes: "User.ReadWrite")
    let port = facet.httpPort
    let text = String(repeating: "n", count: bytes)
    try await blocking {
      let connection = try HTTPConnection(port: port)
      for _ in 0..<count {
        let body = #"{"displayName":"\#(text)","allowedAudiences":"\#(audience)"}"#
        try connection.send(HTTPProbe.text("POST", items, token: token, body: body))
        #expect(try connection.readAnswer().status == 201)
      }
    }
    return (user, token)
  }

  @Test("HEAD of a long response has no body, and the connection stays in step")
  func headOfLongList() async throws {
    try await withFacet { facet in
      let (_, token) = try await Self.person(facet, phones: 70, bytes: 2_000)
      let port = facet.httpPort
      try await blocking {
        let connection = try HTTPConnection(port: port)
        try connection.send(HTTPProbe.text("HEAD", Self.profile, token: token))
        #expect(try connection.readAnswer(toHead: true).status == 200)
        #expect(try connection.readToEnd().isEmpty)
      }
      let short = try await facet.probe.request("HEAD", Demo.phonePath, token: token)
      #expect(short.status == 404 && short.header("Content-Length") != nil)
    }
  }

  @Test("A half-closed client gets the response to its write, and all of a long response")
  func halfClosed() async throws {
    try await withFacet { facet in
      let (_, token) = try await Self.person(facet, phones: 300, bytes: 20_000)
      let port = facet.httpPort
      try await blocking {
        for _ in 0..<20 {
          let connection = try HTTPConnection(port: port)
          try connection.send(HTTPProbe.text("POST", Self.items, token: token, body: #"{"number":"1"}"#))
          connection.finishSending()
          #expect(try connection.readAnswer().status == 201)
        }
        let connection = try HTTPConnection(port: port)
        try connection.send(HTTPProbe.text("GET", Self.profile, token: token))
        connection.finishSending()
        #expect((try connection.readAnswer().json["phones"] as? [Any])?.count == 320)
      }
    }
  }

  @Test("A half-closed client that reads slowly gets every response that it was waiting for")
  func halfClosedSlowReader() async throws {
    try await withFacet { facet in
      let (user, token) = try await Self.person(facet, phones: 3, bytes: 20_000)
      let port = facet.httpPort
      // More than the system takes while nothing is read.
      let count = 150
      try await blocking {
        let connection = try HTTPConnection(port: port)
        let request = HTTPProbe.text("GET", "/beta/users/\(user)/profile/phones", token: token)
        for _ in 0..<count { try connection.send(request) }
        connection.finishSending()
        sleep(1)
        var statuses: [Int] = []
        for _ in 0..<count { statuses.append(try connection.readAnswer().status) }
        #expect(statuses.count { $0 == 200 } == count, "\(statuses)")
        #expect(connection.isClosedByPeer())
      }
    }
  }

  @Test("A slow reader gets all of a long response before the connection closes")
  func slowReader() async throws {
    try await withFacet { facet in
      let (_, token) = try await Self.person(facet, phones: 300, bytes: 20_000)
      let port = facet.httpPort
      for version in ["1.1", "1.0"] {
        let list = try await blocking {
          let connection = try HTTPConnection(port: port)
          let request = HTTPProbe.text("GET", Self.profile, token: token, headers: ["Connection": "close"])
          try connection.send(request.replacing("HTTP/1.1", with: "HTTP/\(version)"))
          usleep(3_500_000)
          return try connection.readAnswer()
        }
        #expect((list.json["phones"] as? [Any])?.count == 300, "HTTP/\(version)")
      }
    }
  }

  @Test("Nothing about a list reveals how many items the caller does not see")
  func framing() async throws {
    try await withFacet { facet in
      let colleague = try await facet.token(user: Demo.amara, scopes: "User.Read.All")
      var answers: Set<String> = []
      for count in [0, 1, 63, 64, 65, 300] {
        let (user, _) = try await Self.person(
          facet, phones: max(count, 1), audience: count == 0 ? "organization" : "me")
        guard count > 0 else { continue }
        let list = try await facet.probe.request("GET", "/beta/users/\(user)/profile/phones", token: colleague)
        let names = list.headers.map { $0.name.lowercased() }.sorted().joined(separator: ",")
        answers.insert("\(list.status) \(names) \(list.text.replacing(user, with: "U"))")
      }
      #expect(answers.count == 1, "\(answers)")
    }
  }

  @Test("A long body without a token is refused before it is read")
  func anonymousBodies() async throws {
    try await withFacet { facet in
      let port = facet.httpPort
      for encoding in ["", "Content-Encoding: gzip\r\n"] {
        let answer = try await blocking {
          let connection = try HTTPConnection(port: port)
          try connection.send(
            "PATCH \(Demo.phonePath) HTTP/1.1\r\nHost: a\r\n\(encoding)Content-Type: application/json\r\n"
              + "Content-Length: 1000000\r\nclient-request-id: mine\r\n\r\n")
          return try connection.readAnswer()
        }
        #expect(answer.status == 401 && answer.header("client-request-id") == "mine")
      }
    }
  }

  @Test("HTTP/1.1 takes exactly one Host; an absolute target overrides it")
  func hosts() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let port = facet.httpPort
      let end = "Authorization: Bearer \(token)\r\n\r\n"
      for (head, status) in [
        ("GET \(Demo.phonePath) HTTP/1.1\r\n", 400),
        ("GET \(Demo.phonePath) HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET http://elsewhere\(Demo.phonePath) HTTP/1.1\r\nHost: facet_server:8080\r\n", 200),
      ] {
        let answer = try await blocking {
          let connection = try HTTPConnection(port: port)
          try connection.send(head + end)
          return try connection.readAnswer()
        }
        #expect(answer.status == status, "\(head)")
        if status == 200 { #expect(answer.text.contains("http://elsewhere/beta/$metadata")) }
      }
    }
  }

  @Test("A page of another site cannot reset the demo, and other data is not reset")
  func reset() async throws {
    try await withFacet { facet in
      for headers in [["Origin": "https://evil.example"], ["Sec-Fetch-Site": "cross-site"]] {
        let answer = try await facet.probe.request("POST", "/_facet/reset", headers: headers)
        #expect(answer.status == 403 && answer.errorMessage?.isEmpty == false)
      }
      #expect(try await facet.probe.request("POST", "/_facet/reset").status == 204)
    }
    let data = try FacetProcess.temporaryFolder()
    let people = #"{"user":{"id":"u1","displayName":"One"}}"#
    #expect(try await FacetProcess.run(["import", "--data", data.path], input: people).status == 0)
    let facet = try await FacetProcess.start(data: data)
    #expect(try await facet.probe.request("POST", "/_facet/reset").status == 403)
    #expect(try await FacetProcess.run(["export", "--data", data.path]).output.contains("One"))
    #expect(try await facet.stop() == 0)
  }

  @Test("An unknown route is answered with Graph's error envelope")
  func otherPaths() async throws {
    try await withFacet { facet in
      for path in ["/", "/foo", "/me/profile"] {
        let answer = try await facet.probe.request("GET", path)
        #expect(answer.status == 404 && answer.errorMessage?.contains("/beta") == true, "\(path)")
      }
      #expect(try await facet.probe.request("HEAD", "/healthz").status == 200)
      let preflight = try await facet.probe.request(
        "OPTIONS", "/openapi.json",
        headers: ["Origin": "https://app.example", "Access-Control-Request-Method": "GET"])
      #expect(preflight.status == 204 && preflight.header("Access-Control-Allow-Origin") == "*")
    }
  }

  @Test("The ready file of an earlier run is removed at the start, and its own at the end")
  func readyFile() async throws {
    let facet = try await FacetProcess.start()
    let files = try FileManager.default.contentsOfDirectory(atPath: facet.data.path)
    let ready = try #require(files.first { $0.hasPrefix("ready-") })
    #expect(try await facet.stop() == 0)
    #expect(!FileManager.default.fileExists(atPath: facet.data.appendingPathComponent(ready).path))
  }

  @Test("An import cannot move a person, with all they hold, to another tenant")
  func otherTenant() async throws {
    let data = try FacetProcess.temporaryFolder()
    let first = #"{"tenant":"aaaaaaaa-0000-4000-8000-000000000001","user":{"id":"u1","displayName":"One"}}"#
    let second = first.replacing("000000000001", with: "000000000002")
    #expect(try await FacetProcess.run(["import", "--data", data.path], input: first).status == 0)
    let moved = try await FacetProcess.run(["import", "--data", data.path], input: second)
    #expect(moved.status != 0 && moved.errors.contains("another tenant"))
  }
}
