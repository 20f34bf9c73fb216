import Foundation
import Glibc
import Testing

/// Every reason why a server does not start has a sentence that names the cause and the remedy.
@Suite("Starts that fail")
struct StartErrorTests {
  /// Runs `facet serve` until it exits and returns its message, which must be one or two sentences about one cause.
  private static func refusal(
    _ arguments: [String], data: URL, _ sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let result = try await FacetProcess.run(
      ["serve", "--data", data.path, "--port", "0", "--https-port", "0"] + arguments)
    #expect(result.status != 0, sourceLocation: sourceLocation)
    let errors = result.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
    #expect(errors.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
    let sentence = String(errors.first ?? "").replacing(data.path, with: "DATA")
    // Words of an error that was not put into a sentence for people.
    for raw in ["NIO", "errno", "Error(", "Optional", "Domain="] {
      #expect(!sentence.contains(raw), "\(sentence)", sourceLocation: sourceLocation)
    }
    return sentence
  }

  @Test("An address that the server cannot listen on: in use, of another machine, not allowed or unknown")
  func addresses() async throws {
    let data = try FacetProcess.temporaryFolder()
    let other = try await FacetProcess.start()
    let inUse = try await Self.refusal(["--port", "\(other.httpPort)"], data: data)
    #expect(inUse.contains("is in use by another process") && inUse.contains("with --port"), "\(inUse)")
    let secure = try await Self.refusal(["--https-port", "\(other.httpPort)"], data: data)
    #expect(secure.contains("is in use by another process") && secure.contains("with --https-port"), "\(secure)")
    #expect(try await other.stop() == 0)
    let foreign = try await Self.refusal(["--host", "192.0.2.1"], data: data)
    #expect(foreign.contains("192.0.2.1 is not an address of this machine"), "\(foreign)")
    let unknown = try await Self.refusal(["--host", "nowhere.invalid"], data: data)
    #expect(unknown.contains("nowhere.invalid is neither an address nor a name that is known here"), "\(unknown)")
  }

  @Test("A host that no certificate can name is reported with the option that it came from")
  func hosts() async throws {
    let data = try FacetProcess.temporaryFolder()
    for (option, value) in [("--host", "b\u{FC}cher.example"), ("--public-url", "https://a_b.example")] {
      let sentence = try await Self.refusal([option, value], data: data)
      #expect(sentence.contains("The host of \(option) is neither"), "\(sentence)")
    }
    let url = try await Self.refusal(["--public-url", "people.example"], data: data)
    #expect(url.contains("--public-url must be an absolute http or https URL"), "\(url)")
  }

  @Test("A data directory that cannot be created is reported with the system's reason")
  func directory() async throws {
    let folder = try FacetProcess.temporaryFolder()
    let file = folder.appendingPathComponent("file")
    try "x".write(to: file, atomically: true, encoding: .utf8)
    for data in [file, file.appendingPathComponent("below")] {
      let sentence = try await Self.refusal([], data: data)
      #expect(sentence.contains("The directory DATA cannot be made") && sentence.contains("--data"), "\(sentence)")
    }
  }

  @Test("A ready file that cannot be written stops the start, since somebody waits for it")
  func readyFile() async throws {
    let data = try FacetProcess.temporaryFolder()
    let missing = try await Self.refusal(
      ["--ready-file", data.path + "/none/ready.json"], data: data.appendingPathComponent("data"))
    #expect(missing.contains("ready.json cannot be written: No such file or directory"), "\(missing)")
    let occupied = try await Self.refusal(["--ready-file", data.path], data: data.appendingPathComponent("data"))
    #expect(occupied.contains("is there and cannot be replaced"), "\(occupied)")
  }

  @Test("An issuers file that is missing, too large or wrong")
  func issuers() async throws {
    let data = try FacetProcess.temporaryFolder()
    let file = data.appendingPathComponent("issuers.json")
    let absent = try await Self.refusal(["--issuers", file.path], data: data)
    #expect(absent.contains("The issuers file DATA/issuers.json cannot be read"), "\(absent)")
    try String(repeating: " ", count: 1 << 20 | 1).write(to: file, atomically: true, encoding: .utf8)
    let large = try await Self.refusal(["--issuers", file.path], data: data)
    #expect(large.contains("The issuers file DATA/issuers.json is larger than"), "\(large)")
    try "[{}]".write(to: file, atomically: true, encoding: .utf8)
    let wrong = try await Self.refusal(["--issuers", file.path], data: data)
    #expect(wrong.contains("In the issuers file, 'issuers[0].issuer' is missing"), "\(wrong)")
  }

  @Test("Keys and certificates that are broken, exposed or missing are named, each with its own remedy")
  func keys() async throws {
    let data = try FacetProcess.temporaryFolder()
    let first = try await FacetProcess.start(data: data, demo: false)
    // The signing key may not be created yet.
    _ = try await first.token(user: "u")
    #expect(try await first.stop() == 0)
    for (name, broken) in [
      ("keys/key-0001.pem", "x"), ("pages.key", "x"), ("tls/ca.pem", "x"), ("tls/server.key", "x"),
    ] {
      let file = data.appendingPathComponent(name)
      let kept = try Data(contentsOf: file)
      let handle = try FileHandle(forWritingTo: file)
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: Data(broken.utf8))
      let sentence = try await Self.refusal([], data: data)
      #expect(sentence.contains("DATA/\(name) does not hold what it should"), "\(sentence)")
      try handle.truncate(atOffset: 0)
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: kept)
    }
    for name in ["keys/key-0001.pem", "pages.key", "tls/ca.key", "tls/server.key"] {
      chmod(data.appendingPathComponent(name).path, 0o644)
      let sentence = try await Self.refusal([], data: data)
      #expect(sentence.contains("DATA/\(name) can be read by others") && sentence.contains("chmod 600"), "\(sentence)")
      chmod(data.appendingPathComponent(name).path, 0o600)
    }
    try FileManager.default.removeItem(at: data.appendingPathComponent("tls/ca.key"))
    let missing = try await Self.refusal([], data: data)
    #expect(
      missing.contains("DATA/tls/ca.key is missing") && missing.contains("trust the new certificate"), "\(missing)")
  }

  @Test("Replacing the certificate authority for another public URL logs a warning, and nothing else does")
  func authority() async throws {
    let data = try FacetProcess.temporaryFolder()
    let warning = "clients must trust its certificate again"
    for (url, warns) in [("https://a.example", 0), ("https://a.example", 0), ("https://b.example", 1), (nil, 1)] {
      let facet = try await FacetProcess.start(
        data: data, demo: false, arguments: url.map { ["--public-url", $0] } ?? [])
      #expect(facet.log.components(separatedBy: warning).count - 1 == warns, "\(url ?? "none")")
      #expect(try await facet.stop() == 0)
    }
  }
}
