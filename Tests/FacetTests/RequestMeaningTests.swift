import Foundation
import HTTPProbe
import Testing

/// Ambiguous requests, against a running server: each is refused, or has one meaning for every reader.
@Suite("Ambiguous requests")
struct RequestMeaningTests {
  /// A request as bytes, with the status of its response; nil stands for no response. Another request is always sent
  /// after it, which shows whether the connection goes on.
  private struct Case {
    let bytes: [UInt8]
    let status: Int
    let isLast: Bool

    init(_ text: String, _ status: Int, isLast: Bool = false, body: [UInt8] = []) {
      bytes = Array(text.utf8) + body
      self.status = status
      self.isLast = isLast
    }
  }

  /// Sends each case and a further request on a connection of its own, and checks everything that comes back.
  private func run(_ cases: [Case], on facet: FacetProcess) async throws {
    let port = facet.httpPort
    for item in cases {
      let next = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      let sent = String(decoding: item.bytes, as: UTF8.self)
      try await blocking {
        let connection = try HTTPConnection(port: port)
        try connection.send(item.bytes + next.utf8)
        let answers = String(decoding: try connection.readToEnd(), as: UTF8.self)
        let statuses = answers.replacing("HTTP/1.0 ", with: "HTTP/1.1 ").components(separatedBy: "HTTP/1.1 ")
          .dropFirst()
          .compactMap { Int($0.prefix(3)) }
        #expect(statuses == (item.isLast ? [item.status] : [item.status, 200]), "\(sent)")
        // Every refusal has a reason, in Graph's error envelope.
        #expect(item.status < 400 || answers.contains(#"{"error":{"code":""#), "\(sent)")
      }
    }
  }

  private static func get(
    _ target: String, _ fields: String..., host: String? = "a", version: String = "HTTP/1.1", method: String = "GET"
  ) -> String {
    let lines = (host.map { ["Host: \($0)"] } ?? []) + fields
    return "\(method) \(target) \(version)\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
  }

  private static func patch(_ token: String, _ fields: [String], _ body: String, version: String = "HTTP/1.1") -> String
  {
    let lines = ["Host: a", "Authorization: Bearer \(token)", "Content-Type: application/json"] + fields
    return "PATCH \(Demo.phonePath) \(version)\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
  }

  @Test("A malformed path is refused with a sentence, not as a path of another service")
  func paths() async throws {
    try await withFacet { facet in
      for path in ["/beta/%zz", "/beta/me%00", "/beta/%c0%af", "/beta/me%0d%0aX:y", "/v1.0/%", "/beta/%ed%a0%80"] {
        let answer = try await facet.probe.request("GET", path)
        #expect(answer.status == 400 && answer.errorMessage?.contains("segment of the path could not be read") == true)
        let batch = #"{"requests":[{"id":"1","method":"GET","url":"\#(path)"}]}"#
        let token = try await facet.token(user: Demo.innocentyName)
        let part = try await facet.probe.request("POST", "/beta/$batch", token: token, body: batch)
        #expect(part.text.contains(#""status":400"#) && part.text.contains("could not be read"), "\(path)")
      }
      for path in ["/beta?%zz=1", "/beta/$metadata?%c0=1", "/beta?$format=%zz"] {
        #expect(try await facet.probe.request("GET", path).status == 400, "\(path)")
      }
      #expect(try await facet.probe.request("GET", "/beta").status == 200)
    }
  }

