import AsyncHTTPClient
import Foundation
import Hummingbird
import HummingbirdTLS
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Profiles
import Testing

@testable import Authentication
@testable import AuthenticationSupport
@testable import Authority
@testable import AuthoritySupport
@testable import ProfileServer

@Suite("One server that trusts another over TLS")
struct TrustedServerTests {
  private func token(from base: String, caFile: String) async throws -> String {
    let demo = AuthorityServer.demo
    var request = HTTPClientRequest(url: "\(base)/\(TenantID.demo.text)/oauth2/v2.0/token")
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
    request.body = .bytes(
      ByteBuffer(
        string: "grant_type=client_credentials&client_id=\(demo.client.id)&client_secret=\(demo.clientSecret)"
          + "&scope=https://graph.microsoft.com/.default"))
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .file(caFile)
    request.tlsConfiguration = tls
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
    let body = try await response.body.collect(upTo: 1 << 16)
    return try #require(try JSONTree(Array(body.readableBytesView))["access_token"]?.text)
  }

  private func verdict(_ token: String, issuer: String, members: String, data: String) async throws -> TokenVerdict {
    let entry = """
      [{"issuer":"\(issuer)","audiences":["https://graph.microsoft.com"],"tenants":["\(TenantID.demo.text)"]\(members)}]
      """
    let own = AddressedIssuer(
      own: try await OwnIssuer.forTests(directory: data + "/keys"),
      addresses: try #require(AuthorityAddresses(publicURL: nil)))
    let verifier = TokenVerifier(
      own: own, issuers: try IssuersFile(Array(entry.utf8)).issuers,
      fetcher: .patient, clock: { Int64(Date().timeIntervalSince1970) },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    await verifier.refreshAllKeys()
    return verifier.verify(token: token)
  }

  @Test("Its certificate must be trusted through 'caFile', and then its tokens are accepted")
  func caFile() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    let certificates = try await LocalCertificateAuthority.load(directory: path + "/tls", hosts: [], now: Date())
    let tls = try ListenerTLS(certificates).configuration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      let base = "https://localhost:\(port)"
      let issuer = "\(base)/\(TenantID.demo.text)/v2.0"
      let ca = certificates.certificatePath
      let token = try await token(from: base, caFile: ca)
      let trusting = try await verdict(token, issuer: issuer, members: ",\"caFile\":\"\(ca)\"", data: path)
      #expect(trusting.caller?.permissions == [.userReadWriteAll, .groupReadWriteAll])
      for members in ["", ",\"caFile\":\"/nowhere\"", ",\"caFile\":\"\(path)/tls/ca.key\""] {
        let verdict = try await verdict(token, issuer: issuer, members: members, data: path)
        #expect(verdict.refusal == .keysUnavailable, "\(members)")
      }
    }
  }
}
