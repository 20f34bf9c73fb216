import NIOHTTP1
import OData
import Testing

@testable import ProfileServer

/// Small readers of header fields.
@Suite("Parts of requests")
struct RequestPartsTests {
  @Test(
    "Media types are JSON in UTF-8 or they are not",
    arguments: [
      ("application/json", true), ("Application/JSON; charset=UTF-8", true),
      ("application/json;charset=\"utf-8\"", true),
      ("application/json;IEEE754Compatible=true", true), ("application/json; charset=utf-16", false),
      ("text/json", false), ("application/merge-patch+json", false), ("application/json;charset", false),
      ("json", false),
      ("", false),
    ])
  func mediaTypes(text: String, isJSON: Bool) {
    #expect((MediaType(text)?.isJSONInUTF8 ?? false) == isJSON)
  }

  @Test(
    "Preferences are read from any number of fields, and nonsense is ignored",
    arguments: [
      (["return=minimal"], "return=minimal"), (["respond-async, return=representation"], "return=representation"),
      (["x", "RETURN=Minimal"], "return=minimal"), (["return=\"minimal\"; q=1"], "return=minimal"),
      (["return=minimal", "return=representation"], "return=minimal"), (["return=everything"], nil), (["=,;"], nil),
      ([], nil),
    ] as [([String], String?)])
  func preferences(fields: [String], applied: String?) {
    #expect(Preferences(HTTPHeaders(fields.map { ("Prefer", $0) })).applied(mayCreate: true) == applied)
  }

  @Test(
    "source.type is answered as the client can read it",
    arguments: [
      ("User-Agent", "curl/8.0", true), ("User-Agent", "python-httpx/0.28.1 kiota-python/1.9.8", false),
      ("User-Agent", "Mozilla/5.0 PowerShell/7.4", false), ("User-Agent", "HashiCorp Terraform/1.9", false),
      ("User-Agent", "mykiota-tool", true), ("SdkVersion", "graph-python-beta/1.0", false),
      ("SdkVersion", "other/1.0", true),
    ])
  func sourceShape(name: String, value: String, showsSingle: Bool) {
    let headers: HTTPHeaders = [name: value]
    #expect(SourceShape.auto.showsSingleElement(for: headers) == showsSingle)
    #expect(SourceShape.string.showsSingleElement(for: headers))
    #expect(!SourceShape.collection.showsSingleElement(for: headers))
  }

  @Test("Links are made of the host that the client used, and of nothing else that it may send there")
  func origins() {
    let origin = ServiceOrigin(publicURL: nil)
    for (host, expected) in [
      ("localhost:8080", "http://localhost:8080"), ("[::1]:8080", "http://[::1]:8080"), ("a\"b", "http://fallback"),
      ("a/b", "http://fallback"), ("", "http://fallback"), (nil, "http://fallback"),
      (String(repeating: "h", count: 256), "http://fallback"),
    ] {
      #expect(origin.origin(host: host, isSecure: false, fallback: "fallback") == expected)
    }
    #expect(origin.origin(host: "h", isSecure: true, fallback: "") == "https://h")
    let published = ServiceOrigin(publicURL: "https://people.example/graph")
    #expect(published.origin(host: "h", isSecure: false, fallback: "") == "https://people.example/graph")
  }

  @Test(
    "Dates of answers are those of RFC 9110",
    arguments: [(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT")])
  func httpDates(seconds: Int64, text: String) {
    #expect(HTTPDateClock.format(DateTimeOffset(unixSeconds: seconds)) == text)
  }

  @Test(
    "Paths of the service are told from others",
    arguments: [
      ("/beta/me", true), ("//BETA//me", true), ("/v1.0/x", true), ("/beta?x", true), ("/betax/me", false),
      ("/healthz", false), ("/", false), ("*", false),
    ])
  func graphPaths(target: String, isGraph: Bool) {
    #expect(HeadCheck.isGraph(target) == isGraph)
  }
}
