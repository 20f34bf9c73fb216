import AsyncHTTPClient
import AuthoritySupport
import Foundation
import Hummingbird
import HummingbirdTLS
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import AuthenticationSupport
@testable import Authority
@testable import ProfileServer

@Suite("TLS of the listener")
struct ListenerTLSTests {
  @Test("TLS 1.2 has suites with authenticated encryption alone, TLS 1.3 all of its own, and nothing older is spoken")
  func cipherSuites() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    let tls = try ListenerTLS(authority).configuration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      func isAccepted(_ arguments: [String]) async throws -> Bool {
        let session = try await OpenSSL.run(
          ["s_client", "-connect", "localhost:\(port)", "-CAfile", directory.path + "/ca.pem", "-verify_return_error"]
            + arguments)
        return session.status == 0 && session.output.contains("Verify return code: 0")
      }
      for suite in ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"] {
        let isTaken = try await isAccepted(["-tls1_2", "-cipher", suite])
        #expect(isTaken, "\(suite)")
      }
      for suite in [
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
        "AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM",
      ] {
        let isRefused = try await !isAccepted(["-tls1_2", "-cipher", "\(suite):@SECLEVEL=0"])
        #expect(isRefused, "\(suite)")
      }
      for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
        let isTaken = try await isAccepted(["-tls1_3", "-ciphersuites", suite])
        #expect(isTaken, "\(suite)")
      }
      let isOlderRefused = try await !isAccepted(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
      #expect(isOlderRefused)
    }
  }

  @Test("A client that asks for a name gets a certificate without addresses, whose constraints BoringSSL cannot read")
  func namedCertificate() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(
      directory: directory.path, hosts: ["people.example"], now: Date())
    let tls = try ListenerTLS(authority).configuration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      func names(_ arguments: [String]) async throws -> String {
        let connection = ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", directory.path + "/ca.pem"]
        let session = try await OpenSSL.run(connection + ["-verify_return_error"] + arguments)
        #expect(session.status == 0, "\(session.output)")
        return try await OpenSSL.run(["x509", "-noout", "-ext", "subjectAltName"], input: session.output).output
      }
      let named = try await names(["-servername", "people.example", "-verify_hostname", "people.example"])
      #expect(named.contains("DNS:localhost, DNS:people.example") && !named.contains("IP Address"))
      let bare = try await names(["-noservername", "-verify_ip", "127.0.0.1"])
      #expect(bare.contains("DNS:people.example") && bare.contains("IP Address:127.0.0.1"))
      // AsyncHTTPClient is a client on BoringSSL.
      var client = TLSConfiguration.makeClientConfiguration()
      client.trustRoots = .file(directory.path + "/ca.pem")
      var request = HTTPClientRequest(url: "https://localhost:\(port)/common/v2.0/.well-known/openid-configuration")
      request.tlsConfiguration = client
      let status = try await HTTPClient.shared.execute(request, timeout: .seconds(60)).status
      #expect(status == .ok)
    }
  }

  @Test("Python's ssl accepts the certificates, strictly")
  func python() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    let tls = try ListenerTLS(authority).configuration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      let script = """
        import socket, ssl
        context = ssl.create_default_context(cafile="\(directory.path)/ca.pem")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ["localhost", "127.0.0.1"]:
          with socket.create_connection(("127.0.0.1", \(port))) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure: print(secure.version())
        """
      let result = try await OpenSSL.program(["python3", "-c", script])
      #expect(result.status == 0 && result.output == "TLSv1.3\nTLSv1.3\n", "\(result.output)")
    }
  }

  @Test("A running listener serves a renewed certificate to new connections")
  func liveReload() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    let tls = try ListenerTLS(authority).configuration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      func served() async throws -> String {
        let address = "127.0.0.1:\(port)"
        let session = try await OpenSSL.run([
          "s_client", "-connect", address, "-noservername", "-verify_ip", "127.0.0.1", "-CAfile",
          directory.path + "/ca.pem", "-verify_return_error",
        ])
        #expect(session.status == 0, "\(session.output)")
        return try await OpenSSL.run(["x509", "-noout", "-serial"], input: session.output).output
      }
      let first = try await served()
      #expect(first == (try await OpenSSL.serial(directory.path + "/server.pem")))
      try FileManager.default.removeItem(atPath: directory.path + "/server.pem")
      #expect(try await authority.renewIfNeeded(now: Date()) == true)
      let second = try await served()
      #expect(second != first)
      #expect(second == (try await OpenSSL.serial(directory.path + "/server.pem")))
    }
  }
}
