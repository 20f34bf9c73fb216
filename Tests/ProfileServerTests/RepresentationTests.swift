import NIOHTTP1
import OData
import Testing

@testable import Authority
@testable import ProfileServer
@testable import Profiles

@Suite("Content negotiation and preferences")
struct RepresentationTests {
  private static let none =
    "application/json;odata.metadata=none;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

  private func form(_ accept: String?, format: String? = nil, charset: String? = nil) -> Representation? {
    var headers = HTTPHeaders()
    if let accept { headers.add(name: "Accept", value: accept) }
    if let charset { headers.add(name: "Accept-Charset", value: charset) }
    return Representation(format: format, RequestFields(headers))
  }

  @Test(
    "JSON with minimal control information is the default",
    arguments: [
      nil, "", "*/*", "application/*", "application/json", "application/json;odata.metadata=minimal",
      "application/xml, application/json;q=0.1", "text/html, */*;q=0.01", "application/json;charset=utf-8",
      "APPLICATION/JSON;ODATA.METADATA=Minimal", "application/json;odata.streaming=true", "nonsense",
      "application/json;odata.metadata=none;q=0.1, application/json;odata.metadata=minimal;q=0.9",
      ", application/json,,", #"text/html;x="a,b", application/json;odata.metadata="minimal""#,
    ])
  func usual(accept: String?) {
    #expect(form(accept) == Representation())
    #expect(form(accept)?.contentType == GraphResponse.jsonContentType)
  }

  @Test(
    "Other media types are refused",
    arguments: [
      "application/xml", "text/html", "text/plain;q=0.9", "application/json;q=0", "application/json;q=0, */*",
      "application/json;foo=bar", "application/json;odata.metadata=full", "application/json;charset=utf-16",
      "application/json;IEEE754Compatible=perhaps", #"text/html;x=", application/json""#,
      "application/json;q=nan, text/html", "application/json;q=2, application/xml",
    ])
  func refused(accept: String) {
    #expect(form(accept) == nil)
  }

  @Test("Parameters are applied and returned, and $format overrides Accept")
  func parameters() {
    #expect(form("application/json;odata.metadata=none")?.contentType == Self.none)
    #expect(form("application/json;metadata=none")?.metadata == Representation.Metadata.none)
    #expect(form("application/json;IEEE754Compatible=true")?.contentType.contains("IEEE754Compatible=true") == true)
    #expect(form("application/xml", format: "json") == Representation())
    #expect(form("application/xml", format: "application/json;odata.metadata=none")?.contentType == Self.none)
    for format in ["xml", "json;odata.metadata=none", "application/xml", "", "atom"] {
      #expect(form("application/json", format: format) == nil, "\(format)")
    }
    #expect(form(nil, charset: "utf-8") != nil && form(nil, charset: "iso-8859-1, *;q=0.1") != nil)
    #expect(form(nil, charset: ", utf-8;q=0.1,") != nil && form(nil, charset: "*, UTF-8;q=0") == nil)
    #expect(form(nil, charset: "utf-8;q=nan") == nil && form(nil, charset: "\"utf-8") == nil)
    #expect(form(nil, charset: "utf-16") == nil && form(nil, charset: "utf-8;q=0") == nil)
  }

  @Test("Versions are compared as numbers")
  func versions() {
    func isOffered(_ version: String?, _ highest: String?) -> Bool {
      var headers = HTTPHeaders()
      if let version { headers.add(name: "OData-Version", value: version) }
      if let highest { headers.add(name: "odata-maxversion", value: highest) }
      return (try? ProtocolFields.check(RequestFields(headers))) != nil
    }
    for written in ["4.0;NetFx", "4.0; NetFx", " 4.0 ;x;y", "4.0;", "4;NetFx"] {
      #expect(isOffered(written, written), "\(written)")
    }
    for written in ["3.0;NetFx", ";NetFx", "NetFx", "4.0 NetFx", "4.0,4.01"] {
      #expect(!isOffered(nil, written) && !isOffered(written, nil), "\(written)")
    }
    #expect(isOffered(nil, nil) && isOffered("4.0", "4.0") && isOffered(nil, "4.01") && isOffered(nil, "9.9"))
    #expect(!isOffered(nil, "3.0") && !isOffered(nil, "abc") && !isOffered("5.0", nil) && !isOffered(nil, "nan"))
  }

