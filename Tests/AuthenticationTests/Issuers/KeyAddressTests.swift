import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import OData
import Synchronization
import Testing

@testable import Authentication
@testable import AuthenticationSupport

@Suite("Where keys are fetched from")
struct KeyAddressTests {
  /// What came of fetching an issuer's keys.
  private enum Outcome: Equatable {
    case keys
    case failed(KeyFetchError)
  }

  /// Fetches the keys of an issuer whose discovery document, on one stub, names `keys`; `members` go into its entry.
  private func outcome(
    _ discovery: StubServer, keys: String, members: String = "", addresses: [String]? = nil
  ) async throws -> Outcome {
    let issuer = "\(discovery.base)/realm"
    discovery.set("/realm/.well-known/openid-configuration", #"{"issuer":"\#(issuer)","jwks_uri":"\#(keys)"}"#)
    let entry = #"[{"issuer":"\#(issuer)","audiences":["a"],"tenants":["t"]\#(members)}]"#
    var fetcher = KeyFetcher.patient
    if let addresses {
      let found = addresses.compactMap { NetworkAddress($0) }
      try #require(found.count == addresses.count)
      fetcher.lookup = { _ in found }
    }
    let external = try #require(try IssuersFile(Array(entry.utf8)).issuers.first)
    do throws(KeyFetchError) {
      let found = try await fetcher.keys(of: external)
      return found.isEmpty ? .failed(.noUsableKey) : .keys
    } catch {
      return .failed(error)
    }
  }

  private func withTwoServers(_ body: (StubServer, StubServer) async throws -> Void) async throws {
    let keySet = try TokenForge().keySet()
    try await StubServer.run { discovery in
      try await StubServer.run { other in
        for server in [discovery, other] { server.set("/jwks", keySet) }
        try await body(discovery, other)
      }
    }
  }

  @Test("A discovery document cannot send the server to loopback or private addresses, however they are written")
  func inside() async throws {
    try await withTwoServers { discovery, other in
      for base in [
        other.base, "http://localhost:\(other.port)", "http://127.0.0.2:\(other.port)",
        "https://127.0.0.1:\(other.port)", "https://localhost:\(other.port)", "https://LOCALHOST:\(other.port)",
        "https://localhost.:\(other.port)", "https://127.1:\(other.port)", "https://2130706433:\(other.port)",
        "https://0x7f.0.0.1:\(other.port)", "https://0177.0.0.1:\(other.port)", "https://0.0.0.0:\(other.port)",
        "https://0:\(other.port)", "https://[::1]:\(other.port)", "https://[::]:\(other.port)",
        "https://[::ffff:127.0.0.1]:\(other.port)", "https://[::ffff:7f00:1]:\(other.port)", "https://10.0.0.1",
        "https://169.254.169.254", "https://192.168.1.1:8443", "https://100.64.0.1", "https://[fe80::1]",
        "https://[fd00::1]", "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]",
        // The same machine, but another port than that of the document.
        "https://127.0.0.1:\(discovery.port)",
      ] {
        let result = try await outcome(discovery, keys: "\(base)/jwks")
        #expect(result == .failed(.keysNotPublic), "\(base)")
      }
      #expect(other.connectionCount == 0)
    }
  }

  @Test("A name that leads inside is refused before anything is sent, whatever name it is")
  func names() async throws {
    try await withTwoServers { discovery, other in
      for addresses in [["127.0.0.1"], ["::1"], ["10.1.2.3", "192.168.0.1"], ["169.254.169.254"], []] {
        let result = try await outcome(
          discovery, keys: "https://keys.example:\(other.port)/jwks", addresses: addresses)
        #expect(result == .failed(.keysNotPublic), "\(addresses)")
      }
      #expect(other.connectionCount == 0)
    }
  }

  @Test("Keys beside the discovery document, and at hosts that the operator named, are fetched wherever they lie")
  func named() async throws {
    try await withTwoServers { discovery, other in
      #expect(try await outcome(discovery, keys: "\(discovery.base)/jwks") == .keys)
      for (hosts, keys, isFetched) in [
        (#"["127.0.0.1"]"#, other.base, true), (#"["127.0.0.1:\#(other.port)"]"#, other.base, true),
        (#"["x.example","LOCALHOST"]"#, "http://localhost:\(other.port)", true),
        (#"["localhost"]"#, other.base, false), (#"["127.0.0.1:1"]"#, other.base, false),
      ] {
        let result = try await outcome(discovery, keys: "\(keys)/jwks", members: ",\"keyHosts\":\(hosts)")
        #expect(result == (isFetched ? .keys : .failed(.keysNotPublic)), "\(hosts) \(keys)")
      }
    }
  }

  @Test("A redirection is not followed, from wherever it comes")
  func redirection() async throws {
    try await withTwoServers { discovery, other in
      discovery.set("/jwks", StubServer.Document(status: .found, body: "", location: "\(other.base)/jwks"))
      let result = try await outcome(discovery, keys: "\(discovery.base)/jwks")
      #expect(result == .failed(.status(302, document: "key document")))
      #expect(other.connectionCount == 0)
    }
  }

  @Test("The client connects to the address that was looked at, and sends nothing to another")
  func pinned() async throws {
    let entry = #"[{"issuer":"https://a.example","audiences":["a"],"tenants":["t"]}]"#
    let issuer = try #require(try IssuersFile(Array(entry.utf8)).issuers.first)
    let looked = try #require(NetworkAddress("8.8.8.8"))
    let origin = try #require(URLOrigin(prefixOf: "https://Keys.Example/jwks"))
    var configuration = KeyFetcher.configuration(for: issuer, origin, at: looked)
    #expect(configuration.dnsOverride == ["keys.example": "8.8.8.8"])
    try await StubServer.run { server in
      server.set("/jwks", "{}")
      // As if the name had come to lead elsewhere.
      configuration.dnsOverride = ["keys.example": "127.0.0.1"]
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
      let request = HTTPClientRequest(url: "http://keys.example:\(server.port)/jwks")
      await #expect(throws: (any Error).self) { try await client.execute(request, timeout: .seconds(5)) }
      try await client.shutdown()
      #expect(server.connectionCount > 0 && server.hitCount("/jwks") == 0)
    }
  }

  @Test("Entra's and Google's keys, which lie at other hosts than their issuers, need a look at their addresses alone")
  func publicIssuers() throws {
    for (issuer, keys, isTrusted) in [
      ("https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs", false),
      ("https://login.microsoftonline.com/t/v2.0", "https://login.microsoftonline.com/t/discovery/v2.0/keys", true),
      ("https://sso.example:443/realms/r", "https://SSO.example/realms/r/protocol/openid-connect/certs", true),
    ] {
      let entry = #"[{"issuer":"\#(issuer)","audiences":["a"],"tenants":["t"]}]"#
      let read = try #require(try IssuersFile(Array(entry.utf8)).issuers.first)
      let (from, to) = (try #require(URLOrigin(prefixOf: issuer)), try #require(URLOrigin(prefixOf: keys)))
      #expect(read.trusts(to, for: from) == isTrusted)
    }
  }

  @Test(
    "'keyHosts' holds hosts, with or without a port, and stands beside discovery alone",
    arguments: [
      (#""keyHosts":["a.example","10.0.0.1:8443","[fd00::1]"]"#, true), (#""keyHosts":[]"#, false),
      (#""keyHosts":"a.example""#, false), (#""keyHosts":["https://a.example"]"#, false),
      (#""keyHosts":["a.example:0"]"#, false), (#""keyHosts":["a b"]"#, false),
      (#""keyHosts":["a.example"],"keysURL":"https://a.example/jwks""#, false),
    ])
  func member(members: String, isAccepted: Bool) {
    let entry = #"[{"issuer":"https://a.example","audiences":["a"],"tenants":["t"],\#(members)}]"#
    #expect(((try? IssuersFile(Array(entry.utf8))) != nil) == isAccepted)
  }
}
