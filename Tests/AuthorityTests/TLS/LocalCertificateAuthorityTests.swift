import AuthoritySupport
import Crypto
import Foundation
import Testing

@testable import AuthenticationSupport
@testable import Authority

@Suite("The local certificate authority")
struct LocalCertificateAuthorityTests {
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
      let result = try await OpenSSL.run(
        ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", path + "/ca.pem"] + check + [
          path + "/server.pem"
        ])
      #expect(result.status == 0, "\(check) \(result.output)")
    }
    let stranger = try await OpenSSL.run(
      [
        "verify", "-x509_strict", "-CAfile", path + "/ca.pem", "-verify_hostname", "other.example",
        path + "/server.pem",
      ])
    #expect(stranger.status != 0)
    let text = try await OpenSSL.run(["x509", "-noout", "-text", "-in", path + "/ca.pem"]).output
    #expect(text.contains("Facet local CA") && text.contains("CA:TRUE") && text.contains("prime256v1"))
  }

  @Test("The authority may sign for the server's names alone")
  func constraints() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    _ = try await LocalCertificateAuthority.load(directory: path, hosts: ["people.example", "192.0.2.7"], now: Date())
    let text = try await OpenSSL.run(["x509", "-noout", "-text", "-in", path + "/ca.pem"]).output
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
      let made = try await OpenSSL.run(
        ["req", "-new", "-key", path + "/server.key", "-subj", "/CN=x", "-out", path + "/x.csr"])
      #expect(made.status == 0, "\(made.output)")
      let signed = try await OpenSSL.run([
        "x509", "-req", "-in", path + "/x.csr", "-CA", path + "/ca.pem", "-CAkey", path + "/ca.key", "-CAcreateserial",
        "-extfile", path + "/x.cnf", "-out", path + "/x.pem",
      ])
      #expect(signed.status == 0, "\(signed.output)")
      let result = try await OpenSSL.run(["verify", "-CAfile", path + "/ca.pem", path + "/x.pem"])
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
      let result = try await OpenSSL.run(["verify", "-x509_strict", "-CAfile", path + "/ca.pem", path + "/server.pem"])
      #expect(result.status == 0, "\(hosts) \(result.output)")
      return authority.replacesAuthority
    }
    #expect(try await load([]) == false)
    let first = try await OpenSSL.serial(path + "/ca.pem")
    #expect(try await load([]) == false)
    #expect(try await load(["people.example"]) == true)
    let second = try await OpenSSL.serial(path + "/ca.pem")
    #expect(second != first)
    #expect(try await load(["people.example"]) == false)
    #expect(try await load(["api.people.example"]) == false)
    #expect(try await load([]) == false)
    #expect(try await OpenSSL.serial(path + "/ca.pem") == second)
    #expect(try await load(["192.0.2.7"]) == true)
    #expect(try await load(["example"]) == true)
  }

  @Test("An authority without constraints, of an earlier version, is kept and signs for every name")
  func earlierAuthority() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    let key = P256.Signing.PrivateKey().pemRepresentation
    try PrivateFiles.write(Array(key.utf8), to: path + "/ca.key", mode: 0o600, existing: .replace)
    let made = try await OpenSSL.run([
      "req", "-x509", "-new", "-key", path + "/ca.key", "-subj", "/CN=Facet local CA/O=Facet", "-days", "3650",
      "-addext",
      "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out",
      path + "/ca.pem",
    ])
    #expect(made.status == 0, "\(made.output)")
    let before = try await OpenSSL.serial(path + "/ca.pem")
    for hosts in [[], ["people.example"]] {
      let authority = try await LocalCertificateAuthority.load(directory: path, hosts: hosts, now: Date())
      #expect(!authority.replacesAuthority)
      #expect(try await OpenSSL.serial(path + "/ca.pem") == before)
      #expect(try await OpenSSL.run(["verify", "-CAfile", path + "/ca.pem", path + "/server.pem"]).status == 0)
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
    let first = try await OpenSSL.serial(directory.path + "/server.pem")
    _ = try await LocalCertificateAuthority.load(directory: directory.path, hosts: ["people.example"], now: Date())
    #expect(try await OpenSSL.serial(directory.path + "/server.pem") != first)
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
      #expect(
        try await OpenSSL.run(["verify", "-x509_strict", "-CAfile", path("ca.pem"), path("server.pem")]).status == 0)
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
}