  @Test("A newer version and an isolation are refused with a reason")
  func protocolFields() {
    func refusal(_ name: String, _ value: String) -> GraphError? {
      do throws(GraphError) {
        try ProtocolFields.check([name: value])
        return nil
      } catch {
        return error
      }
    }
    #expect(refusal("OData-Version", "4.01") == .newerVersionNotOffered)
    #expect(refusal("odata-version", "5.0;x") == .newerVersionNotOffered)
    #expect(refusal("OData-Version", "3.0") == .versionNotOffered)
    for name in ["OData-Isolation", "odata-isolation", "Isolation"] {
      let refusal = refusal(name, " Snapshot")
      #expect(refusal == .isolationNotOffered && refusal?.status == .preconditionFailed, "\(name)")
    }
    #expect(refusal("OData-Isolation", "serializable") == .isolationUnknown)
    #expect(refusal("Isolations", "snapshot") == nil && refusal("X-Isolation", "snapshot") == nil)
  }

  @Test("The charset of Accept counts only without Accept-Charset")
  func charsets() {
    #expect(form("application/json;charset=utf-16") == nil)
    #expect(form("application/json;charset=utf-16", charset: "utf-8") == Representation())
    #expect(form("application/json;charset=iso-8859-1;odata.metadata=none", charset: "*")?.contentType == Self.none)
    #expect(form("application/json;charset=utf-8", charset: "utf-16") == nil)
  }

  @Test(
    "gzip is used when its weight is not below that of identity",
    arguments: [
      ("gzip", true), ("GZIP;q=0.001", true), ("x-gzip", true), ("*", true), ("deflate, gzip;q=0.5, br", true),
      ("identity, gzip", true), ("br, *;q=0.1", true), (", gzip,", true), ("gzip;q=1.0, identity;q=0.5", true),
      ("", false), ("identity", false), ("br, deflate", false), ("gzip;q=0", false), ("*;q=0, br", false),
      ("gzip;q=0, *", false), ("gzip;q=0.4, identity;q=0.5", false), ("gzip;q=x", false), ("gzip;level=9", false),
      ("\"gzip", false), ("gzipped", false),
    ])
  func codings(field: String, isTaken: Bool) {
    #expect(GzipCoding.isPreferred(by: field.isEmpty ? [] : [field]) == isTaken, "\(field)")
  }

  @Test("The size of a page is the requested one, within bounds")
  func pageSizes() {
    func size(_ top: Int?, _ preferred: Int? = nil, _ page: Int? = nil) -> Int {
      PageRequest.size(top: top, preferred: preferred, page: page)
    }
    #expect(size(nil) == Limits.pageSizeDefault && size(0) == 0 && size(7) == 7)
    #expect(size(Limits.pageSizeMax) == 999 && size(Limits.pageSizeMax + 1) == 999)
    #expect(size(nil, 7) == 7 && size(3, 7) == 3 && size(nil, 5_000) == Limits.pageSizeDefault)
    #expect(size(nil, nil, 7) == 7 && size(7, nil, 7) == 7 && size(9, 2, 7) == 2)
  }

  @Test("Preferences are case-insensitive, maxpagesize overrides odata.maxpagesize, and malformed ones are ignored")
  func preferences() {
    func read(_ fields: String...) -> Preferences {
      Preferences(RequestFields(HTTPHeaders(fields.map { ("Prefer", $0) })))
    }
    #expect(read("odata.maxpagesize=2").maxPageSize == 2 && read("MaxPageSize = \"3\"").maxPageSize == 3)
    #expect(read("odata.maxpagesize=2, maxpagesize=4").maxPageSize == 4)
    for nonsense in ["maxpagesize=0", "maxpagesize=-1", "maxpagesize=x", "maxpagesize", "=1", ""] {
      #expect(read(nonsense).maxPageSize == nil, "\(nonsense)")
    }
    #expect(read("create-if-missing").createsIfMissing && !read("return=minimal").createsIfMissing)
    #expect(read("return=minimal", "respond-async").returning == .minimal)
  }
}

@Suite("Page tokens")
struct PageTokenTests {
  private let caller = Caller(actor: .application, tenant: .demo, applicationID: "app", permissions: [])

  private func options(_ query: String) throws -> QueryOptions {
    try QueryOptions(query.utf8, of: ProfileModel.user, supporting: .list)
  }

