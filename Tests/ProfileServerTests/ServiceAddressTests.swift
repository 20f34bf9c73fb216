import Authentication
import NIOHTTP1
import OData
import Profiles
import Testing

@testable import ProfileServer

/// Addresses within requests.
@Suite("Addresses in requests")
struct ServiceAddressTests {
  private static let origin = "http://people.example:8080"

  private func read(
    _ text: String, _ hosts: ServiceAddress.Hosts = .own, origin: String = origin, at target: String = "/V1.0/$batch"
  ) throws(GraphError) -> ServiceAddress {
    let request = GraphRequest(method: .POST, target: target, headers: [:], body: nil, origin: origin)
    return try ServiceAddress(text, in: request, from: hosts) { $0.host == "localhost" && $0.effectivePort == 8443 }
  }

  private func refusal(_ text: String, _ hosts: ServiceAddress.Hosts = .own) -> GraphError? {
    do throws(GraphError) {
      _ = try read(text, hosts)
      return nil
    } catch {
      return error
    }
  }

  private func person(_ text: String) -> OwnerReference? {
    try? read(text, .ownAndGraph).person(in: .demo)
  }

  @Test(
    "A relative address continues the service version, an absolute one the origin",
    arguments: [
      ("me", "/V1.0/me"), ("/me", "/V1.0/me"), ("//me/profile", "/V1.0/me/profile"), ("", "/V1.0/"),
      ("beta/me", "/beta/me"), ("/v1.0/me?$select=id", "/v1.0/me?$select=id"), ("?x=/beta/me", "/V1.0/?x=/beta/me"),
      ("betas/me", "/V1.0/betas/me"), ("users('a%2Fb')", "/V1.0/users('a%2Fb')"), ("users/a:b", "/V1.0/users/a:b"),
      ("http://people.example:8080/beta/me", "/beta/me"), ("HTTP://PEOPLE.Example:8080//beta/Me", "/beta/Me"),
      ("https://people.example:8080/beta/me?x=1", "/beta/me?x=1"), ("https://localhost:8443/beta/me", "/beta/me"),
      ("http://people.example:8080", "/"), ("http://people.example:8080?a=/b", "/?a=/b"),
    ])
  func targets(text: String, target: String) throws {
    #expect(try read(text).target == target)
  }

  @Test("The path of the public URL is removed")
  func publicPath() throws {
    let origin = "https://example.org/people"
    #expect(try read("https://example.org/people/beta/me", origin: origin).target == "/beta/me")
    #expect(try read("https://localhost:8443/beta/me", origin: origin).target == "/beta/me")
    #expect(try read("https://example.org/peoples/beta/me", origin: origin).target == "/peoples/beta/me")
  }

