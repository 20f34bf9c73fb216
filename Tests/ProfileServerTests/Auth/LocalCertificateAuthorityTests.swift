import AsyncHTTPClient
import Crypto
import Fixtures
import Foundation
import Hummingbird
import HummingbirdTLS
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import ProfileServer

@Suite("The local certificate authority")
struct LocalCertificateAuthorityTests {
  /// Runs the real `openssl`; a machine without it fails the test.
  private func openssl(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
    try run(["openssl"] + arguments, input: input)
  }

  private func run(_ command: [String], input: String = "") throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = stdout
    try ProcessGate.run(process)
    try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try stdin.fileHandleForWriting.close()
    let output = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  private func serial(_ path: String) throws -> String {
    try openssl(["x509", "-noout", "-serial", "-in", path]).output
  }

  @Test("openssl accepts the certificates strictly, for every name")
  func verify() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/data/tls"
    let hosts = ["people.example", "192.0.2.7", "0.0.0.0", "LOCALHOST", "[2001:db8::1]"]
    let authority = try await LocalCertificateAuthority.load(directory: path, hosts: hosts, now: Date())
    #expect(authority.certificatePath == path + "/ca.pem")
    for check in [
      ["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"],
      ["-verify_hostname", "people.example"], ["-verify_ip", "192.0.2.7"], ["-verify_ip", "2001:db8::1"],
    ] {
      let result = try openssl(
        ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", path + "/ca.pem"] + check + [
          path + "/server.pem"
        ])
      #expect(result.status == 0, "\(check) \(result.output)")
    }
    let stranger = try openssl(
      [
        "verify", "-x509_strict", "-CAfile", path + "/ca.pem", "-verify_hostname", "other.example",
        path + "/server.pem",
      ])
    #expect(stranger.status != 0)
    let text = try openssl(["x509", "-noout", "-text", "-in", path + "/ca.pem"]).output
    #expect(text.contains("Facet local CA") && text.contains("CA:TRUE") && text.contains("prime256v1"))
  }

  @Test("The authority may sign for the server's names alone")
  func constraints() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    _ = try await LocalCertificateAuthority.load(directory: path, hosts: ["people.example", "192.0.2.7"], now: Date())
    let text = try openssl(["x509", "-noout", "-text", "-in", path + "/ca.pem"]).output
    #expect(text.contains("X509v3 Name Constraints: critical"))
    for name in [
      "DNS:localhost", "DNS:people.example", "IP:127.0.0.1/255.255.255.255", "IP:192.0.2.7/255.255.255.255",
    ] {
      #expect(text.contains(name), "\(name)")
    }
    // Whoever gets at the key can stand for nobody else.
    for (name, isAccepted) in [
      ("DNS:localhost", true), ("DNS:people.example", true), ("IP:192.0.2.7", true), ("DNS:evil.example", false),
      ("DNS:people.example,DNS:evil.example", false), ("IP:192.0.2.8", false), ("IP:::2", false),
    ] {
      try "subjectAltName=\(name)".write(toFile: path + "/x.cnf", atomically: true, encoding: .utf8)
      let made = try openssl(
        ["req", "-new", "-key", path + "/server.key", "-subj", "/CN=x", "-out", path + "/x.csr"])
      #expect(made.status == 0, "\(made.output)")
      let signed = try openssl([
        "x509", "-req", "-in", path + "/x.csr", "-CA", path + "/ca.pem", "-CAkey", path + "/ca.key", "-CAcreateserial",
        "-extfile", path + "/x.cnf", "-out", path + "/x.pem",
      ])
      #expect(signed.status == 0, "\(signed.output)")
      let result = try openssl(["verify", "-CAfile", path + "/ca.pem", path + "/x.pem"])
      #expect((result.status == 0) == isAccepted, "\(name) \(result.output)")
      #expect(isAccepted || result.output.contains("permitted subtree violation"), "\(result.output)")
    }
  }

  @Test("An authority that may not sign for a new name is made anew, and says so; otherwise it stays")
  func changedNames() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    func load(_ hosts: [String]) async throws -> Bool {
      let authority = try await LocalCertificateAuthority.load(directory: path, hosts: hosts, now: Date())
      let result = try openssl(["verify", "-x509_strict", "-CAfile", path + "/ca.pem", path + "/server.pem"])
      #expect(result.status == 0, "\(hosts) \(result.output)")
      return authority.replacesAuthority
    }
    #expect(try await load([]) == false)
    let first = try serial(path + "/ca.pem")
    #expect(try await load([]) == false)
    #expect(try await load(["people.example"]) == true)
    let second = try serial(path + "/ca.pem")
    #expect(second != first)
    #expect(try await load(["people.example"]) == false)
    #expect(try await load(["api.people.example"]) == false)
    #expect(try await load([]) == false)
    #expect(try serial(path + "/ca.pem") == second)
    #expect(try await load(["192.0.2.7"]) == true)
    #expect(try await load(["example"]) == true)
  }

  @Test("An authority without constraints, of an earlier version, is kept and signs for every name")
  func earlierAuthority() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    let key = P256.Signing.PrivateKey().pemRepresentation
    try PrivateFiles.write(Array(key.utf8), to: path + "/ca.key", mode: 0o600, placement: .replacing)
    let made = try openssl([
      "req", "-x509", "-new", "-key", path + "/ca.key", "-subj", "/CN=Facet local CA/O=Facet", "-days", "3650",
      "-addext",
      "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out",
      path + "/ca.pem",
    ])
    #expect(made.status == 0, "\(made.output)")
    let before = try serial(path + "/ca.pem")
    for hosts in [[], ["people.example"]] {
      let authority = try await LocalCertificateAuthority.load(directory: path, hosts: hosts, now: Date())
      #expect(!authority.replacesAuthority)
      #expect(try serial(path + "/ca.pem") == before)
      #expect(try openssl(["verify", "-CAfile", path + "/ca.pem", path + "/server.pem"]).status == 0)
    }
  }

  @Test("TLS 1.2 has suites with authenticated encryption alone, TLS 1.3 all of its own, and nothing older is spoken")
  func cipherSuites() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    let tls = authority.tlsConfiguration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      func isAccepted(_ arguments: [String]) throws -> Bool {
        let session = try openssl(
          ["s_client", "-connect", "localhost:\(port)", "-CAfile", directory.path + "/ca.pem", "-verify_return_error"]
            + arguments)
        return session.status == 0 && session.output.contains("Verify return code: 0")
      }
      for suite in ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"] {
        let isTaken = try isAccepted(["-tls1_2", "-cipher", suite])
        #expect(isTaken, "\(suite)")
      }
      for suite in [
        "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
        "AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-CCM",
      ] {
        let isRefused = try !isAccepted(["-tls1_2", "-cipher", "\(suite):@SECLEVEL=0"])
        #expect(isRefused, "\(suite)")
      }
      for suite in ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] {
        let isTaken = try isAccepted(["-tls1_3", "-ciphersuites", suite])
        #expect(isTaken, "\(suite)")
      }
      let isOlderRefused = try !isAccepted(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
      #expect(isOlderRefused)
    }
  }

  @Test("A client that asks for a name gets a certificate without addresses, whose constraints BoringSSL cannot read")
  func namedCertificate() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(
      directory: directory.path, hosts: ["people.example"], now: Date())
    let tls = authority.tlsConfiguration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      func names(_ arguments: [String]) throws -> String {
        let connection = ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", directory.path + "/ca.pem"]
        let session = try openssl(connection + ["-verify_return_error"] + arguments)
        #expect(session.status == 0, "\(session.output)")
        return try openssl(["x509", "-noout", "-ext", "subjectAltName"], input: session.output).output
      }
      let named = try names(["-servername", "people.example", "-verify_hostname", "people.example"])
      #expect(named.contains("DNS:localhost, DNS:people.example") && !named.contains("IP Address"))
      let bare = try names(["-noservername", "-verify_ip", "127.0.0.1"])
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
    let tls = authority.tlsConfiguration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      let script = """
        import socket, ssl
        context = ssl.create_default_context(cafile="\(directory.path)/ca.pem")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        for name in ["localhost", "127.0.0.1"]:
          with socket.create_connection(("127.0.0.1", \(port))) as plain:
            with context.wrap_socket(plain, server_hostname=name) as secure: print(secure.version())
        """
      let result = try run(["python3", "-c", script])
      #expect(result.status == 0 && result.output == "TLSv1.3\nTLSv1.3\n", "\(result.output)")
    }
  }

  @Test("Private keys are their owner's alone, and all is kept over restarts")
  func files() async throws {
    let directory = try TemporaryDirectory()
    _ = try await LocalCertificateAuthority.load(directory: directory.path + "/tls", hosts: [], now: Date())
    for (name, mode) in [
      ("", 0o700), ("/ca.pem", 0o644), ("/ca.key", 0o600), ("/server.pem", 0o644), ("/server.key", 0o600),
    ] {
      #expect(try directory.mode("tls" + name) == mode, "\(name)")
    }
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/tls").sorted()
    #expect(files == ["ca.key", "ca.pem", "server.key", "server.pem"])
    let before = try files.map { try Data(contentsOf: URL(fileURLWithPath: directory.path + "/tls/" + $0)) }
    _ = try await LocalCertificateAuthority.load(directory: directory.path + "/tls", hosts: [], now: Date())
    #expect(try files.map { try Data(contentsOf: URL(fileURLWithPath: directory.path + "/tls/" + $0)) } == before)
  }

  @Test("The server certificate is renewed when it ends soon, and the authority's stays")
  func renewal() async throws {
    let directory = try TemporaryDirectory()
    let now = Date()
    let authority = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: now)
    let ca = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/ca.pem"))
    let day: Double = 86_400
    #expect(try await authority.renewIfNeeded(now: now + 366 * day) == false)
    #expect(try await authority.renewIfNeeded(now: now + 368 * day) == true)
    #expect(abs(authority.expires.timeIntervalSince(now + (368 + 397) * day)) < 2)
    #expect(try Data(contentsOf: URL(fileURLWithPath: directory.path + "/ca.pem")) == ca)
    #expect(try await authority.renewIfNeeded(now: now + 368 * day) == false)
    #expect(try await authority.renewIfNeeded(now: now + 3_630 * day) == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: directory.path + "/ca.pem")) != ca)
  }

  @Test("Other names ask for another server certificate")
  func names() async throws {
    let directory = try TemporaryDirectory()
    _ = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    let first = try serial(directory.path + "/server.pem")
    _ = try await LocalCertificateAuthority.load(directory: directory.path, hosts: ["people.example"], now: Date())
    #expect(try serial(directory.path + "/server.pem") != first)
    await #expect(throws: KeyFileError.invalidHost) {
      try await LocalCertificateAuthority.load(directory: directory.path, hosts: ["bad host"], now: Date())
    }
  }

  @Test("Lost and broken files are made again, or refused with a sentence when clients would notice")
  func damage() async throws {
    let directory = try TemporaryDirectory()
    func load() async throws {
      _ = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    }
    func path(_ name: String) -> String { directory.path + "/" + name }
    try await load()
    for name in ["server.pem", "server.key"] {
      try FileManager.default.removeItem(atPath: path(name))
      try await load()
      #expect(try openssl(["verify", "-x509_strict", "-CAfile", path("ca.pem"), path("server.pem")]).status == 0)
    }
    try "broken".write(toFile: path("server.pem"), atomically: false, encoding: .utf8)
    try await load()
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path("ca.key"))
    await #expect(throws: KeyFileError.exposed(path: path("ca.key"), mode: "640")) { try await load() }
    try FileManager.default.removeItem(atPath: path("ca.key"))
    await #expect(throws: KeyFileError.missing(path: path("ca.key"))) { try await load() }
    try "broken".write(toFile: path("ca.pem"), atomically: false, encoding: .utf8)
    await #expect(throws: KeyFileError.broken(path: path("ca.pem"))) { try await load() }
  }

  @Test("A running listener serves a renewed certificate to new connections")
  func liveReload() async throws {
    let directory = try TemporaryDirectory()
    let authority = try await LocalCertificateAuthority.load(directory: directory.path, hosts: [], now: Date())
    let tls = authority.tlsConfiguration()
    try await AuthorityServer.run(server: { try .tls(tlsConfiguration: tls) }) { port in
      func served() throws -> String {
        let address = "127.0.0.1:\(port)"
        let session = try openssl([
          "s_client", "-connect", address, "-noservername", "-verify_ip", "127.0.0.1", "-CAfile",
          directory.path + "/ca.pem", "-verify_return_error",
        ])
        #expect(session.status == 0, "\(session.output)")
        return try openssl(["x509", "-noout", "-serial"], input: session.output).output
      }
      let first = try served()
      #expect(first == (try serial(directory.path + "/server.pem")))
      try FileManager.default.removeItem(atPath: directory.path + "/server.pem")
      #expect(try await authority.renewIfNeeded(now: Date()) == true)
      let second = try served()
      #expect(second != first)
      #expect(second == (try serial(directory.path + "/server.pem")))
    }
  }
}
