import AsyncHTTPClient
import Fixtures
import Foundation
import Hummingbird
import HummingbirdTLS
import NIOCore
import NIOSSL
import Testing

@testable import ProfileServer

@Suite("The local certificate authority")
struct LocalCertificateAuthorityTests {
  /// Runs the real `openssl`; a machine without it fails the test.
  private func openssl(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
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
        let address = "localhost:\(port)"
        let session = try openssl(
          ["s_client", "-connect", address, "-CAfile", directory.path + "/ca.pem", "-verify_return_error"])
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