  @Test(
    "Spaces and other invalid characters are percent-encoded, and nothing is encoded twice",
    arguments: [
      ("users?$filter=city eq null&$count=true", "/V1.0/users?$filter=city%20eq%20null&$count=true"),
      (" /me\t", "/V1.0/me"), ("users('Zoë')", "/V1.0/users('Zo%c3%ab')"), ("a%20b c", "/V1.0/a%20b%20c"),
      (#"users?$search="a|b""#, "/V1.0/users?$search=%22a%7cb%22"), (#"a\b"#, "/V1.0/a%5cb"),
      ("http://people.example:8080/beta/users?$filter=a eq 'b c'", "/beta/users?$filter=a%20eq%20'b%20c'"),
    ])
  func encoding(text: String, target: String) throws {
    #expect(try read(text).target == target)
  }

  @Test("Other hosts, ports and userinfo are refused, and so are ambiguous addresses")
  func refused() {
    for text in [
      "http://elsewhere.example/beta/me", "http://people.example/beta/me", "http://people.example:80801/beta/me",
      "http://people.example:8080.elsewhere.example/beta/me", "http://localhost:8080/beta/me",
      "https://localhost/beta/me", "http://people.example:8080@elsewhere.example/beta/me", "http:///beta/me", "http://",
      "https://graph.microsoft.com/v1.0/me",
    ] {
      #expect(refusal(text)?.status == .badRequest, "\(text)")
    }
    for text in ["/me#x", "/me\n", "\u{0}", "/m\u{7F}e", "/me?a=\t b"] {
      #expect(refusal(text) == .malformedAddress, "\(text)")
    }
    #expect(refusal(String(repeating: "a", count: Limits.urlBytesMax + 1)) == .urlTooLong)
    #expect(refusal(String(repeating: "a", count: Limits.urlBytesMax)) == nil)
  }

  @Test(
    "A person is named in every form of a path",
    arguments: [
      "users/u", "/users/u", "users('u')", "user/u", "USERS(id='u')", "directoryObjects/u", "directoryObjects('u')",
      "/DirectoryObjects('u')/", "/beta/users/u", "v1.0/directoryObjects/%75", "users/u?$select=id", " users/u ",
      "http://people.example:8080/v1.0/users/u", "https://localhost:8443/beta/directoryObjects('u')",
      "https://graph.microsoft.com/v1.0/directoryObjects/u", "https://GRAPH.microsoft.com:443/beta/users('u')",
      "http://graph.microsoft.com/v1.0/users/u", "https://graph.microsoft.us/v1.0/users/u",
      "https://dod-graph.microsoft.us/v1.0/users/u", "https://graph.microsoft.de/beta/users/u",
      "https://microsoftgraph.chinacloudapi.cn/v1.0/users/u", "https://canary.graph.microsoft.com/v1.0/users/u",
      "https://graph.microsoft.com/v1.0/11111111-1111-4111-8111-111111111111/directoryObjects/u",
      "https://graph.microsoft.com/beta/myOrganization/users/u", "/v1.0/11111111-1111-4111-8111-111111111111/users/u",
    ])
  func people(text: String) throws {
    #expect(person(text) == .id(try #require(UserID("u"))), "\(text)")
  }

  @Test("A group is a member in the forms of a path, and an id of an object may be either")
  func members() throws {
    let group = try #require(GroupID("g"))
    for text in ["groups/g", "/groups('g')", "https://graph.microsoft.com/v1.0/groups/g"] {
      #expect(try read(text, .ownAndGraph).member(in: .demo) == .group(group), "\(text)")
    }
    let object = MemberReference.object(try #require(UserID("g")))
    #expect(try read("directoryObjects/g", .ownAndGraph).member(in: .demo) == object)
    #expect(try read("users/g", .ownAndGraph).member(in: .demo) == .person(.id(try #require(UserID("g")))))
    for text in [
      "groups", "groups/g/members", "groups/g/members/u", "directoryObjects/getByIds", "groups/g/getMemberGroups",
    ] {
      #expect((try? read(text, .ownAndGraph).member(in: .demo)) == nil, "\(text)")
    }
  }

  @Test("Principal names and /me are accepted as in paths")
  func names() {
    for text in ["users/a@b.example", "users('a%40b.example')"] {
      #expect(person(text) == .nameOrID("a@b.example"), "\(text)")
    }
    #expect(person("users(userPrincipalName='a@b.example')") == .principalName("a@b.example"))
    #expect(person("/me") == .me && person("https://graph.microsoft.com/v1.0/me") == .me)
  }

  @Test(
    "An address of no person, of another tenant or of another host is no reference",
    arguments: [
      "", "u", "users", "directoryObjects", "groups/u", "users/u/profile", "users/u/displayName", "me/memberOf",
      "directoryObjects/u/x", "users/$count", "directoryObjects(mail='u')", "users(mail='u')", "/v2.0/users/u",
      "https://graph.microsoft.com/v2.0/users/u", "https://graph.microsoft.com/users/u",
      "https://graph.microsoft.com/v1.0/22222222-2222-4222-8222-222222222222/users/u",
      "https://graph.microsoft.com.elsewhere.example/v1.0/users/u", "https://graph.microsoft.com:8443/v1.0/users/u",
      "https://elsewhere.example/v1.0/users/u", "https://graph.windows.net/myorganization/users/u",
      "https://user@graph.microsoft.com/v1.0/users/u", "users/%", "users/u#x", "ftp://graph.microsoft.com/v1.0/users/u",
    ])
  func noPeople(text: String) {
    #expect(person(text) == nil, "\(text)")
  }
}
