import NIOHTTP1
import OData
import Testing

@testable import ProfileServer

/// Which header sections are accepted, and which are refused as ambiguous.
@Suite("Validation of header sections")
struct RequestHeadValidationTests {
  private static func validate(
    _ fields: [(String, String)] = [], uri: String = "/beta/me", host: String? = "a", method: HTTPMethod = .PATCH,
    version: HTTPVersion = .http1_1
  ) throws(GraphError) -> RequestHeadValidation {
    let headers = HTTPHeaders((host.map { [("Host", $0)] } ?? []) + fields)
    return try RequestHeadValidation(HTTPRequestHead(version: version, method: method, uri: uri, headers: headers))
  }

  private static func refusal(_ fields: [(String, String)] = [], uri: String = "/beta/me", host: String? = "a")
    -> GraphError?
  {
    do throws(GraphError) {
      _ = try validate(fields, uri: uri, host: host)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "A target in absolute form is reduced to its origin form, and its authority replaces Host",
    arguments: [
      ("/beta/me?a=http://x/", "/beta/me?a=http://x/", nil), ("http://x?a=/beta/me", "/?a=/beta/me", "x"),
      ("http://x", "/", "x"), ("http://x/", "/", "x"), ("HTTPS://X:443/beta?b", "/beta?b", "X:443"),
      ("http://[::1]:80/beta", "/beta", "[::1]:80"), ("http://x?", "/?", "x"), ("//x/beta", "//x/beta", nil),
    ] as [(String, String, String?)])
  func targets(target: String, originForm: String, authority: String?) throws {
    let head = try Self.validate(uri: target).head
    #expect(head.uri == originForm)
    #expect(head.headers["Host"] == [authority ?? "a"])
  }

  @Test(
    "A target that has none of the forms is refused",
    arguments: [
      "*", "beta/me", "ftp://x/beta", "httpx://x/", "http:/x", "http:x", "http://", "http:///beta", "http://?a",
      "http://u@x/beta", "http://u:p@x/", "http://x:99999/", "http://a b/", "http://a,b/", "/beta#a", "/b\u{FFFD}",
      "/é", "x:80", "",
    ])
  func foreignTargets(target: String) {
    #expect(Self.refusal(uri: target) == .malformedTarget)
  }

  @Test("The asterisk form is for OPTIONS, and CONNECT is refused")
  func starAndConnect() throws {
    #expect(try Self.validate(uri: "*", method: .OPTIONS).head.uri == "*")
    #expect(throws: GraphError.malformedTarget) { try Self.validate(uri: "**", method: .OPTIONS) }
    #expect(throws: GraphError.connectRefused) { try Self.validate(uri: "x:80", method: .CONNECT) }
  }

  @Test(
    "A host is a name, an address or empty, with a valid port",
    arguments: [
      "localhost", "a.b-c_d~e:8080", "A%C3%A9", "10.0.0.1:80", "[::1]", "[::1]:8443", "[fe80::1]", "a:", "a:65535", "",
    ])
  func hosts(host: String) {
    #expect(HostField.isValid(host))
    #expect(Self.refusal(host: host) == nil)
  }

  @Test(
    "An invalid host is refused",
    arguments: [
      "a b", "a, b", "a,b", " a", "u@a", "a:b", "a:65536", "a:-1", "a:80:80", ":80", "[::1", "[::g]", "[::1]x",
      "[::1]:x", "[]", "[1.2.3.4]", "[fe80::1%25lo]", "::1", "a/b", "a?b", "a#b", "a\"b", "a%4", "a%zz", "é", "a\\b",
    ])
  func noHosts(host: String) {
    #expect(Self.refusal(host: host) == .malformedHost)
  }

  @Test("HTTP/1.1 needs exactly one Host, which is not empty when the target has an authority")
  func hostCount() throws {
    #expect(Self.refusal(host: nil) == .malformedHost)
    #expect(Self.refusal([("host", "a")]) == .repeatedField("Host"))
    #expect(Self.refusal(uri: "http://x/", host: "") == .malformedHost)
    #expect(try Self.validate(host: nil, version: .http1_0).head.uri == "/beta/me")
    #expect(try Self.validate(uri: "http://x/b", host: nil, version: .http1_0).head.headers["Host"] == ["x"])
  }

  @Test(
    "A singleton field occurs once, whatever the case of its name",
    arguments: [
      "Authorization", "Content-Type", "Content-Length", "Idempotency-Key", "OData-Version", "OData-MaxVersion",
      "client-request-id", "Origin", "Access-Control-Request-Method", "X-IDENTITY-HEADER", "Sec-Fetch-Site",
    ])
  func single(name: String) {
    #expect(Self.refusal([(name, "2")]) == nil)
    #expect(Self.refusal([(name, "2"), ("X", ""), (name.uppercased(), "2")]) == .repeatedField(name))
    #expect(throws: GraphError.repeatedField(name)) {
      try RequestHeadFields.checkSingletonFields([name: "1", name.lowercased(): "2"])
    }
  }

  @Test("Whitespace after a value is not part of it, whatever reads it later")
  func padded() throws {
    let validation = try Self.validate(
      [("Content-Length", "20000 \t"), ("Idempotency-Key", "a "), ("X", "")], host: "a\t ")
    #expect(validation.mayHaveLongBody && validation.head.headers["Host"] == ["a"])
    #expect(validation.head.headers["Idempotency-Key"] == ["a"] && validation.head.headers["X"] == [""])
    #expect(try Self.validate([("Connection", "close ")]).isLast && validation.head.isKeepAlive)
  }

