import NIOHTTP1
import OData
import Testing

@testable import ProfileServer

/// Parsers of single header fields.
@Suite("Parts of requests")
struct RequestPartsTests {
  @Test("A field is found by its name in any case, however long, and no other is")
  func fields() {
    for length in 1...80 {
      let name = String(repeating: "n", count: length)
      let fields: RequestFields = [name: "1", name.uppercased(): "2"]
      #expect(fields.first(name: name) == "1" && fields[name] == ["1", "2"] && fields.contains(name: name))
      for other in [name + "n", String(name.dropLast()), String(name.dropLast()) + "m"] {
        #expect(fields.first(name: other) == nil && fields[other].isEmpty && !fields.contains(name: other))
      }
    }
  }

  @Test(
    "Only JSON in UTF-8 is recognized as such",
    arguments: [
      ("application/json", true), ("Application/JSON; charset=UTF-8", true),
      ("application/json;charset=\"utf-8\"", true),
      ("application/json;IEEE754Compatible=true", true), ("application/json; charset=utf-16", false),
      ("text/json", false), ("application/merge-patch+json", false), ("application/json;charset", false),
      ("json", false), ("application/json;charset=\"utf-8;q\"", false),
      ("application/json;a=\";charset=utf-16\"", true),
      ("application/json;charset=\"utf-8", false), ("application/json;charset=utf-8;charset=utf-16", false),
      ("application/json;charset=\"utf\\-8\"", true), ("application/json;charset=ut\"f-8\"", false),
      ("", false),
    ])
  func mediaTypes(text: String, isJSON: Bool) {
    #expect((MediaType(text)?.isJSONInUTF8 ?? false) == isJSON)
  }

  @Test(
    "Preferences are read from all fields, and malformed ones are ignored",
    arguments: [
      (["return=minimal"], "return=minimal"), (["respond-async, return=representation"], "return=representation"),
      (["x", "RETURN=Minimal"], "return=minimal"), (["return=\"minimal\"; q=1"], "return=minimal"),
      (["return=minimal", "return=representation"], "return=minimal"), (["return=everything"], nil), (["=,;"], nil),
      ([#"x="a, return=minimal""#], nil), ([#"x="a;return=minimal""#], nil),
      (["x=\"", "return=minimal"], "return=minimal"),
      ([", return=minimal,"], "return=minimal"), ([#"return=mini"mal""#], nil),
      ([], nil),
    ] as [([String], String?)])
  func preferences(fields: [String], applied: String?) {
    #expect(Preferences(RequestFields(HTTPHeaders(fields.map { ("Prefer", $0) }))).applied(mayCreate: true) == applied)
  }

  @Test(
    "source.type is shown as the client can read it",
    arguments: [
      ("User-Agent", "curl/8.0", true), ("User-Agent", "python-httpx/0.28.1 kiota-python/1.9.8", false),
      ("User-Agent", "Mozilla/5.0 PowerShell/7.4", false), ("User-Agent", "HashiCorp Terraform/1.9", false),
      ("User-Agent", "mykiota-tool", true), ("SdkVersion", "graph-python-beta/1.0", false),
      ("SdkVersion", "other/1.0", true),
    ])
  func sourceShape(name: String, value: String, showsSingle: Bool) {
    let headers: RequestFields = [name: value]
    #expect(SourceShape.auto.showsSingleElement(for: headers) == showsSingle)
    #expect(SourceShape.string.showsSingleElement(for: headers))
    #expect(!SourceShape.collection.showsSingleElement(for: headers))
  }

  @Test("Links begin with the host that the client used, unless Host is invalid")
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

  @Test("A preflight is allowed field names up to a bound, each once and whole")
  func preflightNames() {
    func names(_ asked: String...) -> [Substring] { FieldList.readable([CORS.allowedHeaders(for: asked)]) }
    let fixed = names().count
    #expect(names("id", "ID, match", "a b, \"c\", é,").suffix(2) == ["id", "match"])
    #expect(names("if-match", "", ",").count == fixed)
    let long = String(repeating: "n", count: 64)
    #expect(names(long).last == long[...] && names(long + "n").count == fixed)
    // Each takes 8 bytes with its separator, of 2,048.
    let many = (1_000..<1_400).map { "x-\($0)" }
    #expect(names(many.joined(separator: ",")).count == fixed + 256)
  }

  @Test("All fields that name products are examined")
  func severalAgents() {
    let agents: RequestFields = ["User-Agent": "curl/8.0", "user-agent": "kiota-python/1.9"]
    #expect(!SourceShape.auto.showsSingleElement(for: agents))
    let versions: RequestFields = ["SdkVersion": "other/1", "SDKVERSION": "Graph-Java/6.0"]
    #expect(!SourceShape.auto.showsSingleElement(for: versions))
  }

  @Test(
    "A weight is between 0 and 1 and has at most three decimals",
    arguments: [
      (nil, 1), ("0", 0), ("1", 1), ("0.5", 0.5), ("1.000", 1), ("0.001", 0.001), ("1.001", nil), ("2", nil), ("", nil),
      ("-0", nil), (".5", nil), ("0.1234", nil), ("nan", nil), ("0x1", nil), ("1e-1", nil), ("inf", nil), ("0,5", nil),
      ("0.", 0), ("+1", nil), ("0 5", nil),
    ] as [(String?, Double?)])
  func weights(text: String?, weight: Double?) {
    #expect(FieldList.weight(text) == weight)
  }

  @Test(
    "Dates have the format of RFC 9110",
    arguments: [(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT")])
  func httpDates(seconds: Int64, text: String) {
    #expect(HTTPDateClock.format(DateTimeOffset(unixSeconds: seconds)) == text)
  }

  @Test(
    "Graph's paths are recognized",
    arguments: [
      ("/beta/me", true), ("//BETA//me", true), ("/v1.0/x", true), ("/beta?x", true), ("/betax/me", false),
      ("/healthz", false), ("/", false), ("*", false),
    ])
  func graphPaths(target: String, isGraph: Bool) {
    #expect(RequestHeadValidation.isGraph(target) == isGraph)
  }
}
