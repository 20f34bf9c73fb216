import Foundation
import OData
import Testing

@testable import Authentication
@testable import AuthenticationSupport

@Suite("The file of --issuers")
struct IssuersFileTests {
  private let good = #""issuer":"https://i.example","audiences":["a"],"tenants":["t"]"#

  @Test("Defaults are Entra's, and discovery lies under the issuer")
  func defaults() throws {
    let file = try IssuersFile(
      Array("{\"issuers\":[{\(good)},{\(good.replacing("i.example", with: "j.example/"))}]}".utf8))
    #expect(file.issuers.count == 2)
    #expect(file.issuers[0].claimNames == .entra)
    let urls = file.issuers.map(\.keySource)
    #expect(urls[0] == EndpointURL("https://i.example/.well-known/openid-configuration").map { .discovery($0) })
    #expect(urls[1] == EndpointURL("https://j.example/.well-known/openid-configuration").map { .discovery($0) })
  }

  @Test(
    "Mistakes are named with their place",
    arguments: [
      ("7", "issuers"), ("{}", "issuers"), (#"{"issuers":[],"issuer":1}"#, "issuer"), ("[7]", "issuers[0]"),
      ("[{GOOD,\"audience\":[]}]", "issuers[0].audience"), ("[{GOOD},{GOOD}]", "issuers[1].issuer"),
      (#"[{"issuer":"https://i.example","tenants":["t"]}]"#, "issuers[0].audiences"),
      (#"[{"issuer":"https://i.example","audiences":["a"]}]"#, "issuers[0].tenants"),
      (#"[{"issuer":"https://i.example","audiences":["a"],"tenants":[]}]"#, "issuers[0].tenants"),
      (#"[{"issuer":"http://i.example","audiences":["a"],"tenants":["t"]}]"#, "issuers[0].issuer"),
      (#"[{"audiences":["a"],"tenants":["t"]}]"#, "issuers[0].issuer"),
      ("[{GOOD,\"keysURL\":\"http://i.example/keys\"}]", "issuers[0].keysURL"),
      ("[{GOOD,\"keysURL\":\"file:///etc/passwd\"}]", "issuers[0].keysURL"),
      ("[{GOOD,\"keysURL\":\"https://a/k\",\"discoveryURL\":\"https://a/d\"}]", "issuers[0].keysURL"),
      ("[{GOOD,\"claims\":{\"oid\":\"sub\"}}]", "issuers[0].claims.oid"),
      ("[{GOOD,\"claims\":{\"objectId\":\"\"}}]", "issuers[0].claims.objectId"),
      ("[{GOOD,\"claims\":[]}]", "issuers[0].claims"),
    ])
  func mistakes(text: String, member: String) throws {
    let text = text.replacing("GOOD", with: good)
    let error = #expect(throws: IssuersFileError.self) { try IssuersFile(Array(text.utf8)) }
    guard case .invalid(let found, _) = try #require(error) else {
      Issue.record("another error")
      return
    }
    #expect(found == member)
    #expect(error?.message.contains(member) == true)
  }

  @Test("A file that is no JSON, or not there, is refused")
  func unreadable() throws {
    #expect(throws: IssuersFileError.self) { try IssuersFile(Array("[".utf8)) }
    #expect(throws: IssuersFileError.self) { try IssuersFile(Array(#"[{"issuer":"a","issuer":"b"}]"#.utf8)) }
    #expect(throws: IssuersFileError.unreadable(path: "/nowhere")) { try IssuersFile(path: "/nowhere") }
    let directory = try TemporaryDirectory()
    try "[{\(good)}]".write(toFile: directory.path + "/i.json", atomically: true, encoding: .utf8)
    #expect(try IssuersFile(path: directory.path + "/i.json").issuers.count == 1)
  }

  @Test("The file may name as many issuers and audiences as the bound and no more")
  func bounds() throws {
    for (count, isAccepted) in [(Limits.issuersMax, true), (Limits.issuersMax + 1, false)] {
      let issuers = (0..<count).map { "{\(good.replacing("i.example", with: "i\($0).example"))}" }
      let audiences = (0..<count).map { "\"a\($0)\"" }.joined(separator: ",")
      let one = "{\(good.replacing("\"a\"", with: audiences))}"
      for text in ["[\(issuers.joined(separator: ","))]", "[\(one)]"] {
        #expect(((try? IssuersFile(Array(text.utf8))) != nil) == isAccepted)
      }
    }
  }

  @Test(
    "Keys may come over TLS or from this machine only",
    arguments: [
      ("https://i.example/x", true), ("http://localhost:8080/x", true), ("http://127.0.0.1/x", true),
      ("http://[::1]:1/x", true), ("http://i.example/x", false), ("http://localhost.evil.example/x", false),
      ("http://localhost@evil.example/x", false), ("https://a@evil.example/x", false), ("https:///x", false),
      ("ftp://i.example", false), ("https://i.example/a b", false), ("https://i.example/#x", false),
      ("https://i.example:99999/", false), ("https://[::1", false), ("", false),
    ])
  func urls(text: String, isAccepted: Bool) { #expect((EndpointURL(text) != nil) == isAccepted) }
}