  @Test("A list may be spread over several fields")
  func lists() {
    for name in ["If-Match", "If-None-Match", "Accept", "Accept-Charset", "Prefer", "Connection", "User-Agent", "X"] {
      #expect(Self.refusal([(name, "a"), (name, "b")]) == nil, "\(name)")
    }
    #expect(Self.refusal([("Expect", "100-continue"), ("Expect", "")]) == nil)
  }

  @Test(
    "chunked is the only transfer coding and is applied once",
    arguments: [
      (["chunked"], nil), (["CHUNKED"], nil), ([",chunked, "], nil), (["gzip, chunked"], .transferCodingUnknown),
      (["gzip", "chunked"], .transferCodingUnknown), (["identity, chunked"], .transferCodingUnknown),
      ([""], .malformedHTTP), ([","], .malformedHTTP), (["gzip"], .malformedHTTP), (["chunked, gzip"], .malformedHTTP),
      (["chunked, chunked"], .malformedHTTP), (["chunked", "chunked"], .malformedHTTP), (["xchunked"], .malformedHTTP),
      (["chunked;a=b"], .malformedHTTP), (["\"chunked"], .malformedHTTP), (["\u{B}chunked"], .malformedHTTP),
    ] as [([String], GraphError?)])
  func transferCodings(fields: [String], refusal: GraphError?) {
    #expect(Self.refusal(fields.map { ("Transfer-Encoding", $0) }) == refusal)
  }

  @Test("A body has one length or is chunked, and a length that overflows is too large")
  func lengths() throws {
    #expect(Self.refusal([("Transfer-Encoding", "chunked"), ("Content-Length", "2")]) == .malformedHTTP)
    for length in ["", "+2", "-2", "2,2", "2.0", "0x2", " 2"] {
      #expect(Self.refusal([("Content-Length", length)]) == .malformedHTTP, "\(length)")
    }
    #expect(Self.refusal([("Content-Length", "\(Limits.bodyBytesMax)")]) == nil)
    for length in ["\(Limits.bodyBytesMax + 1)", "9223372036854775808", "18446744073709551615", "99999999999999999999"]
    {
      #expect(Self.refusal([("Content-Length", length)]) == .bodyTooLarge, "\(length)")
    }
    let edge = Limits.anonymousBodyBytesMax
    #expect(try !Self.validate([("Content-Length", "\(edge)")]).mayHaveLongBody)
    #expect(try Self.validate([("Content-Length", "\(edge + 1)")]).mayHaveLongBody)
    #expect(try Self.validate([("Transfer-Encoding", "chunked")]).mayHaveLongBody)
    #expect(try Self.validate([("Content-Encoding", "x-gzip"), ("Content-Length", "1")]).mayHaveLongBody)
    #expect(try !Self.validate([("Content-Encoding", "x-gzip")]).mayHaveLongBody)
  }

  @Test("A request with Connection: close is the last one, and so is a chunked one of HTTP/1.0")
  func last() throws {
    for value in ["close", ", close", "keep-alive, Close", "close,keep-alive"] {
      #expect(try Self.validate([("Connection", value)]).isLast, "\(value)")
    }
    #expect(try !Self.validate([("Connection", "keep-alive, closed")]).isLast)
    #expect(try Self.validate([("Connection", "x"), ("Connection", "close")]).isLast)
    #expect(try !Self.validate([("Transfer-Encoding", "chunked")]).isLast)
    #expect(try Self.validate([("Transfer-Encoding", "chunked")], version: .http1_0).isLast)
  }

  @Test(
    "Names of content codings are case-insensitive, identity counts as none, and at most one is accepted",
    arguments: [
      (["gzip"], .gzip), (["x-gzip"], .gzip), (["X-GZIP"], .gzip), (["deflate"], .deflate), (["identity"], .identity),
      (["identity, gzip"], .gzip), ([",gzip,"], .gzip), ([""], .identity), (["gzip, gzip"], nil),
      (["gzip", "gzip"], nil),
      (["gzip, deflate"], nil), (["br"], nil), (["gzip;q=1"], nil), (["x-deflate"], nil), (["\"gzip"], nil),
    ] as [([String], ContentCoding?)])
  func contentCodings(fields: [String], coding: ContentCoding?) throws {
    let refusal = Self.refusal(fields.map { ("Content-Encoding", $0) })
    #expect(refusal == (coding == nil ? .contentEncodingUnsupported : nil))
    if let coding {
      #expect(try Self.validate(fields.map { ("Content-Encoding", $0) }).coding == coding)
    }
  }

  @Test("Only Graph's routes accept compressed bodies")
  func compressedForOthers() {
    let fields = [("Content-Encoding", "gzip")]
    #expect(Self.refusal(fields, uri: "/common/oauth2/v2.0/token") == nil)
    #expect(
      Self.refusal(fields + [("Content-Length", "2")], uri: "/common/oauth2/v2.0/token") == .contentEncodingUnsupported)
  }

  @Test("100-continue is answered in HTTP/1.1, and other expectations are refused")
  func expectations() throws {
    for value in ["100-continue", "100-Continue", ",100-continue", "100-continue,100-continue"] {
      #expect(try Self.validate([("Expect", value)]).expectsContinue, "\(value)")
    }
    #expect(try !Self.validate([("Expect", "")]).expectsContinue)
    #expect(try !Self.validate([("Expect", "100-continue")], version: .http1_0).expectsContinue)
    #expect(Self.refusal([("Expect", "100-continue, x")]) == .expectationFailed)
    #expect(Self.refusal([("Expect", "x")]) == .expectationFailed)
  }
}