  @Test("A target in absolute form supplies the path and the host; other forms are refused")
  func targets() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let authorization = "Authorization: Bearer \(token)"
      try await run(
        [
          Case(Self.get("http://x?a=/beta/me", authorization), 404),
          Case(Self.get("http://x/beta/me", authorization), 200),
          Case(Self.get("HTTPS://x:443/beta"), 200), Case(Self.get("http://u@x/beta"), 400, isLast: true),
          Case(Self.get("http:///beta"), 400, isLast: true), Case(Self.get("ftp://x/beta"), 400, isLast: true),
          Case(Self.get("http://x:99999/beta"), 400, isLast: true), Case(Self.get("*"), 400, isLast: true),
          Case(Self.get("/beta/me#a"), 400, isLast: true), Case(Self.get("http://x/beta", host: ""), 400, isLast: true),
        ], on: facet)
      let port = facet.httpPort
      let root = try await blocking {
        let connection = try HTTPConnection(port: port)
        try connection.send(Self.get("http://people.example:8080/beta", host: "other.example"))
        return try connection.readAnswer().json["@odata.context"] as? String
      }
      #expect(root == "http://people.example:8080/beta/$metadata")
    }
  }

  @Test("A malformed Host, and a version other than HTTP/1.0 or 1.1, are refused")
  func hostsAndProtocols() async throws {
    try await withFacet { facet in
      var cases = ["", "localhost:80", "[::1]:80", "a:"].map { Case(Self.get("/beta", host: $0), 200) }
      cases += ["a b", "a, b", "a,b", "u@a", "a:b", "a:99999", "[::1", "[::g]:80", "a/b", "é"].map {
        Case(Self.get("/beta", host: $0), 400, isLast: true)
      }
      cases += ["RTSP/1.0", "RTSP/1.1", "HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9", "http/1.1"].map {
        Case(Self.get("/beta", version: $0), 400, isLast: true)
      }
      cases += [
        Case(Self.get("/beta", version: "RTSP/1.0", method: "OPTIONS"), 400, isLast: true),
        Case(Self.get("/beta", version: "RTSP/1.0", method: "DESCRIBE"), 400, isLast: true),
        Case(Self.get("/beta", version: "ICE/1.0", method: "SOURCE"), 400, isLast: true),
        Case(Self.get("/beta", host: nil), 400, isLast: true),
        Case(Self.get("/beta", host: nil, version: "HTTP/1.0"), 200, isLast: true),
        Case(Self.get("/beta", "Host: a"), 400, isLast: true),
      ]
      try await run(cases, on: facet)
    }
  }

  @Test("A body has unambiguous framing, or its request is the last of the connection")
  func framing() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let chunk = "2\r\n{}\r\n0\r\n\r\n"
      func chunked(_ fields: String..., body: String? = nil, version: String = "HTTP/1.1") -> String {
        Self.patch(token, fields, body ?? chunk, version: version)
      }
      var cases = [
        Case(chunked("Transfer-Encoding: Chunked"), 200),
        Case(chunked("Transfer-Encoding: gzip, chunked"), 501, isLast: true),
        Case(chunked("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"), 501, isLast: true),
        Case(chunked("Transfer-Encoding: chunked", version: "HTTP/1.0"), 200, isLast: true),
        Case(chunked("Transfer-Encoding: chunked", "Connection: keep-alive", version: "HTTP/1.0"), 200, isLast: true),
        Case(chunked("Transfer-Encoding: chunked", "Content-Length: 2"), 400, isLast: true),
        Case(chunked("Content-Length: 2", "Transfer-Encoding: chunked"), 400, isLast: true),
      ]
      cases += ["", "gzip", "identity", "chunked, gzip", "chunked, chunked", "xchunked", "\u{B}chunked"].map {
        Case(chunked("Transfer-Encoding: \($0)"), 400, isLast: true)
      }
      cases.append(Case(Self.get("/beta", "Transfer-Encoding: "), 400, isLast: true))
      cases += ["8000000000000000", "ffffffffffffffff", "10000000000000000", "-2", "+2", "0x2", "2 ", ""].map {
        Case(chunked("Transfer-Encoding: chunked", body: "\($0)\r\n{}\r\n0\r\n\r\n"), 400, isLast: true)
      }
      cases.append(Case(chunked("Transfer-Encoding: chunked", body: "000000000000000002\r\n{}\r\n0\r\n\r\n"), 200))
      cases.append(Case(Self.patch(token, ["Content-Length: 2 ", "X: "], "{}"), 200))
      cases += ["9223372036854775808", "1048577"].map {
        Case(Self.patch(token, ["Content-Length: \($0)"], "{}"), 413, isLast: true)
      }
      try await run(cases, on: facet)
    }
  }

  @Test("A header field that is not a list occurs once, in requests of a batch too")
  func repeatedFields() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      var cases: [Case] = []
      for field in [
        "Authorization: Bearer \(token)", "authorization: Bearer x", "Content-Type: text/plain", "content-length: 2",
      ] {
        cases.append(Case(Self.patch(token, ["Content-Length: 2", field], "{}"), 400, isLast: true))
      }
      for field in ["OData-Version: 4.0", "OData-MaxVersion: 4.0", "Idempotency-Key: a", "client-request-id: a"] {
        cases.append(Case(Self.patch(token, ["Content-Length: 2", field, field], "{}"), 400, isLast: true))
      }
      for field in ["If-Match: *", "Prefer: return=minimal", "Accept: */*"] {
        let status = field.hasPrefix("If-Match") ? 400 : field.hasPrefix("Prefer") ? 204 : 200
        let request = Self.patch(token, ["Content-Length: 2", field, field], "{}")
        cases.append(Case(request, status))
      }
      try await run(cases, on: facet)
      try await Self.twiceInBodies(facet, token)
      let headers = #"{"Content-Type":"application/json","content-type":"text/plain"}"#
      let batch =
        #"{"requests":[{"id":"1","method":"PATCH","url":"/me/profile/phones/x","headers":\#(headers),"body":{}}]}"#
      let answer = try await facet.probe.request("POST", "/beta/$batch", token: token, body: batch)
      #expect(answer.status == 400 && answer.errorMessage?.contains("Content-Type") == true)
    }
  }

  /// A duplicate member, of which two readers may take different ones.
  private static func twiceInBodies(_ facet: FacetProcess, _ token: String) async throws {
    for body in [
      #"{"requests":[{"id":"1","method":"GET","method":"DELETE","url":"/me"}]}"#,
      #"{"requests":[{"id":"1","method":"GET","url":"/me","url":"/users"}]}"#,
      #"{"requests":[],"requests":[{"id":"1","method":"GET","url":"/me"}]}"#,
      #"{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"Prefer":"a","Prefer":"b"}}]}"#,
    ] {
      let answer = try await facet.probe.request("POST", "/beta/$batch", token: token, body: body)
      #expect(answer.status == 400 && answer.errorMessage?.contains("stands twice") == true, "\(body)")
    }
    let administrator = try await facet.token(
      user: Demo.innocentyName, scopes: "Group.ReadWrite.All", extra: ["--administrator"])
    let group = try await facet.probe.request(
      "POST", "/beta/groups", token: administrator, body: #"{"displayName":"g"}"#)
    let id = try #require(group.json["id"] as? String)
    for second in ["@odata.id", "@id"] {
      let body = #"{"@odata.id":"/users/\#(Demo.innocenty)","\#(second)":"/users/somebody"}"#
      let answer = try await facet.probe.request(
        "POST", "/beta/groups/\(id)/members/$ref", token: administrator, body: body)
      #expect(answer.status == 400, "\(body)")
    }
  }

  @Test("A key that is not UTF-8 is refused, so that two of them cannot become one")
  func unreadableKeys() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let port = facet.httpPort
      for key: [UInt8] in [[0xFF], [0xFE], Array("é".utf8)] {
        try await blocking {
          let connection = try HTTPConnection(port: port)
          let body = #"{"displayName":"key"}"#
          let head = HTTPProbe.text("POST", "/beta/me/profile/notes", token: token, headers: ["Idempotency-Key": "KEY"])
          let parts = head.components(separatedBy: "KEY\r\n")
          let rest = "\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" + parts[1] + body
          try connection.send(Array(parts[0].utf8) + key + rest.utf8)
          #expect(try connection.readAnswer().status == 400)
        }
      }
    }
  }

  @Test("Every list field may have empty elements")
  func lists() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      let phone = try await facet.probe.request("GET", Demo.phonePath, token: token)
      let tag = try #require(phone.header("ETag"))
      for field in ["\(tag),", ", \(tag)", "\"a,b\",,\(tag)", "*,"] {
        for (name, status) in [("If-Match", 200), ("If-None-Match", 304)] {
          let answer = try await facet.probe.request("GET", Demo.phonePath, token: token, headers: [name: field])
          #expect(answer.status == status, "\(name): \(field)")
        }
        let patch = try await facet.probe.request(
          "PATCH", Demo.phonePath, token: token, headers: ["If-Match": field], body: "{}")
        #expect(patch.status == 200, "\(field)")
      }
      for field in [",", "\"a", "W/\"1\" W/\"2\""] {
        let answer = try await facet.probe.request("GET", Demo.phonePath, token: token, headers: ["If-Match": field])
        #expect(answer.status == 400, "\(field)")
      }
      // Text in quotes is neither a preference nor a media type.
      let quoted = try await facet.probe.request(
        "PATCH", Demo.phonePath, token: token, headers: ["Prefer": #"x="a, return=minimal;return=minimal""#], body: "{}"
      )
      #expect(quoted.status == 200)
      let document = try await facet.probe.request("GET", "/beta/$metadata")
      let own = try #require(document.header("ETag"))
      for (field, status) in [("\"a\", \(own),", 304), ("W/\(own)", 304), ("\"x\(own.dropFirst())", 200), ("a", 400)] {
        for path in ["/beta/$metadata"] {
          #expect(
            try await facet.probe.request("GET", path, headers: ["If-None-Match": field]).status == status, "\(field)")
        }
      }
    }
  }

  @Test("Content codings are known by their aliases, and a body of several gzip members is whole")
  func codings() async throws {
    try await withFacet { facet in
      let token = try await facet.token(user: Demo.innocentyName)
      // The members hold {"displayName": and "two"}.
      let first = Self.bytes("1f8b0800000000000203ab564ac92c2ec849acf44bcc4d55b20200f05f41610f000000")
      let second = Self.bytes("1f8b0800000000000203532a29cf57aa0500081c91cb06000000")
      let bare = Self.bytes("ab564ac92c2ec849acf44bcc4d55b2522a29cf57aa0500")
      func compressed(_ coding: String, _ body: [UInt8], _ status: Int, isLast: Bool = false) -> Case {
        let head = Self.patch(token, ["Content-Encoding: \(coding)", "Content-Length: \(body.count)"], "")
        return Case(head, status, isLast: isLast, body: body)
      }
      try await run(
        ["gzip", "x-gzip", "X-GZip", "identity, gzip", ",gzip,"].map { compressed($0, first + second, 200) }
          + [
            compressed("deflate", bare, 200), compressed("identity", Array("{}".utf8), 200),
            compressed("gzip", first + second + [0], 400, isLast: true),
            compressed("gzip", first + second + Array("x".utf8), 400, isLast: true),
            compressed("gzip, gzip", first + second, 415, isLast: true),
            compressed("gzip", [], 400), Case(Self.get("/beta", "Content-Encoding: gzip"), 200),
          ], on: facet)
      let phone = try await facet.probe.request("GET", Demo.phonePath, token: token)
      #expect(phone.json["displayName"] as? String == "two")
    }
  }

  private static func bytes(_ digits: String) -> [UInt8] {
    let pairs = stride(from: 0, to: digits.utf8.count, by: 2).map { digits.dropFirst($0).prefix(2) }
    return pairs.compactMap { UInt8($0, radix: 16) }
  }

  @Test("A preflight response repeats each requested name, even one that is part of another")
  func preflights() async throws {
    try await withFacet { facet in
      for (asked, expected) in [
        ("authorization,request-id", ["authorization", "request-id"]), ("id", ["id"]),
        ("Type, version,MATCH", ["type", "version", "match"]), ("x.y,,z~", ["x.y", "z~"]),
      ] {
        for path in [Demo.phonePath, "/openapi.json"] {
          let answer = try await facet.probe.request(
            "OPTIONS", path,
            headers: ["Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": asked])
          let allowed = (answer.header("Access-Control-Allow-Headers") ?? "").components(separatedBy: ", ")
          for name in expected { #expect(allowed.filter { $0 == name }.count == 1, "\(asked): \(name)") }
          #expect(Set(allowed).count == allowed.count && allowed.contains("if-match"))
        }
      }
    }
  }
}