  @Test("A position with every kind of value survives serialization")
  func roundTrip() throws {
    let values: [OrderValue] = [
      .null, .int(.min), .int(.max), .double(-0.0), .double(.infinity), .text([]), .text(Array("Zoë\u{0}".utf8)),
      .text(Array(repeating: 0xFF, count: Limits.orderTextBytesMax)),
    ]
    let token = PageToken(pageSize: 7, place: KeysetPosition(values: values, id: Array("ïd".utf8)))
    #expect(PageToken(token.bytes) == token)
    for end in 0..<(token.bytes.count - token.place.id.count) { #expect(PageToken(Array(token.bytes[..<end])) == nil) }
    #expect(PageToken([]) == nil && PageToken([9] + token.bytes.dropFirst()) == nil)
  }

  @Test("A token opens only with its key, caller, path and query, and reveals nothing")
  func sealed() throws {
    let cipher = PageTokenCipher()
    let plain = PageToken(pageSize: 7, place: KeysetPosition(values: [.text(Array("CANARY".utf8))], id: [1])).bytes
    let query = try options("$filter=id ne 'a'&$orderby=displayName&$top=7")
    let binding = PageToken.binding(caller, path: "/beta/users".utf8, query)
    let token = try #require(cipher.seal(plain, binding: binding))
    #expect(cipher.open(token, binding: binding) == plain)
    #expect(cipher.seal(plain, binding: binding) != token && !token.contains("CANARY"))
    #expect(PageTokenCipher().open(token, binding: binding) == nil)
    let others = [
      PageToken.binding(caller, path: "/beta/user".utf8, query),
      PageToken.binding(caller, path: "/beta/users".utf8, try options("$filter=id ne 'b'&$orderby=displayName")),
      PageToken.binding(caller, path: "/beta/users".utf8, try options("$filter=id ne 'a'&$orderby=displayName desc")),
      PageToken.binding(caller, path: "/beta/users".utf8, try options("$filter=id ne @p&$orderby=displayName&@p='a'")),
      PageToken.binding(
        Caller(actor: .user(try #require(UserID("u"))), tenant: .demo, applicationID: "app", permissions: []),
        path: "/beta/users".utf8, query),
      PageToken.binding(
        Caller(actor: .application, tenant: .personalAccounts, applicationID: "app", permissions: []),
        path: "/beta/users".utf8, query),
    ]
    for other in others { #expect(cipher.open(token, binding: other) == nil) }
    // No option may be changed, added or removed.
    for query in [
      "$filter=id ne 'a'&$orderby=displayName", "$filter=id ne 'a'&$orderby=displayName&$top=8",
      "$filter=id ne 'a'&$orderby=displayName&$top=07", "$filter=id ne 'a'&$orderby=displayName&$top=7&$select=id",
      "$filter=id ne 'a'&$orderby=displayName&$top=7&$count=true",
      "$filter=id ne 'a'&$orderby=displayName&$top=7&$format=json",
      "$filter=id ne 'a'&$orderby=displayName&$top=7&$search=a", "$filter=id ne 'a'&$orderby=displayName&$top=7&@p='a'",
    ] {
      let other = PageToken.binding(caller, path: "/beta/users".utf8, try options(query))
      #expect(cipher.open(token, binding: other) == nil, "\(query)")
    }
    // Order, encoding, `$skip` and ignored options do not matter.
    for query in [
      "$top=7&$orderby=displayName&$filter=id ne 'a'",
      "TOP=7&%24orderby=displayName&filter=id%20ne%20'%61'&$skip=3&x=1",
    ] {
      let same = PageToken.binding(caller, path: "/beta/users".utf8, try options(query))
      #expect(cipher.open(token, binding: same) == plain, "\(query)")
    }
    for index in token.indices {
      var tampered = token
      tampered.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
      #expect(cipher.open(tampered, binding: binding) == nil)
    }
  }

  @Test("A key survives a restart, and a file that others can read is refused")
  func keyFile() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/pages.key"
    let first = try await PageTokenCipher.load(path: path)
    let token = try #require(first.seal([1, 2, 3], binding: []))
    #expect(try await PageTokenCipher.load(path: path).open(token, binding: []) == [1, 2, 3])
    try PrivateFiles.write([1, 2], to: path, mode: 0o600, existing: .replace)
    await #expect(throws: KeyFileError.broken(path: path)) { try await PageTokenCipher.load(path: path) }
    try PrivateFiles.write(Array(repeating: 1, count: 32), to: path, mode: 0o644, existing: .replace)
    await #expect(throws: KeyFileError.self) { try await PageTokenCipher.load(path: path) }
  }

  @Test("The longest token fits into a URL with the longest query")
  func longest() throws {
    let text = OrderValue.text(Array(repeating: 0x61, count: Limits.orderTextBytesMax))
    let place = KeysetPosition(
      values: Array(repeating: text, count: Limits.orderKeysMax), id: Array(repeating: 0x61, count: Limits.idBytesMax))
    let token = try #require(PageTokenCipher().seal(PageToken(pageSize: 999, place: place).bytes, binding: []))
    #expect(Limits.listURLBytesMax + token.utf8.count + "&$skiptoken=".utf8.count <= Limits.urlBytesMax)
  }
}
